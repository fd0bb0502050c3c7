"""Stage 3: the body of a request, as long as its Content-Length says and not a byte longer."""

from __future__ import annotations

import itertools

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.draws import Draws
from climb.projects.http.driver import HttpServer
from climb.projects.http.driver.draws import draw_body, draw_cuts, draw_path, draw_target
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.driver.patience import UNHURRIED_MS
from climb.projects.http.rules.resources import ECHO, METHODS, not_had
from climb.projects.http.stages.expectations import demand_continue, demand_error_at_once, demand_no_continue
from climb.projects.http.stages.head import demand_allow
from climb.projects.http.stages.judged import answer_or_end, demand_body, demand_status, demand_type, sha256

__all__ = ["bodies"]

bodies = Stage(
    "bodies",
    "Bodies",
    concepts=["http-framing", "http-messages", "sockets"],
    hints=[
        "The head is whole, and there are more bytes in the buffer. Do they belong to this request? How many more will come? What if half of them are here, and the client waits for you?",
        "Content-Length counts bytes, and a body may contain anything, an empty line too: never look into it for its end. A client that sends Expect: 100-continue holds the body back until you say that you want it.",
        "Read Content-Length for every method; without it there is no body. If the body is not here yet and the request has Expect: 100-continue, send 'HTTP/1.1 100 Continue' and an empty line, unless the answer is an error: then send the answer instead. "
        "Take bytes from the buffer and from the socket until there are as many as announced. If the client ends before that, there was no request: close.",
    ],
)

_TYPES = (
    "text/plain",
    "application/json; charset=utf-8",
    'Multipart/Form-Data; boundary="a b: c"',
    "x/y",
    "image/png;q=1;;",
)  # fmt: skip
_WHY_COUNTED = (
    "The name of Content-Length is the same in upper and lower case, its value is digits, with zeros before them or without. The body begins right behind the empty line and has so many bytes (RFC 9112, 6.2); some of it may have come together with the head, "
    "and the rest in any pieces."
)
_WITHOUT_HEAD = tuple(method for method in METHODS if method != "HEAD")
_WHY_ANY = "Whether there is a body is said by the fields and not by the method (RFC 9112, 6): a GET may have one, and a POST without Content-Length has none."
_SPELLINGS = ("Content-Length", "content-length", "CONTENT-LENGTH")
_STALL_MS = 1_000  # for a server that only notices by this time that nothing more comes


@bodies.check
async def the_body_is_counted(server: HttpServer, world: World) -> None:
    """The body is as many bytes as Content-Length says, whatever they are and in whatever pieces they come."""
    drawn = world.draw.some(lambda: _body_and_cuts(world.draw), at_least=3, at_most=6)
    running = await server.start(stall_ms=UNHURRIED_MS)
    close = ("Connection", "close")
    plan = [(name, "", *one) for name, one in zip(itertools.cycle(_SPELLINGS), drawn, strict=False)]

    for name, zeros, body, parts in [(_SPELLINGS[0], "", b"", []), (_SPELLINGS[0], "00", b"hello", []), *plan]:
        head = running.request("POST", "/mirror", [(name, f"{zeros}{len(body)}"), close])
        sent = head + body
        cuts = sorted({len(head) + round(part * len(body)) for part in parts} - {len(sent)})
        saw = f"{name}: {zeros}{len(body)}; {_pieces(len(head), len(sent), cuts)}"
        why = f"{_WHY_COUNTED} This one: {saw}."
        seen = mirrored(await running.answer_to(sent, method="POST", cuts=cuts, name="POST /mirror", why=why), why)

        expect(
            {"body_bytes": seen.body_bytes, "body_sha256": seen.body_sha256}, "the body that the mirror shows"
        ).equals({"body_bytes": len(body), "body_sha256": sha256(body)}, why=_WHY_COUNTED, saw=saw)


@bodies.check
async def the_echo_is_exact(server: HttpServer, world: World) -> None:
    """/echo answers the body byte for byte, with the request's Content-Type, and has POST and PUT."""
    drawn = world.draw.some(
        lambda: (world.draw.choice(ECHO), world.draw.choice((None, *_TYPES)), draw_body(world.draw)),
        at_least=2,
        at_most=5,
    )
    traps = b"\r\n\r\n\x00\xff" + bytes(range(256)) + b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    running = await server.start()

    for method, kind, body in [("POST", _TYPES[0], traps), *drawn]:
        answer = await running.ask(method, "/echo", [("Content-Type", kind)] if kind else [], body)

        saw = f"{method} /echo with {len(body):,} bytes"
        demand_body(
            answer.body,
            body,
            "the body of the answer",
            why="The body is bytes, not text: an empty line in it, a zero byte or what is no UTF-8 means nothing.",
            saw=saw,
        )
        if kind is None:
            demand_type(answer, "application/octet-stream", "the echo of a body without Content-Type")
        else:
            expect(answer.headers.get("content-type"), "Content-Type of the answer").equals(
                kind, why="Whoever reads the echo has to know as what it was sent, parameters included.", saw=saw
            )
    for method in world.draw.sample(not_had(ECHO), 2):
        demand_allow(await running.ask(method, "/echo", status=None), ECHO)


