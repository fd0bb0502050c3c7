"""Demands on answers that several stages make, with what the report needs to explain them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import expect, fail
from climb.projects.http.driver.understood import understood
from climb.projects.http.rules.media import media_type

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer
    from climb.projects.http.driver import Mirrored

__all__ = [
    "CLIENT_ERROR",
    "answer_or_end",
    "demand_body",
    "demand_closed",
    "demand_read",
    "demand_status",
    "demand_type",
    "sha256",
]

CLIENT_ERROR = range(400, 500)
_SHOWN = 160


def sha256(body: bytes) -> str:
    """As the mirror writes it."""
    return hashlib.sha256(body).hexdigest()


async def answer_or_end(conversation: Conversation, timeout_s: float) -> Answer | None:
    """The next answer; None if the connection ends without one, or nothing comes."""
    try:
        return await conversation.answer(timeout_s)
    except (ConnectionLost, TimedOut):
        return None


def demand_status(answer: Answer, *statuses: int, why: str) -> None:
    """The answer has one of these; else the report shows the transcript of its connection."""
    if answer.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        text = understood(answer) or repr(answer.text[:_SHOWN])
        answer.blame(f"status {wanted}", f"status {answer.status}   {text}", why)


def demand_type(answer: Answer, wanted: str, what: str) -> None:
    """The Content-Type names this media type; a charset or the like may follow."""
    given = answer.headers.get("content-type", "")
    if media_type(given) != wanted:
        answer.blame(
            f"Content-Type: {wanted}",
            f"Content-Type: {given}" if given else "no Content-Type",
            f"The brief sends {what} as {wanted}. Clients decide by this field what to do with the bytes (RFC 9110, 8.3).",
        )


def demand_body(received: bytes, wanted: bytes, subject: str, *, why: str, saw: object = None) -> None:
    """These bytes exactly; a long one is told by its length and the first place that differs."""
    if received == wanted:
        return
    if len(wanted) <= _SHOWN and len(received) <= _SHOWN:
        expect(received, subject).equals(wanted, why=why, saw=saw)
    place = next((at for at, pair in enumerate(zip(received, wanted, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        place = min(len(received), len(wanted))
    fail(
        subject,
        expected=f"{len(wanted):,} bytes, {_around(wanted, place)}",
        received=f"{len(received):,} bytes, {_around(received, place)}",
        why=why,
        saw=saw,
    )


def _around(body: bytes, place: int) -> str:
    part = body[place : place + 24]
    return f"from byte {place:,} on: {part!r}" if part else f"ending at byte {place:,}"


def demand_read(
    mirrored: Mirrored,
    *,
    method: str,
    path: str,
    body: bytes | None = None,
    why: str,
) -> None:
    """The mirror shows this request, and not another one: by its method, its path, and its body if one is given, be it empty."""
    wanted: dict[str, object] = {"method": method, "path": path}
    if body is not None:
        wanted |= {"body_bytes": len(body), "body_sha256": sha256(body)}
    expect({name: getattr(mirrored, name) for name in wanted}, "what the mirror shows").equals(wanted, why=why)


async def demand_closed(conversation: Conversation, timeout_s: float, *, behind: str, why: str) -> None:
    """The program ends the connection, in order."""
    ended = await conversation.ended(timeout_s)
    received = {None: f"still open after {timeout_s:.0f} s", "reset": "reset"}.get(ended, "closed")
    expect(received, f"the connection behind {behind}").equals("closed", why=why)
