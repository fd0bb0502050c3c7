"""Clients that make a server wait: for a head, for a body, for room in a buffer, for anything at all. Each says when its time began to count."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison
from climb.judge.on_time import Clock
from climb.projects.http.driver import Running
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.judged import demand_read, demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["cut_off", "demand_ended", "demand_open", "demand_timeout", "drips", "received", "slowly"]

_DRIP_S = 0.05
_DRIPS = 2_000
_POLL_S = 0.005
_MORE_S = 0.5  # so that what is only just too late is seen, and told with its time


async def drips(conversation: Conversation) -> None:
    """Send a byte now and then, until the program ends the connection."""
    for _ in range(_DRIPS):
        if conversation.ended_at is not None or not await conversation.send_some(b"a", timeout_s=1.0):
            return
        await asyncio.sleep(_DRIP_S)


async def demand_timeout(
    running: Running,
    watch: Clock,
    conversation: Conversation,
    *,
    since: tuple[float, float],
    due_s: float,
    what: str,
    why: str,
) -> None:
    """The answer 408 comes when its time is over, and then the end of the connection."""
    try:
        wait_s = watch.allowed_s(due_s) + running.patience_s - (running.now() - since[0])
        answer = await conversation.answer(wait_s)
    except (ConnectionLost, TimedOut) as failure:
        how = next((piece.received for piece in failure.evidence if isinstance(piece, Comparison)), str(failure))
        conversation.blame(f"status 408 after {due_s:.3g} s: {what}", how, why)
    demand_status(answer, 408, why=f"{what}. {why}")
    watch.demand(answer.began_at, since=since, due_s=due_s, subject=f"408 is answered: {what}", why=why)
    if await conversation.ended(running.patience_s) is None:
        conversation.blame(
            "the end of the connection behind the answer 408",
            f"still open after {running.patience_s:.0f} s",
            "Where the next request begins, nobody knows.",
        )


def demand_open(conversation: Conversation) -> None:
    """The connection is still there, as the beginning of a check needs it."""
    if conversation.ended_at is not None:
        conversation.blame(
            "a connection that stays open behind the answer",
            "closed by the program",
            "Nothing that the client sent ends a connection here (stage 4).",
        )


async def received(conversation: Conversation, size: int, *, timeout_s: float) -> None:
    """Wait until so many bytes have come, or the connection has ended; as long as its patience lasts."""
    for _ in range(int(timeout_s / _POLL_S)):
        if conversation.received_bytes >= size or conversation.ended_at is not None:
            return
        await asyncio.sleep(_POLL_S)


async def cut_off(conversation: Conversation, *, until_s: float, patience_s: float) -> Answer | None:
    """Read nothing for so long, then all that comes. None if the connection ended before the answer was whole."""
    await conversation.ended(until_s)
    conversation.go_on_reading()
    try:
        return await conversation.answer(patience_s)
    except ConnectionLost:
        return None


async def demand_ended(
    running: Running,
    watch: Clock,
    conversation: Conversation,
    *,
    since: tuple[float, float],
    due_s: float,
    what: str,
    why: str,
) -> None:
    """The program ends the connection when its time is over, without a further byte."""
    before = conversation.received_bytes
    await conversation.ended(watch.allowed_s(due_s) + _MORE_S - (running.now() - since[1]))
    if conversation.received_bytes > before:
        conversation.blame("the end of the connection, without an answer", "an answer", why)
    watch.demand(conversation.ended_at, since=since, due_s=due_s, subject=what, why=why)


async def slowly(
    running: Running,
    conversation: Conversation,
    head: bytes,
    pieces: list[bytes],
    body: bytes,
    pause_s: float,
    *,
    why: str,
) -> None:
    """Send a body in pieces with pauses; fails the check if it is not answered with 200 and read whole."""
    conversation.expects("POST")
    await conversation.send(head)
    for piece in pieces:
        await asyncio.sleep(pause_s)
        if conversation.head_so_far is not None or not await conversation.send_some(
            piece, timeout_s=running.patience_s
        ):
            break
    answer = await conversation.answer(running.patience_s)
    demand_status(answer, 200, why=why)
    demand_read(mirrored(answer), method="POST", path="/mirror", body=body, why=why)