@bodies.check
async def any_method_may_have_a_body(server: HttpServer, world: World) -> None:
    """A request with Content-Length has a body whatever its method, and one without has none."""
    plan = [
        (method, world.draw.word(1, 30).encode()) for method in world.draw.sample(_WITHOUT_HEAD, len(_WITHOUT_HEAD))
    ]
    running = await server.start()

    for method, body in plan:
        for given in (body, None):
            seen = await running.mirror(None, method, "/mirror", (), given, why=_WHY_ANY)

            expect(
                {"method": seen.method, "body_bytes": seen.body_bytes, "body_sha256": seen.body_sha256},
                f"{method} /mirror",
            ).equals(
                {"method": method, "body_bytes": len(given or b""), "body_sha256": sha256(given or b"")},
                why=_WHY_ANY,
            )


@bodies.check
async def continue_is_said(server: HttpServer, world: World) -> None:
    """Expect: 100-continue is answered with 100 before the body is sent, or with the error that comes anyway; any other expectation is 417."""
    body = draw_body(world.draw, at_most=5_000) + b"the end"
    target = draw_target(world.draw)
    foreign = world.draw.choice(("200-ok", "100-continued", "continue", "100"))
    running = await server.start(stall_ms=UNHURRIED_MS)
    fields = [("Expect", "100-continue"), ("Content-Length", str(len(body))), ("Connection", "close")]
    head = running.request("POST", target, fields)

    other = running.request("POST", target, [("expect", "100-Continue"), *fields[1:]])
    await demand_continue(running, head, body, "POST with Expect: 100-continue")
    await demand_continue(running, other, body, "POST with expect: 100-Continue")

    answer = await running.answer_to(head + body, method="POST")
    seen = mirrored(answer)
    expect(seen.body_sha256, "body_sha256 of a body that came together with its Expect").equals(
        sha256(body),
        why="A client may have waited long enough and send the body before it was told to (RFC 9110, 10.1.1).",
    )
    for place, status in (("/healthz", 405), (f"/{world.draw.word()}", 404)):
        await demand_error_at_once(running, running.request("POST", place, fields), status, place)
    answer = await running.ask("POST", target, [("Expect", foreign)], b"", status=None)
    demand_status(
        answer,
        417,
        why="An expectation that the server does not know can't be met (RFC 9110, 10.1.1). This brief refuses it.",
    )
    await demand_no_continue(running, body)


@bodies.check
async def a_cut_body_is_no_request(server: HttpServer, world: World) -> None:
    """A body that ends before its announced length is not answered with 200, and the next client is served."""
    plan = world.draw.some(
        lambda: (
            world.draw.choice(("/mirror", "/echo")),
            draw_body(world.draw, at_most=5_000),
            world.draw.integer(1, 2_000),
        ),
        at_least=2,
        at_most=4,
    )
    running = await server.start(stall_ms=_STALL_MS)

    for place, body, missing in plan:
        conversation = await running.converse(f"POST {place}")
        conversation.expects("POST")
        fields = [("Content-Length", str(len(body) + missing))]
        await conversation.send(
            running.request("POST", f"{place}{draw_path(world.draw) if place == '/mirror' else ''}", fields) + body
        )
        await conversation.half_close()
        answer = await answer_or_end(conversation, running.patience_s)

        if answer is not None and answer.status == 200:
            answer.blame(
                "an error, or the end of the connection without an answer",
                f"status 200, as if the body were whole, to {len(body):,} of {len(body) + missing:,} bytes",
                "Whoever takes half of a body for the whole of it stores half of a file (RFC 9112, 8). The client has shut down its sending side, so no more will come.",
            )
    gone = await running.converse("goes away")
    await gone.send(running.request("POST", "/echo", [("Content-Length", "10")]) + b"1234")
    gone.abort()
    await running.alive()


def _body_and_cuts(draw: Draws) -> tuple[bytes, list[float]]:
    """A body, and where it is cut, as parts of its length."""
    return draw_body(draw), [cut / 100 for cut in draw_cuts(draw, 100, at_most=8)]


def _pieces(head: int, whole: int, cuts: list[int]) -> str:
    places = f", cut before byte {', '.join(map(str, cuts))}" if cuts else ""
    return f"a head of {head} bytes and a body of {whole - head:,}{places}"
