"""What becomes of a request with Expect: 100-continue, whose client holds the body back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.drivers.connection import TimedOut
from climb.judge.expect import expect
from climb.projects.http.driver import Running, explained
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.judged import demand_status, sha256

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation

__all__ = ["demand_continue", "demand_error_at_once", "demand_no_continue"]

_QUIET_S = 0.2  # what is wrong to come would come at once; waiting longer finds only slower mistakes
_PIECE_S = 0.02  # between two pieces of a body


async def demand_continue(running: Running, head: bytes, body: bytes, words: str) -> None:
    """100 comes while the client holds the body back, and then the answer."""
    conversation = await running.converse(words)
    conversation.expects("POST")
    await conversation.send(head)
    why = "The client sends its body when it is told to go on; it asks for that in any case, Expect and expect, 100-continue and 100-Continue (RFC 9110, 10.1.1). Until then both would wait."
    with explained(why):
        status = await conversation.interim(running.patience_s)
    expect(status, "status of the answer to a head with Expect: 100-continue").equals(100, why=why)
    await conversation.send(body, cuts=[len(body) // 2], pause_s=_PIECE_S)
    why = "100 is not the answer yet: that comes when the body is whole."
    with explained(why):
        answer = await conversation.answer(running.patience_s)
    expect(mirrored(answer, why).body_sha256, "body_sha256 behind 100 Continue").equals(sha256(body), why=why)
    if len(conversation.interims) > 1:
        conversation.blame(
            "100 Continue, once",
            f"100 Continue, {len(conversation.interims)} times",
            "Once it is told to go on, a client does not ask again: the rest of the body comes by itself.",
        )


async def demand_error_at_once(running: Running, head: bytes, status: int, place: str) -> None:
    """The error comes to the head alone, and no 100 before it."""
    conversation = await running.converse(f"POST {place} with Expect")
    conversation.expects("POST")
    await conversation.send(head)
    with explained(
        "The answer does not depend on the body, so it is there at once. The client waits for it with its body."
    ):
        await _something(conversation, running.patience_s)
    why = "100 invites the client to send a body that nobody wants. The error is sent instead of it (RFC 9110, 10.1.1)."
    if conversation.interims:
        conversation.blame(f"status {status}, and nothing before it", f"status {conversation.interims[0].status}", why)
    answer = await conversation.answer(running.patience_s)
    demand_status(
        answer,
        status,
        why=f"POST {place} is {status} whatever its body is. The client asked whether it may send it, and has not.",
    )
    conversation.close()


async def _something(conversation: Conversation, timeout_s: float) -> None:
    """The first byte of an answer, or at least an interim one and silence behind it."""
    try:
        await conversation.some(timeout_s)
    except TimedOut:
        if not conversation.interims:
            raise


async def demand_no_continue(running: Running, body: bytes) -> None:
    """A client of HTTP/1.0 that holds its body back for a while is not told to go on."""
    conversation = await running.converse("POST of HTTP/1.0 with Expect")
    conversation.expects("POST")
    fields = [("Expect", "100-continue"), ("Content-Length", str(len(body)))]
    await conversation.send(running.request("POST", "/mirror", fields, version="1.0"))
    why = "A client of HTTP/1.0 knows no 100, and would take it for the answer. The server ignores its expectation (RFC 9110, 10.1.1)."
    quiet = await conversation.silent(_QUIET_S)
    expect("silence" if quiet else "bytes", "what comes before the body of a request of HTTP/1.0").equals(
        "silence", why=why
    )
    await conversation.send(body)
    demand_status(await conversation.answer(running.patience_s), 200, why=why)
