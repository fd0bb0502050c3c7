"""Stage 6: bodies in chunks, in requests and in answers whose length nobody knows yet."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Mirrored, Running, explained
from climb.projects.http.driver.chunks import Chunked, draw_chunked
from climb.projects.http.driver.draws import draw_body, draw_cuts, draw_fields
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.driver.patience import UNHURRIED_MS
from climb.projects.http.rules.counting import WRONG_QUERIES, lines
from climb.projects.http.rules.resources import COUNT, not_had
from climb.projects.http.stages.head import demand_allow
from climb.projects.http.stages.judged import (
    answer_or_end,
    demand_body,
    demand_read,
    demand_status,
    demand_type,
    sha256,
)
from climb.projects.http.stages.requests import demand_answers, draw_asked

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = ["chunked"]

chunked = Stage(
    "chunked",
    "Chunks",
    concepts=["http-framing", "http-messages", "backpressure"],
    hints=[
        "Who sends a body whose length is not known yet has two ways to say where it ends. One of them is to close the connection. What does the other one have to send between the parts?",
        "Read chunks with a small state machine: a line with the size, then so many bytes, then CRLF, again and again. Size 0 ends the body, but not the request: trailer fields may come, and an empty line comes always. "
        "Each state has to be able to wait for more bytes.",
        "Size line: up to CRLF; cut it at the first semicolon, and the white space before that off; read the digits as hexadecimal. Behind the size 0 read lines as fields until an empty one. For /count: send the head with Transfer-Encoding: chunked, then "
        "a chunk for each line (or for many lines, without a pause), then 0 CRLF CRLF. To HTTP/1.0 send the bytes alone, and close. Wait between the lines without making other connections wait.",
    ],
)

_PAUSES_MS = (300, 1_000, 3_000)  # tried in turn: only where the first looks like one burst the next is needed
_WHY_ORDER = (
    "What was asked for first is answered first, and what is behind it waits until it is whole: clients know by nothing but the order which answer belongs to "
    "which request (RFC 9112, 9.3.2)."
)
_WHY_CHUNKS = (
    "The size of a chunk is 1 to 16 hexadecimal digits, in upper or lower case, with zeros before them or without; what follows a semicolon is ignored, with the white space around that. "
    "The body is the bytes of all chunks, one after the other, without sizes, extensions and line ends (RFC 9112, 7.1)."
)
_WHY_CODED = "A chunk is its size in hexadecimal digits, CRLF, so many bytes, CRLF. One of size 0 and an empty line end the body (RFC 9112, 7.1)."
_EARLY_MS = 5  # timers that count whole milliseconds may ring a little early
_LONG_PAUSE_MS = 60_000
_MISLEADING = (("X-In-The-Head", "2"), ("Content-Length", "1"), ("Host", "example.org"), ("Connection", "keep-alive"))


@chunked.check
async def chunks_make_a_body(server: HttpServer, world: World) -> None:
    """A body in chunks of any sizes, with their digits in either case and cut anywhere, is the bytes of the chunks; without the last one it is none."""
    drawn = world.draw.some(lambda: _chunked_and_cuts(world.draw), at_least=3, at_most=8)
    codings = world.draw.sample(("Chunked", "chunked", "CHUNKED"), 3)
    running = await server.start(stall_ms=UNHURRIED_MS)

    for (body, cuts), coding in zip(drawn, itertools.cycle(codings), strict=False):
        fields = [
            ("transfer-encoding" if coding == "chunked" else "Transfer-Encoding", coding),
            ("Connection", "close"),
        ]
        head = running.request("POST", "/mirror", fields)
        places = sorted({len(head) + round(cut * len(body.sent)) for cut in cuts} - {len(head + body.sent)})
        answer = await running.answer_to(
            head + body.sent, method="POST", cuts=places, name="POST /mirror in chunks", why=_of_chunks(body, coding)
        )

        _demand_chunks(answer, body, coding)
    await _demand_continue(running, drawn[0][0])
    await _demand_all(running, drawn[0][0])


@chunked.check
async def extensions_and_trailers(server: HttpServer, world: World) -> None:
    """Extensions of chunks are ignored, and trailer fields are kept apart from the fields of the head."""
    drawn = world.draw.some(
        lambda: draw_chunked(
            world.draw,
            draw_body(world.draw, at_most=5_000),
            extensions=True,
            trailers=[*draw_fields(world.draw, at_most=4), *world.draw.sample(_MISLEADING, 1)],
        ),
        at_least=3,
        at_most=6,
    )
    running = await server.start()
    fields = [("X-In-The-Head", "1"), ("Transfer-Encoding", "chunked"), ("Connection", "close")]

    for body in drawn:
        sent = running.request("POST", "/mirror", fields) + body.sent
        answer = await running.answer_to(sent, method="POST", name="POST /mirror in chunks", why=_of_chunks(body))

        seen = _demand_chunks(answer, body)
        expect(
            {"fields": [name for name, _ in seen.fields], "trailers": [list(field) for field in seen.trailers]},
            "what the mirror shows",
        ).equals(
            {
                "fields": ["host", "x-in-the-head", "transfer-encoding", "connection"],
                "trailers": [[name.lower(), value] for name, value in body.trailers],
            },
            why="Trailer fields are shown as trailers, in their order, and never among the fields. A trailer that is taken for a field of the head could say afterwards who sent the request, or how long it is (RFC 9110, 6.5.1).",
        )


@chunked.check
async def after_chunks_comes_the_next_request(server: HttpServer, world: World) -> None:
    """Behind the last chunk, its trailers and the empty line begins the next request, also if the first was answered with an error."""
    places = [("POST", "/mirror", 200), ("POST", "/healthz", 405), ("PUT", f"/{world.draw.word()}", 404)]
    plan = [
        (
            place,
            draw_chunked(
                world.draw, draw_body(world.draw, at_most=5_000), trailers=[("x-end", "1")] * world.draw.integer(0, 2)
            ),
        )
        for place in places
    ]
    following = draw_asked(world.draw)
    apart = world.draw.flag()
    running = await server.start()

    for (method, place, status), body in plan:
        conversation = await running.converse(f"{method} {place} in chunks, and one more")
        first = running.request(method, place, [("Transfer-Encoding", "chunked")]) + body.sent
        second = following.sent(running)
        conversation.expects(method, following.method)
        await conversation.send(first + second, cuts=[len(first)] if apart else [])

        demand_status(
            await conversation.answer(running.patience_s),
            status,
            why=f"A body in chunks does not change what {method} {place} is.",
        )
        why = f"Before it were {body}, answered with {status}. They end with the empty line behind the last chunk and its trailers; nothing of them is left for the next request (RFC 9112, 7.1)."
        await demand_answers(running, conversation, [following], "behind the chunks", why=why)
        conversation.close()


@chunked.check
async def counting_in_chunks(server: HttpServer, world: World) -> None:
    """/count answers its lines in chunks, to HTTP/1.0 up to the end of the connection, to HEAD without a body, and 400 for a wrong parameter."""
    counts = [0, 1, *(world.draw.integer(2, most) for most in (20, 3_000, 200_000))]
    wrong = world.draw.sample(WRONG_QUERIES, 5)
    pause = world.draw.choice(("", "&pause_ms=0"))
    running = await server.start()

    for to in counts:
        target = f"/count?to={to}{pause}"
        with explained(_WHY_CODED):
            answer = await running.ask("GET", target, to_the_end=True)
        demand_type(answer, "text/plain", "/count")
        if answer.framing != "chunks":
            answer.blame(
                "Transfer-Encoding: chunked",
                f"its end is told by {answer.framing}",
                "Lines are sent as they are made, so nobody knows their length at the beginning.",
            )
        demand_body(
            answer.body, lines(to), f"the body of GET {target}", why=f"The lines 1 to {to}, each ended by one LF."
        )
    old = await running.answer_to(running.request("GET", f"/count?to={counts[-1]}", version="1.0"))
    if "transfer-encoding" in old.headers:
        old.blame(
            "no Transfer-Encoding",
            f"Transfer-Encoding: {old.headers['transfer-encoding']}",
            "A client of HTTP/1.0 knows no chunks (RFC 9112, 6.1): it would take their sizes for content.",
        )
    demand_body(
        old.body,
        lines(counts[-1]),
        "the body of the answer to HTTP/1.0",
        why="The same lines, up to the end of the connection.",
    )
    conversation = await running.converse("HEAD /count")
    await running.answer_to(running.request("HEAD", "/count?to=3"), method="HEAD", conversation=conversation)
    seen = mirrored(await running.answer_to(running.request("GET", "/mirror/next"), conversation=conversation))
    demand_read(
        seen,
        method="GET",
        path="/mirror/next",
        why="Behind the answer to HEAD comes the answer to the next request, and no chunk, not even the last.",
    )
    for query in wrong:
        answer = await running.ask("GET", f"/count?{query}" if query else "/count", status=None)
        demand_status(
            answer,
            400,
            why="to is a number from 0 to 10,000,000, pause_ms one from 0 to 60,000, both in digits. A missing to or a wrong number is 400.",
        )
    demand_allow(await running.ask(world.draw.choice(not_had(COUNT)), "/count?to=1", status=None), COUNT)


@chunked.check
async def lines_come_when_they_are_made(server: HttpServer, world: World) -> None:
    """A line is sent when it is made, before the pause; there is a pause after each line but the last."""
    to = world.draw.integer(2, 3)
    running = await server.start()

    for pause_ms in _PAUSES_MS:
        answer, first_s = await _counted(running, to, pause_ms)
        took_s, paused_s = answer.ended_at - answer.asked_at, (to - 1) * (pause_ms - _EARLY_MS) / 1000
        expect(round(took_s, 3), f"seconds that GET /count?to={to}&pause_ms={pause_ms} took").at_least(
            paused_s, why=f"There is a pause of {pause_ms} ms after each of the {to} lines but the last."
        )
        # The judge may have been late to read the first line; with a longer pause that matters less.
        if answer.ended_at - first_s > paused_s / 2:
            break
    else:
        answer.blame(
            f"the first line about {(to - 1) * pause_ms / 1000:g} s before the last",
            f"{max(answer.ended_at - first_s, 0):.3f} s before it; all of them took {took_s:.3f} s",
            "Whoever watches the numbers wants to see each when it is made. A program that collects them first shows nothing for as long as it works.",
        )
    conversation = await running.converse("one line, and no pause behind it")
    sent = running.request("GET", f"/count?to=1&pause_ms={_LONG_PAUSE_MS}")
    why = f"There is a pause after each line but the last, and this line is the last: its answer ends at once, not after {_LONG_PAUSE_MS:,} ms."
    with explained(why):
        answer = await conversation.ask(sent, timeout_s=min(running.patience_s, _LONG_PAUSE_MS / 2000))
    demand_body(answer.body, b"1\n", "the body of one line", why=why)


@chunked.check
async def a_slow_answer_holds_the_later_ones(server: HttpServer, world: World) -> None:
    """A request behind a slow one on the same connection is answered after it, and not before it is whole."""
    before = world.draw.some(lambda: draw_asked(world.draw), at_most=3, usually=1)
    behind = world.draw.some(lambda: draw_asked(world.draw, errors=True), at_least=1, at_most=6)
    to, pause_ms = world.draw.integer(2, 4), world.draw.integer(100, 300)
    running = await server.start()
    conversation = await running.converse("a slow answer, and others behind it")
    conversation.expects(*(one.method for one in before), "GET", *(one.method for one in behind))
    slow = running.request("GET", f"/count?to={to}&pause_ms={pause_ms}")

    await conversation.send(
        b"".join(one.sent(running) for one in before) + slow + b"".join(one.sent(running) for one in behind)
    )

    await demand_answers(running, conversation, before, "before a slow one", why=_WHY_ORDER)
    with explained(_WHY_ORDER, "the slow answer"):
        answer = await conversation.answer(running.patience_s)
    demand_body(answer.body, lines(to), f"the body of GET /count?to={to}&pause_ms={pause_ms}", why=_WHY_ORDER)
    await demand_answers(running, conversation, behind, "behind a slow one", why=_WHY_ORDER)


def _chunked_and_cuts(draw: Draws) -> tuple[Chunked, list[float]]:
    """A body in chunks, and where it is cut, as parts of what is sent."""
    return draw_chunked(draw, draw_body(draw), digits=True), [cut / 1000 for cut in draw_cuts(draw, 1000, at_most=8)]


def _of_chunks(body: Chunked, coding: str = "chunked") -> str:
    return f"Its body is {body}, with Transfer-Encoding: {coding}. {_WHY_CHUNKS}"


def _demand_chunks(answer: Answer, body: Chunked, coding: str = "chunked") -> Mirrored:
    """What the mirror shows, which must be the body of these chunks."""
    seen = mirrored(answer, _of_chunks(body, coding))
    expect({"body_bytes": seen.body_bytes, "body_sha256": seen.body_sha256}, f"the mirror's view of {body}").equals(
        {"body_bytes": len(body.body), "body_sha256": sha256(body.body)}, why=_WHY_CHUNKS
    )
    return seen


async def _counted(running: Running, to: int, pause_ms: int) -> tuple[Answer, float]:
    """The answer to a count, and when its first line was here."""
    conversation = await running.converse(f"count to {to}")
    conversation.expects("GET")
    await conversation.send(running.request("GET", f"/count?to={to}&pause_ms={pause_ms}"))
    wait_s = running.patience_s + to * pause_ms / 1000
    await conversation.body(2, wait_s)
    first_s = running.now()
    answer = await conversation.answer(wait_s)
    demand_body(answer.body, lines(to), f"the body of a count to {to}", why="Pauses change nothing of what is sent.")
    conversation.close()
    return answer, first_s


async def _demand_all(running: Running, body: Chunked) -> None:
    """Where the client ends before its last chunk, there was no request."""
    conversation = await running.converse("POST in chunks, without the last one")
    conversation.expects("POST")
    without_the_last = body.sent[: -len(f"{body.size_lines[-1]}\r\n\r\n")]
    await conversation.send(running.request("POST", "/mirror", [("Transfer-Encoding", "chunked")]) + without_the_last)
    await conversation.half_close()
    answer = await answer_or_end(conversation, running.patience_s)
    if answer is not None and answer.status == 200:
        answer.blame(
            "an error, or the end of the connection without an answer",
            "status 200, as if the body were whole",
            "The chunk of size 0 tells a body that is whole from one whose sender has broken off (RFC 9112, 8). The client has shut down its sending side without it.",
        )
    conversation.close()


async def _demand_continue(running: Running, body: Chunked) -> None:
    """A client that holds its chunks back is told to go on."""
    conversation = await running.converse("POST in chunks with Expect")
    conversation.expects("POST")
    fields = [("Expect", "100-continue"), ("Transfer-Encoding", "chunked"), ("Connection", "close")]
    await conversation.send(running.request("POST", "/mirror", fields))
    why = "Chunks are a body too, and its client waits to be told to go on (RFC 9110, 10.1.1)."
    with explained(why):
        status = await conversation.interim(running.patience_s)
    expect(status, "status of the answer to a head with Expect and chunks").equals(100, why=why)
    await conversation.send(body.sent)
    _demand_chunks(await conversation.answer(running.patience_s), body)
    conversation.close()
