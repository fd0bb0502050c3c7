"""Stage 1: listen, read a request, answer it, and let go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from climb.judge.expect import fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.rules.dates import fixed
from climb.projects.http.stages.judged import demand_body, demand_closed, demand_status, demand_type

__all__ = ["first_answer"]

first_answer = Stage(
    "first-answer",
    "One request, one answer",
    concepts=["sockets", "http-messages", "http-semantics"],
    hints=[
        "What does a client send when it asks for /healthz? Listen on a port, let curl connect to it, and look at the bytes. Which of them tell you that the request is complete?",
        "An answer is text and then bytes: a status line, fields, an empty line, the body. The client reads as many bytes of the body as Content-Length says, so count the bytes that you send, "
        "not the characters.",
        "Bind 127.0.0.1:PORT, accept, and read until CRLF CRLF. Split the first line at its spaces. Build the body, then 'HTTP/1.1 200 OK', Date, Content-Type, Content-Length and Connection: close, each ended "
        "by CRLF, an empty line, the body. Send all of it, which may take more than one send, and close.",
    ],
)

_RULES = {
    "PORT": "a TCP port, required",
    "ROOT": "an existing folder, required",
    "MAX_HEAD_BYTES": "a whole number in digits from 256 to 1,000,000,000",
    "MAX_BODY_BYTES": "a whole number in digits from 0 to 1,000,000,000",
} | dict.fromkeys(("HEAD_MS", "STALL_MS", "IDLE_MS"), "a whole number in digits from 1 to 1,000,000,000")
# By kind. One of each is tried in a run, since each costs a start.
_MISSING = ("ROOT", "PORT")
_OUT_OF_RANGE = (
    ("MAX_HEAD_BYTES", "255"),
    ("HEAD_MS", "0"),
    ("IDLE_MS", "1000000001"),
    ("PORT", "70000"),
    ("MAX_HEAD_BYTES", "1000000001"),
    ("STALL_MS", "0"),
    ("IDLE_MS", "0"),
)
_NO_NUMBERS = (
    ("STALL_MS", "soon"),
    ("PORT", "http"),
    ("MAX_HEAD_BYTES", "16k"),
    ("MAX_BODY_BYTES", "1e6"),
    ("HEAD_MS", "1.5"),
    ("STALL_MS", "0x10"),
    ("MAX_BODY_BYTES", "-1"),
    ("IDLE_MS", "-60000"),
)
_NO_DIGITS = (
    ("IDLE_MS", "+5000"),
    ("HEAD_MS", "1_000"),
    ("MAX_BODY_BYTES", " 100"),
)  # which some languages read as numbers
_CACHED_S = 2  # a server may make its date once a second, and its timer may be late
_UNKNOWN = (
    "/",
    "/healthz/",
    "/Healthz",
    "/healthzz",
    "/health",
    "/mirrors",
    "/echo/x",
    "/index.html",
    "/count/",
    "/file",
)


@first_answer.check
async def it_answers(server: HttpServer, world: World) -> None:
    """GET /healthz is answered with 200 and ok as text/plain, and a connection that says close is closed."""
    running = await server.start()

    for number in range(1, world.draw.integer(1, 3) + 1):
        conversation = await running.converse(f"client {number}")
        sent = running.request("GET", "/healthz", [("Connection", "close")])
        answer = await conversation.ask(sent, timeout_s=running.patience_s)

        demand_status(answer, 200, why="A load balancer sends requests to a server only while this answer is 200.")
        demand_body(
            answer.body, b"ok", "the body of GET /healthz", why="The brief has these two letters, and nothing else."
        )
        demand_type(answer, "text/plain", "/healthz")
        await demand_closed(
            conversation,
            running.patience_s,
            behind="an answer to a request with Connection: close",
            why="The client has said that it will send nothing more, and waits for the end (RFC 9112, 9.6).",
        )


@first_answer.check
async def unknown_is_404(server: HttpServer, world: World) -> None:
    """What the server does not have is answered with 404."""
    targets = [*world.draw.sample(_UNKNOWN, len(_UNKNOWN)), *(f"/{world.draw.word()}" for _ in range(2))]
    running = await server.start()

    for target in targets:
        answer = await running.ask("GET", target, status=None)

        demand_status(
            answer,
            404,
            why="The brief lists what the server has, and anything else is 404. Paths are compared whole, and upper and lower case are different.",
        )


@first_answer.check
async def the_answer_is_framed(server: HttpServer, world: World) -> None:
    """Each answer tells its length exactly, with Content-Length or chunks, has a Content-Type for its body, and nothing comes behind it."""
    running = await server.start()

    for target in ("/healthz", f"/{world.draw.word()}"):
        answer = await running.ask("GET", target, status=None, to_the_end=True)

        if answer.framing not in ("length", "chunks"):
            answer.blame(
                "Content-Length, or Transfer-Encoding: chunked",
                f"neither: the body ends with the connection, after {len(answer.body)} bytes",
                "Without a length the client can't tell a whole answer from one whose connection broke (RFC 9112, 6.3 and 8).",
            )
        if answer.body and "content-type" not in answer.headers:
            answer.blame(
                "a Content-Type",
                "a body, and no Content-Type",
                "Without the field the client has to guess what the bytes are (RFC 9110, 8.3).",
            )


@first_answer.check
async def the_date_is_now(server: HttpServer, world: World) -> None:
    """Each answer has a Date: the current time, in the form Sun, 06 Nov 1994 08:49:37 GMT."""
    running = await server.start()
    began = time.monotonic()
    await _demand_date(running, "/healthz")

    # A date that was made when the program started is too old after this time.
    await asyncio.sleep(max(_CACHED_S + 1.5 - (time.monotonic() - began), 0))
    for target in ("/healthz", f"/{world.draw.word()}"):
        await _demand_date(running, target)


@first_answer.check
async def wrong_settings_are_refused(server: HttpServer, world: World) -> None:
    """A variable that is missing or wrong is named in a line on standard error, and the program ends with exit code 2."""
    no_folder = server.folder({"file": b"x"}) / world.draw.choice(("missing", "file"))
    wrong: list[tuple[str, str | Path | None]] = [
        (world.draw.choice(_MISSING), None),
        ("ROOT", no_folder),
        *(world.draw.choice(kind) for kind in (_OUT_OF_RANGE, _NO_NUMBERS, _NO_DIGITS)),
    ]

    for variable, value in wrong:
        written = await server.refuses(variable, value, rule=_RULES[variable])

        if variable not in written:
            fail(
                f"standard error of a start {f'without {variable}' if value is None else f'with {variable}={value}'}",
                expected=f"a line that names {variable}",
                received=repr(written) if written else "nothing",
                why="Whoever started the program has to find out which of its settings is wrong.",
            )


async def _demand_date(running: Running, target: str) -> None:
    sent = int(time.time())
    answer = await running.ask("GET", target, status=None)
    now = int(time.time())
    given = answer.headers.get("date", "")
    if given not in [fixed(second) for second in range(sent - _CACHED_S, now + 2)]:
        answer.blame(
            f"Date: {fixed(now)}, or at most {_CACHED_S} s earlier",
            f"Date: {given}" if given else "no Date",
            "A server sends its time with every answer, in this form alone (RFC 9110, 5.6.7 and 6.6.1). Caches count the age of an answer from it.",
        )
