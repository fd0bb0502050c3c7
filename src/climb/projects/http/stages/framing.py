"""Stage 11: requests whose end can be read in two ways. Between two readings an attacker hides a request."""

from __future__ import annotations

from collections.abc import Iterable

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.broken_framing import (
    broken_chunks as chunk_cases,
    broken_codings as coding_cases,
    broken_lengths as length_cases,
    two_framings as both_cases,
    two_lengths as double_cases,
)
from climb.projects.http.stages.cases import Case, demand_end, refusal
from climb.projects.http.stages.judged import demand_read
from climb.projects.http.stages.requests import HIDDEN

__all__ = ["framing"]

framing = Stage(
    "framing",
    "Where it ends",
    concepts=["request-smuggling", "http-framing"],
    hints=[
        "A proxy takes the first of two lengths, your server the last. The proxy has checked one request and passed it on. How many does your server see, and who wrote the second?",
        "Decide before you read a single byte of the body where it ends, in one function of the fields: no body, so many bytes, chunks, or refused. Everything that is not one of the first "
        "three, exactly as the RFC writes it, is the fourth.",
        "Collect all values of Content-Length and of Transfer-Encoding. Both present: 400. More than one length, or one that does not match [0-9]+ as a whole: 400. Codings, split at commas over "
        "all fields: the last must be chunked and no other may be; then, if there is another, 501. A size line matches [0-9A-Fa-f]{1,16} and then, optionally, white space, ; and an extension. "
        "Behind each of these close the connection.",
    ],
)

_STALL_MS = 3_000  # who waits for more of a broken body answers 408 soon


@framing.check
async def two_lengths(server: HttpServer, world: World) -> None:
    """Content-Length twice is answered with 400, also if both say the same, and nothing behind it is read."""
    running = await _started(server)
    await _refused(running, double_cases(world.draw, running.host, len(_hidden(running))))


@framing.check
async def lengths_that_are_none(server: HttpServer, world: World) -> None:
    """A Content-Length that is anything but digits is answered with 400, and nothing behind it is read."""
    running = await _started(server)
    await _refused(running, length_cases(world.draw, running.host, len(_hidden(running))))


@framing.check
async def both_framings(server: HttpServer, world: World) -> None:
    """Transfer-Encoding beside Content-Length, or in HTTP/1.0, is answered with 400, and nothing behind it is read."""
    running = await _started(server)
    await _refused(running, both_cases(world.draw, running.host, len(_hidden(running))))


@framing.check
async def codings(server: HttpServer, world: World) -> None:
    """Chunks have to be the last coding, once, in any case; another coding before them is 501, anything else 400, and nothing behind it is read."""
    running = await _started(server)
    for value in ("Chunked", "CHUNKED", "chunked \t"):
        word = world.draw.word()
        sent = running.request("POST", f"/mirror/{word}", [("Transfer-Encoding", value)], b"5\r\nhello\r\n0\r\n\r\n")
        conversation = await running.converse(f"Transfer-Encoding: {value}")
        why = f"Transfer-Encoding: {value.strip()} is one coding, chunks. Names of codings are the same in upper and lower case (RFC 9112, 7)."
        answer = mirrored(await conversation.ask(sent, timeout_s=running.patience_s), why)
        demand_read(answer, method="POST", path=f"/mirror/{word}", body=b"hello", why=why)
        conversation.close()
    await _refused(running, coding_cases(world.draw, running.host))


@framing.check
async def broken_chunks(server: HttpServer, world: World) -> None:
    """A chunk whose size is none, that does not end where it should, and trailers that are no fields are answered with 400, and nothing behind them is read."""
    running = await _started(server)
    await _refused(running, chunk_cases(world.draw, running.host))


async def _started(server: HttpServer) -> Running:
    return await server.start(stall_ms=_STALL_MS, head_ms=_STALL_MS)


def _hidden(running: Running) -> bytes:
    return running.request("GET", HIDDEN)


async def _refused(running: Running, cases: Iterable[Case]) -> None:
    for case in cases:
        conversation = await running.converse(case.name)
        await conversation.send(case.data + _hidden(running))
        await refusal(conversation, case, timeout_s=running.patience_s)
        await demand_end(
            conversation, case, saw=f"right behind it came a good request for {HIDDEN}", timeout_s=running.patience_s
        )
        conversation.close()
    await running.alive()
