"""Clients that send without an end, and what the program's memory does meanwhile.

A program may keep what the limits of the brief allow, and 1 MiB. How much more its language keeps for a while, before it gives memory back, the
brief can't say, so there is room for that; what a flood sends is far more than the room.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from climb.judge.curves import thinned
from climb.judge.evidence import Comparison, Series
from climb.judge.expect import Failure
from climb.judge.limits import MIB
from climb.projects.http.driver import Running

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation

__all__ = ["ROOM", "Flood", "floods", "pour"]

ROOM = 46 * MIB  # for garbage that is not collected yet, and for what allocators keep
_MOST = 96 * MIB
_AFTER_ANSWER = 8 * MIB  # what is sent once the program has refused: it throws that away, or closes
_PAUSE_S = 1.0  # when nothing was taken for so long, the program has stopped reading


class Flood(msgspec.Struct, frozen=True):
    """``begin`` is sent once, then ``block`` again and again. ``reading``: whether the answers are read."""

    name: str
    begin: bytes
    block: bytes
    reading: bool = True


def floods(running: Running, body_bytes: int) -> list[Flood]:
    """All of them: whatever a client can go on sending without ever being done."""
    field = b"X-Fill: " + b"a" * 1_014 + b"\r\n"
    chunked = running.request("POST", "/mirror", [("Transfer-Encoding", "chunked")])
    begun = running.request("GET", "/mirror").removesuffix(b"\r\n")
    echo = running.request("POST", "/echo", body=b"e" * body_bytes)
    greedy = running.request("GET", "/mirror", [("X-Fill", "a" * 4_000)])
    slow = running.request("GET", "/count?to=2&pause_ms=60000")
    return [
        Flood("a request line that never ends", b"GET /mirror/", b"a" * MIB),
        Flood("a field that never ends", begun + b"X-Fill: ", b"a" * MIB),
        Flood("fields that never end", begun, field * 1_024),
        Flood("a chunk's extension that never ends", chunked + b"5;", b"a" * MIB),
        Flood("trailers that never end", chunked + b"0\r\n", field * 1_024),
        Flood("chunks that never end", chunked, (b"400\r\n" + b"c" * 1_024 + b"\r\n") * 1_024),
        Flood("answers that are not read", b"", echo * (MIB // len(echo) + 1), reading=False),
        Flood("requests behind an answer that takes a minute", slow, greedy * 256),
    ]


async def pour(running: Running, flood: Flood, *, before: int, limit: int) -> None:
    """Send until nothing more is taken; fails the check as soon as the program holds more than ``limit`` beyond what it held ``before``."""
    conversation = await running.converse(flood.name, reading=flood.reading, keep=False)
    points = [(running.now(), 0.0)]
    await conversation.send_some(flood.begin, timeout_s=_PAUSE_S)
    while conversation.sent_bytes < _bound(conversation):
        taken = await conversation.send_some(flood.block, timeout_s=_PAUSE_S)
        grown = running.instance.memory().now - before
        points.append((running.now(), grown / MIB))
        if grown > limit:
            _blame(conversation, flood, points, limit)
        if taken < len(flood.block):
            break
        await asyncio.sleep(0)
    conversation.abort()


def _bound(conversation: Conversation) -> int:
    return _AFTER_ANSWER if conversation.head_so_far is not None and conversation.head_so_far.status >= 400 else _MOST


def _blame(conversation: Conversation, flood: Flood, points: list[tuple[float, float]], limit: int) -> None:
    subject = f"memory of the program during {flood.name}"
    comparison = Comparison(
        subject=subject,
        expected=f"at most {limit / MIB:.1f} MiB more than before: the limits, 1 MiB, and {ROOM // MIB} MiB for what your language keeps for a while",
        received=f"{points[-1][1]:.1f} MiB more than before",
        why="What one connection makes the program keep is bounded, however much is sent. Otherwise a single client can take all memory there is.",
        saw=f"one connection, {conversation.sent_bytes / MIB:.0f} MiB sent",
    )
    raise Failure(subject, comparison, Series(subject=subject, unit="MiB", points=thinned(points), limit=limit / MIB))
