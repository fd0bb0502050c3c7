"""Simulated sensors against a processor that is right, over connections that break."""

import asyncio
from typing import Any

from climb.systems.processor.sensors.model import Habits
from climb.systems.processor.sensors.sending import Plan, counts, send, windows
from climb.systems.processor.sensors.totals import compare

TCP = '[[sources]]\ntype = "tcp"\nport = {}\n'


async def test_totals_agree_although_connections_break(pipelines: Any) -> None:
    """After breaks, resent, malformed and out-of-order lines the totals are exact, and so is every closed window."""
    pipelines.window = '[window]\nlength = "10s"\nlateness = "2s"\n'
    async with pipelines.run(TCP.format(pipelines.tcp_port)):
        plan = Plan(
            habits=Habits(sensors=20, malformed=0.01, resent=0.05, steady=True, interval_ms=100, skew_ms=100),
            tcp_port=pipelines.tcp_port,
            connections=3,
            readings=20_000,
            start_ms=1_700_000_000_000,
            breaks=5.0,
            keep=True,
        )
        before = await asyncio.to_thread(counts, pipelines.http_port)
        sending = await send(plan, lambda _now: None, asyncio.Event())
        after = await asyncio.to_thread(counts, pipelines.http_port)
        rows = await asyncio.to_thread(lambda: list(windows(pipelines.http_port)))
        compared = compare(sending.totals, before, after, rows)

    assert sending.totals.taken == 20_000
    assert after.late == 0
    assert compared.differences == []
    assert compared.windows > 100
