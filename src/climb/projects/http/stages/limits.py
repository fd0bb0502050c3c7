"""Stage 12: what a stranger can make the program keep, and how a refusal gets to a client that is still sending."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison
from climb.judge.expect import CannotTell, fail
from climb.judge.limits import MIB
from climb.judge.stage import Stage
from climb.judge.together import all_to_the_end
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running, explained
from climb.projects.http.driver.draws import draw_cuts
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.driver.patience import UNHURRIED_MS
from climb.projects.http.stages.floods import ROOM, floods, pour
from climb.projects.http.stages.judged import demand_status
from climb.projects.http.stages.sized import (
    HEADS,
    chunked_with_extension,
    chunked_with_trailers,
    head_of,
    line_of,
)

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["limits"]

limits = Stage(
    "limits",
    "Limits",
    concepts=["backpressure", "memory-management", "tcp-ip"],
    hints=[
        "A client sends a head that never ends. Which of your variables grows, and what ends it? Look for each place where you append to something until a certain byte comes.",
        "Compare with the limit whenever bytes arrive, not when the line is whole. Count head, body, trailers and what belongs to a chunk each by itself, from where it begins, and not what "
        "else is in the buffer. A Content-Length can be refused before a byte of the body is here.",
        "After a refusal: send the answer with Connection: close, shutdown(SHUT_WR), then read and throw away until the client closes or one to two seconds are over, and close then. While answers "
        "wait to be sent, do not read further requests from that connection.",
    ],
)

_LIMITS = (512, 300, 1_000, 4_096, 16_384, 40_000)
_OVERHEAD = 4_096  # what belongs to a chunk beside its bytes
_MARGIN = 8  # whether the CRLF behind a chunk's size counts is nobody's business
_LOTS = 8 * MIB
_READS_AFTER_S = 0.6  # well within the second that a refused client has, and long after one that does not wait
_TOO_LATE_S = 0.9
_REFUSED = (400, 413, 414, 431)
_COUNTED = "/count?to=2000"  # about 9 kB: more than a small window takes, less than any send buffer


@limits.check
async def heads_of_any_length(server: HttpServer, world: World) -> None:
    """A head of exactly MAX_HEAD_BYTES is served, however it is made and cut; one that is longer is answered with 431."""
    limit = world.draw.choice(_LIMITS) + world.draw.integer(0, 200)
    running = await server.start(max_head_bytes=limit, head_ms=UNHURRIED_MS, stall_ms=UNHURRIED_MS)

    for shape in world.draw.sample(tuple(HEADS), len(HEADS)):
        conversation = await running.converse(f"heads with {shape}")
        exact = head_of(limit, running.host, shape)
        cuts = draw_cuts(world.draw, len(exact))
        answer = await conversation.ask(exact, cuts=cuts, pause_s=0.005, timeout_s=running.patience_s)
        demand_status(answer, 200, why=f"This head has exactly {limit:,} bytes, which is MAX_HEAD_BYTES.")
        await conversation.send(exact + exact)
        for _ in range(2):
            answer = await conversation.answer(running.patience_s)
            demand_status(answer, 200, why=f"Two heads of {limit:,} bytes came at once. The limit is for each of them.")
        for beyond in (1, world.draw.integer(2, 9 if shape == "a long target" else 3 * limit)):
            why = f"This head has {limit + beyond:,} bytes, MAX_HEAD_BYTES is {limit:,}, and its request line is not too long by itself (RFC 6585, 5)."
            head = head_of(limit + beyond, running.host, shape)
            demand_status(await _refusal(running, head, f"{len(head):,} bytes, {shape}", why), 431, why=why)


@limits.check
async def long_request_lines_are_414(server: HttpServer, world: World) -> None:
    """A request line that is longer than MAX_HEAD_BYTES by itself is answered with 414, also before its end has come."""
    limit = world.draw.choice(_LIMITS) + world.draw.integer(0, 200)
    running = await server.start(max_head_bytes=limit, head_ms=UNHURRIED_MS, stall_ms=UNHURRIED_MS)
    why = "A request line that is too long is told apart from fields that are: the client can do something about its target (RFC 9110, 15.5.15)."

    for beyond in (world.draw.integer(3, 50), world.draw.integer(50, 4 * limit)):
        whole = line_of(limit + beyond, running.host)
        told = f"The request line has {limit + beyond:,} bytes, MAX_HEAD_BYTES is {limit:,}. {why}"
        answer = await _refusal(running, whole, f"a request line of {limit + beyond:,} bytes", told)
        demand_status(answer, 414, why=told)
        begun = whole[: limit + beyond - 2]
        told = f"{len(begun):,} bytes of the request line have come, and MAX_HEAD_BYTES is {limit:,}. Its end need not be waited for. {why}"
        answer = await _refusal(running, begun, f"{len(begun):,} bytes of a request line, without its end", told)
        demand_status(answer, 414, why=told)


@limits.check
async def long_trailers_are_431(server: HttpServer, world: World) -> None:
    """Trailers that are longer than MAX_HEAD_BYTES are answered with 431; shorter ones are served."""
    limit = world.draw.choice(_LIMITS) + world.draw.integer(0, 200)
    running = await server.start(max_head_bytes=limit, head_ms=UNHURRIED_MS, stall_ms=UNHURRIED_MS)

    sent = chunked_with_trailers(limit - _MARGIN, running.host)
    short = mirrored(await (await running.converse("short trailers")).ask(sent, timeout_s=running.patience_s))
    if [name for name, _ in short.trailers] != ["x-fill"]:
        fail(
            "the trailers in the mirror",
            expected="one, x-fill",
            received=f"{list(short.trailers)}"[:200],
            why=f"The trailers have {limit - _MARGIN:,} bytes, MAX_HEAD_BYTES is {limit:,}.",
        )
    beyond = limit + world.draw.integer(_MARGIN, 3 * limit)
    why = f"The trailers have {beyond:,} bytes, MAX_HEAD_BYTES is {limit:,}. They are kept like a head, so the same limit holds."
    sent = chunked_with_trailers(beyond, running.host)
    demand_status(await _refusal(running, sent, f"trailers of {beyond:,} bytes", why), 431, why=why)


@limits.check
async def long_bodies_are_413(server: HttpServer, world: World) -> None:
    """A body of exactly MAX_BODY_BYTES is served; a longer one is answered with 413, at once if its length tells, else when the chunks have passed the limit."""
    for limit in (world.draw.choice((1_000, 1, 70_000)) + world.draw.integer(0, 100) * world.draw.integer(0, 1), 0):
        running = await server.start(max_body_bytes=limit, stall_ms=UNHURRIED_MS)
        body = world.draw.source().randbytes(limit)
        await _bodies_of_the_limit(running, world, body)
        await _longer_bodies(running, world, body)


async def _bodies_of_the_limit(running: Running, world: World, body: bytes) -> None:
    chunked = running.request(
        "POST", "/mirror", [("Transfer-Encoding", "chunked")], _chunks(world, body) + b"0\r\n\r\n"
    )
    why = f"This body has {len(body):,} bytes, which is MAX_BODY_BYTES exactly."
    for sent, how in ((running.request("POST", "/mirror", body=body), "Content-Length"), (chunked, "chunks")):
        conversation = await running.converse(f"a body of MAX_BODY_BYTES, {len(body):,} bytes, {how}")
        read = mirrored(await conversation.ask(sent, timeout_s=running.patience_s), why)
        conversation.close()
        if read.body_bytes != len(body):
            fail("body_bytes in the mirror", expected=str(len(body)), received=str(read.body_bytes), why=why)


async def _longer_bodies(running: Running, world: World, body: bytes) -> None:
    beyond = len(body) + world.draw.choice((1, 1, 1_000, 10**9))
    head = running.request("POST", "/mirror").removesuffix(b"\r\n")
    rest = f"MAX_BODY_BYTES is {len(body):,}. The server does not read on to the end of what is too long (RFC 9110, 15.5.14)."

    why = f"Content-Length is {beyond:,}, so it is known before the body comes that it is too long. {rest}"
    told = head + f"Content-Length: {beyond}\r\n\r\n".encode()
    demand_status(
        await _refusal(running, told, "a length beyond MAX_BODY_BYTES, and nothing of the body", why), 413, why=why
    )
    why = f"All but the last chunk have come, and they have a byte too many. {rest}"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + _chunks(world, body + b"x")
    name = "a byte more than MAX_BODY_BYTES in chunks, without the last chunk"
    demand_status(await _refusal(running, chunked, name, why), 413, why=why)
    for what, begun in _overlong(world, body):
        why = f"This is {what}. A length may have more digits than your numbers have room for. It must not become another, smaller one."
        demand_status(await _refusal(running, head + begun, what, why), 413, 400, why=why)


def _overlong(world: World, body: bytes) -> list[tuple[str, bytes]]:
    """Lengths that numbers of 32 and of 64 bits do not hold; what is left of them when they wrap around is sent, so that a body seems to be whole."""
    rest = body[: world.draw.integer(0, 9)]
    lengths = [2**32 + len(rest), 2**64 + len(rest), int("9" * world.draw.integer(21, 60))]
    counted = [(f"Content-Length: {each}", f"Content-Length: {each}\r\n\r\n".encode() + rest) for each in lengths]
    return counted + [
        (f"a chunk of size {size:x}", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, sent))
        for size, sent in ((2**32 + len(rest), rest), (2**64 + len(rest), rest), (2**64 - 1, body + b"x"))
    ]


@limits.check
async def extensions_are_short(server: HttpServer, world: World) -> None:
    """The size and extension of a chunk are at most 4,096 bytes; more is answered with 400 or 413."""
    running = await server.start(stall_ms=UNHURRIED_MS)

    sent = chunked_with_extension(_OVERHEAD - _MARGIN, running.host, world.draw)
    why = f"An extension is ignored, and this one is allowed: with its size it has {_OVERHEAD - _MARGIN:,} bytes, and {_OVERHEAD:,} are allowed."
    read = mirrored(await (await running.converse("a long extension")).ask(sent, timeout_s=running.patience_s), why)
    if read.body_bytes != len(b"helloabc"):
        fail("body_bytes in the mirror", expected="8", received=str(read.body_bytes), why=why)
    beyond = _OVERHEAD + world.draw.choice((_MARGIN, 500, 10_000))
    sent = chunked_with_extension(beyond, running.host, world.draw)
    why = "Who sends a byte in each chunk and kilobytes beside it makes the server work for nothing, past every limit on bodies (RFC 9112, 7.1.1)."
    answer = await _refusal(running, sent, f"a chunk with {beyond:,} bytes of size and extension", why)
    demand_status(answer, 400, 413, why=why)


@limits.check
async def the_refusal_arrives(server: HttpServer, world: World) -> None:
    """A client that keeps sending megabytes of what is too long, and reads only then, still gets the whole answer."""
    running = await server.start(max_head_bytes=4_096, max_body_bytes=65_536)
    lots = _LOTS + world.draw.integer(0, 1_000)
    begun = running.request("POST", "/mirror").removesuffix(b"\r\n")
    chunked = running.request("POST", "/mirror", [("Transfer-Encoding", "chunked")])
    clients = (
        ("a body that is too long", begun + f"Content-Length: {lots}\r\n\r\n".encode()),
        ("chunks that are too many", chunked + f"{lots:x}\r\n".encode()),
        ("a head that is too long", begun + b"X-Fill: "),
        ("a request line that is too long", b"GET /mirror/"),
    )

    await all_to_the_end(*(_sends_on(running, name, begin, lots) for name, begin in clients))


@limits.check
async def memory_stays_bounded(server: HttpServer, world: World) -> None:
    """However much one connection sends, and whatever it does not read, the program's memory stays bounded."""
    running = await server.start()
    for _ in range(4):
        await running.ask("POST", "/echo", body=b"e" * (MIB - 1))
        await running.ask("GET", "/mirror", [("X-Fill", "a" * 15_000)])
    before = running.instance.memory().now
    limit = MIB + MIB + 16_384 + ROOM  # MAX_BODY_BYTES, 1 MiB on top, MAX_HEAD_BYTES

    for flood in world.draw.sample(floods(running, MIB // 2), 8):
        await pour(running, flood, before=before, limit=limit)
    await running.alive()


async def _refusal(running: Running, sent: bytes, name: str, why: str) -> Answer:
    """The answer to what is too long; it has to come although the client waits for it and closes nothing."""
    conversation = await running.converse(name)
    await conversation.send_some(sent, timeout_s=running.patience_s)
    with explained(why):
        answer = await conversation.answer(running.patience_s)
    conversation.close()
    return answer


async def _sends_on(running: Running, name: str, begin: bytes, lots: int) -> None:
    """Ask for something, do not read it, send what is too long, and read late."""
    conversation = await running.converse(f"sends on: {name}", receive_buffer=4_096, reading=False)
    await conversation.send(running.request("GET", _COUNTED))
    began = time.monotonic()
    await conversation.send_some(begin + b"a" * lots, timeout_s=_READS_AFTER_S)
    await asyncio.sleep(max(began + _READS_AFTER_S - time.monotonic(), 0))
    if time.monotonic() - began > _TOO_LATE_S:
        raise CannotTell("the judge was too slow to read within the second that a refused client has")
    conversation.go_on_reading()
    try:
        counted, refusal = await conversation.answer(running.patience_s), await conversation.answer(running.patience_s)
    except (ConnectionLost, TimedOut) as failure:
        received = next((piece.received for piece in failure.evidence if isinstance(piece, Comparison)), str(failure))
        conversation.blame(
            f"the answer to {_COUNTED}, then a refusal (4xx), both whole",
            received,
            "Both answers were on their way. Whoever closes a socket with unread input makes the kernel reset the connection, and throw away what it has not sent yet. Shut "
            f"down the sending side first, and read on for a second or two. The client read {_READS_AFTER_S} s after it had begun to send {name}.",
        )
    demand_status(counted, 200, why="This request came first, and is good.")
    demand_status(refusal, *_REFUSED, why=f"The client sent {name}.")
    conversation.abort()


def _chunks(world: World, body: bytes) -> bytes:
    """The body in a few chunks, without the last one."""
    pieces = world.draw.integer(1, 4)
    size = max(-(-len(body) // pieces), 1)
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in cut)
