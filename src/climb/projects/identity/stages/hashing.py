"""Stage 9: hashes are computed a few at a time, in line, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import statistics

from climb.judge.evidence import Table
from climb.judge.expect import within
from climb.judge.on_time import clock
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.stages.in_line import (
    Bystander,
    Crowd,
    crowded,
    demand_line,
    hash_bytes,
    login_load,
    login_s,
    most_memory,
)
from climb.projects.identity.stages.told import told_with

__all__ = ["hashing"]

hashing = Stage(
    "hashing-in-line",
    "Work in line",
    concepts=["password-hashing", "backpressure", "tail-latency"],
    timed=True,
    hints=[
        "A hash takes a core for some hundredths of a second and tens of megabytes, on purpose. What happens to a request that needs none when fifty people log in at the same moment? And to the memory?",
        "Give hashing threads of its own, about as many as there are cores, and a line in front of them. Nothing else runs on these threads, and whoever stands in the line holds nothing that others "
        "need: no thread that serves requests, no connection to the database, no transaction.",
        "Know how long a hash takes (a moving average), how many are in line, and how many threads there are. Whoever would wait for more than 5 seconds gets 503 with Retry-After before they join the "
        "line. Leave the line in every case, also when the client has gone or the hash has failed.",
    ],
)

_CLIENTS = 40
_BESIDE_S = 3.0
_LONGEST_S = 120.0  # of the load, which ends with what is measured beside it
_SLOWER = 10  # times as long as without logins, or
_HASHES = 1.5  # times as long as a login alone
_AT_ONCE = 64
_FEW = 16
_MIB = 1024 * 1024
_APART_S = 0.3
_LONGEST_WAIT_S = 5.0
_LINE_S = 9.0  # of work that is sent at once
_MOST = 1_500


@hashing.check
async def logins_delay_no_others(identity: IdentityService, world: World) -> None:
    """While many log in, requests that need no hashing are answered as fast as before."""
    running = await identity.start(failures=100)
    mine = await running.admin()
    one_s = await login_s(running)
    others = Bystander(running, mine)
    async with clock() as watch:
        alone = await others.round()
        async with running.instance.http_load(
            "PORT", login_load(running, connections=_CLIENTS + world.draw.integer(0, 8), seconds=_LONGEST_S)
        ) as load:
            await asyncio.sleep(_APART_S)
            beside = await others.round(until_s=_BESIDE_S)
            loaded = await load.stop()
    rows = [
        (name, f"{_median_ms(alone[name]):.1f}", f"{_median_ms(beside[name]):.1f}", str(len(beside[name])))
        for name in alone
    ]
    served = ", ".join(f"{count} × {code}" for code, count in loaded.by_status.items()) or "none answered"
    rows.append(("the logins themselves", f"{one_s * 1000:.1f}", "", served))
    table = Table(
        subject=f"requests alone, and beside {_CLIENTS} or more clients that log in",
        columns=("request", "median alone (ms)", "median beside logins (ms)", "answers"),
        rows=tuple(rows),
    )
    for name in alone:
        usual_s = statistics.median(alone[name])
        limit_s = max(_SLOWER * usual_s, _HASHES * one_s) + watch.late_s
        with told_with(table):
            within(
                statistics.median(beside[name]),
                limit_s,
                f"the median time of {name} while many log in",
                unit="s",
                calibration=f"{_SLOWER} × the {usual_s:.3g} s that it takes without them, or {_HASHES} × the {one_s:.3g} s of a login alone",
                why="This request needs no hash. Who waits for the hashes of others waits for as many as there are, and anyone can send some more.",
            )


@hashing.check
async def few_at_a_time(identity: IdentityService, world: World) -> None:
    """Hashes are computed a few at a time: logins that come at once do not take memory at once."""
    running = await identity.start(failures=100)
    await running.admin()
    each = await hash_bytes(running)
    before = running.instance.memory().now
    count = _AT_ONCE + world.draw.integer(0, 8)

    async with most_memory(running) as seen:
        await Crowd(running, world, count).comes(over_s=0.0)

    limit = _FEW * each + 64 * _MIB
    within(
        (seen.most - before) / _MIB,
        limit / _MIB,
        f"what the service took more than before while {count} logins came at once",
        unit="MiB",
        calibration=f"{_FEW} × the {each / _MIB:.0f} MiB of one hash, and 64 MiB for everything else",
        why=f"{_FEW} hashes are more than a few. A service that begins every hash at once can be filled from outside.",
        saw=f"{before / _MIB:.0f} MiB before, {seen.most / _MIB:.0f} MiB at the most",
    )


@hashing.check
async def the_line_is_bounded(identity: IdentityService, world: World) -> None:
    """Who would wait longer than 5 seconds gets 503 with Retry-After at once, everyone else is served by then, and afterwards the line is empty."""
    async with clock() as watch:
        running = await identity.start(failures=100, limits=crowded())
        one_s = await login_s(running)
        async with running.instance.http_load("PORT", login_load(running, connections=8, seconds=1.0)) as load:
            loaded = await load.finished(timeout_s=60)
        rate = max(loaded.answers_per_s if loaded is not None else 0.0, 1 / one_s)
        count = min(int(_LINE_S * rate) + world.draw.integer(0, 8), _MOST)

        answers = await Crowd(running, world, count).comes(over_s=1.0)

        demand_line(answers, rate, longest_s=_LONGEST_WAIT_S, allowed_s=watch.allowed_s(0) + 5 * one_s)
        after = await login_s(running, tries=3)
        within(
            after,
            _SLOWER * one_s + watch.allowed_s(0),
            "the time of a login when nobody else is in line any more",
            unit="s",
            calibration=f"{_SLOWER} × the {one_s:.3g} s that it took at first, one second, and the cost of starting some small processes",
            why="Whoever was served or refused has left the line. A place that is never given back makes it shorter for ever.",
        )


def _median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
