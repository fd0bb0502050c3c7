"""Stage 10: bytes that look like a request and are none. No guess is made, and nothing behind them is read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.stages.broken_heads import (
    all_heads,
    bare_line_ends,
    broken_fields as field_cases,
    broken_request_lines as line_cases,
    hosts,
    other_versions as version_cases,
)
from climb.projects.http.stages.cases import Case, demand_end, refusal
from climb.projects.http.stages.judged import answer_or_end, demand_status
from climb.projects.http.stages.requests import HIDDEN

__all__ = ["malformed"]

malformed = Stage(
    "malformed",
    "What is no request",
    concepts=["request-smuggling", "http-framing", "protocols"],
    hints=[
        "A proxy before your server reads the same bytes. What happens if it finds one request in them, and you find two?",
        "Say what is allowed, and refuse everything else. One regular expression for the request line and one for a field, each matched against the whole line, decide most of it. "
        "Split lines at CRLF only, and then look for a CR or LF that is left.",
        "When anything does not match: answer 400 (505 if only the major version is another), with Connection: close, forget what is left in the buffer, and read no further request from this "
        "connection. Count the Host fields. Decode the path with a strict UTF-8 decoder, and look for a zero byte behind that.",
    ],
)

_BEHIND = 14  # cases behind which a good request is sent
_BROKEN = 40
_EACH = 5
_HEAD_MS = 3_000  # who takes what is broken for unfinished answers 408 soon


@malformed.check
async def broken_request_lines(server: HttpServer, world: World) -> None:
    """What is not a method, a target and a version with one space between each is answered with 400."""
    running = await server.start(head_ms=_HEAD_MS)
    await _all_refused(running, line_cases(world.draw, running.host))


@malformed.check
async def broken_fields(server: HttpServer, world: World) -> None:
    """Fields without a name, with a name that is no token, with control characters, and folded lines are answered with 400."""
    running = await server.start(head_ms=_HEAD_MS)
    await _all_refused(running, field_cases(world.draw, running.host))


@malformed.check
async def bare_line_ends_are_none(server: HttpServer, world: World) -> None:
    """A line that ends with LF alone, and a CR anywhere but before LF, are answered with 400."""
    running = await server.start(head_ms=_HEAD_MS)
    await _all_refused(running, bare_line_ends(world.draw, running.host))


@malformed.check
async def the_host(server: HttpServer, world: World) -> None:
    """A request of HTTP/1.1 has one Host, which is empty or a host with an optional port; anything else is answered with 400."""
    running = await server.start(head_ms=_HEAD_MS)
    bad, good = hosts(running.host)
    for data in world.draw.source().sample(good, len(good)):
        name = data.split(b"\r\n")[1].decode() or "no Host, in HTTP/1.0"
        conversation = await running.converse(name)
        answer = await conversation.ask(data, timeout_s=running.patience_s)
        conversation.close()
        if answer.status != 200:
            answer.blame(
                f"status 200 to a request with {name}",
                answer.line,
                "This Host is allowed: a host with an optional port, or empty (RFC 9112, 3.2). HTTP/1.0 needs none.",
            )
    await _all_refused(running, bad)


@malformed.check
async def other_versions(server: HttpServer, world: World) -> None:
    """A well-formed version with another major number than 1 is answered with 505."""
    running = await server.start(head_ms=_HEAD_MS)
    cases = version_cases(running.host)
    await _all_refused(running, world.draw.sample(cases, len(cases)))


@malformed.check
async def nothing_behind_is_read(server: HttpServer, world: World) -> None:
    """Behind a broken request the connection is closed, and nothing is answered; what came before it is."""
    running = await server.start(head_ms=_HEAD_MS)
    cases = world.draw.source().sample(all_heads(world.draw, running.host), _BEHIND)
    for case in cases:
        before = world.draw.integer(0, 3)
        late = world.draw.flag()
        await _nothing_behind(running, case, before=before, late=late)


@malformed.check
async def others_are_not_disturbed(server: HttpServer, world: World) -> None:
    """Broken requests, and clients that vanish in the middle of one, leave the other connections as they are."""
    running = await server.start(head_ms=_HEAD_MS)
    rng = world.draw.source()
    cases = rng.sample(all_heads(world.draw, running.host), _BROKEN)
    neighbour = await running.converse("neighbour")
    slow = await running.converse("slow answer")
    await slow.send(running.request("GET", "/count?to=8&pause_ms=50"))
    slow.expects("GET")

    for number, case in enumerate(cases, 1):
        stranger = await running.converse(case.name)
        vanishes = rng.random() < 0.4
        await stranger.send(case.data[: rng.randint(1, len(case.data))] if vanishes else case.data)
        if vanishes:
            stranger.abort()
        if number % _EACH == 0:
            target = f"/mirror/{number}"
            answer = await neighbour.ask(running.request("GET", target), timeout_s=running.patience_s)
            expect(answer.json().get("target"), "the target in the mirror").equals(
                target,
                why=f"{number} strangers have sent broken requests by now. This connection did not, and is served as before.",
            )
    slowly = await slow.answer(running.patience_s)
    expect(slowly.text, "the lines of /count").equals(
        "".join(f"{line}\n" for line in range(1, 9)),
        why="This answer was under way while strangers sent broken requests over other connections.",
    )


async def _all_refused(running: Running, cases: Iterable[Case]) -> None:
    for case in cases:
        conversation = await running.converse(case.name)
        await conversation.send(case.data)
        await refusal(conversation, case, timeout_s=running.patience_s)
        conversation.close()
    await running.alive()


async def _nothing_behind(running: Running, case: Case, *, before: int, late: bool) -> None:
    """Good requests and the broken one at once, and a good one again: with them, or when they are answered."""
    hidden = running.request("GET", HIDDEN)
    good = b"".join(running.request("GET", f"/mirror/{number}") for number in range(1, before + 1))
    conversation = await running.converse(f"good requests: {before}, one with {case.name}, and a good one behind it")
    await conversation.send(good + case.data + (b"" if late else hidden))
    for _ in range(before):
        earlier = await conversation.answer(running.patience_s)
        demand_status(earlier, 200, why="This request came before the broken one, and is good.")
    answer = await answer_or_end(conversation, running.patience_s)
    if answer is None or answer.status not in case.statuses:
        return  # how it is answered is the claim of other checks
    if "close" not in answer.headers.get("connection", "").lower():
        case.blame(
            "Connection: close, since the server closes behind this answer",
            f"no such field in the answer {answer.line}",
            "Where a broken request ends, nobody knows, so it is the last one on this connection. The client should know too, and send no other (RFC 9112, 9.6).",
        )
    if late:
        with contextlib.suppress(ConnectionLost):
            await conversation.send(hidden)
    behind = f"{'once it was answered' if late else 'right behind it'} came a good request for {HIDDEN}"
    await demand_end(conversation, case, saw=behind, timeout_s=running.patience_s)
    conversation.close()
