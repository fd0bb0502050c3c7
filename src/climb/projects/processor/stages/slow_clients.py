"""Stage 8: clients that stall, do not listen, vanish or dribble, and what their neighbours notice of it: nothing."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable

import msgspec

from climb.judge.expect import Failure, fail, within
from climb.judge.faults import HalfOpen, Place
from climb.judge.stage import Stage
from climb.judge.together import done_meanwhile
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender
from climb.projects.processor.rules import Reading, Shape
from climb.projects.processor.stages.draws import draw_shape, draw_start
from climb.projects.processor.stages.lines import LONGEST, padded
from climb.projects.processor.stages.neighbours import Neighbours

__all__ = ["slow_clients"]

slow_clients = Stage(
    "slow-clients",
    "Slow and vanishing clients",
    concepts=["timeouts", "non-blocking-io", "threading-models"],
    timed=True,
    hints=[
        "Your program waits for the rest of a line, or for room in a socket's buffer. Which of its threads waits, and who else needs that thread, or a lock that it "
        "holds?",
        "Nobody who holds a lock, or serves several connections, may wait for one socket. Let each connection wait on its own: a thread of its own, or a loop over "
        "non-blocking sockets.",
        "Give each connection a buffer for its answers, and write only as much as the socket takes. When the buffer has grown past a limit, stop reading from that connection "
        "until it has shrunk. Write nothing to a socket under the lock of the windows.",
    ],
)

_WHY = "Any client can become slow or vanish, by mistake or with intent. Whoever else it can delay is at its mercy."
_SLOW_STREAM = 10
_DRIBBLE_S = 0.005


@slow_clients.check
async def half_a_line_delays_nobody(processor: Processor, world: World) -> None:
    """Clients that stall in the middle of a line do not delay the others."""
    stalled = world.draw.some(lambda: world.draw.integer(1, 40), at_least=1, at_most=20, usually=10)
    running, neighbours, alone_s = await _begin(processor, world)

    for number, length in enumerate(stalled, 1):
        sender = await running.connect(name=f"stalls {number}")
        await sender.send_raw(Reading("stalls", 1, 0, 1.5).line()[:length])

    await neighbours.not_delayed(alone_s, f"{len(stalled)} clients that stall in the middle of a line", why=_WHY)
    await neighbours.leave()


@slow_clients.check
async def unread_answers_delay_nobody(processor: Processor, world: World) -> None:
    """A client that sends and never reads its answers does not delay the others."""
    line = b"x" * world.draw.integer(1, 30) + b"\n"
    running, neighbours, alone_s = await _begin(processor, world)

    # Each bad line is owed an answer of its own, so the answers fill every buffer between here and there.
    deaf = await running.connect(name="does not read", receive_buffer=4096, reading=False)
    await deaf.client.send_some(line * (4_000_000 // len(line)), timeout_s=max(1.0, alone_s))

    await neighbours.not_delayed(alone_s, "a client that does not read its answers", why=_WHY)
    await neighbours.leave()


@slow_clients.check
async def the_vanished_delay_nobody(processor: Processor, world: World) -> None:
    """Clients that vanish, by a reset or without a word, delay nobody, and their sensors can come back at once."""
    resets = world.draw.some(lambda: world.draw.integer(0, 40), at_least=1, at_most=10)
    running, neighbours, alone_s = await _begin(processor, world)
    start = draw_start(world.draw, running.shape)
    proxy = await world.proxy(running.instance.ports["INGEST_PORT"])
    for number, length in enumerate(resets, 1):
        client = await running.connect(name=f"reset {number}")
        await client.send_raw(Reading("reset", 1, start, 1.5).line()[:length])
        client.client.abort()
    lost = await running.connect(name="goes silent", at=proxy.address)
    first = [Reading("silent", seq, start, 1.5) for seq in (1, 2)]
    await lost.deliver(*first)
    fault = HalfOpen()
    place = Place(proxy=proxy)
    await fault.inject(place)
    await lost.send(Reading("silent", 3, start, 1.5))

    await neighbours.not_delayed(
        alone_s, f"{len(resets)} connections that were reset, and one that fell silent", why=_WHY
    )
    back = await running.connect(name="is back")
    await back.deliver(*(Reading("silent", seq, start, 1.5) for seq in (3, 4)))
    await fault.heal(place)
    await _stays_served(running)


@slow_clients.check
async def dribbling_delays_nobody(processor: Processor, world: World) -> None:
    """Clients that send a byte at a time do not delay the others, and their readings count."""
    count = world.draw.integer(1, 20)
    running, neighbours, alone_s = await _begin(processor, world)
    shape = running.shape
    start = _aligned(shape)
    senders = [await running.connect(name=f"dribbles {number}") for number in range(1, count + 1)]
    readings = [Reading(f"dribble-{number}", 1, start, 1.5) for number in range(1, count + 1)]
    enough = asyncio.Event()

    async with done_meanwhile(*(_dribble(*each, enough) for each in zip(senders, readings, strict=True))):
        await neighbours.not_delayed(alone_s, f"{count} clients that send a byte at a time", why=_WHY)
        enough.set()


@slow_clients.check
async def a_slow_reader_of_the_stream_delays_nobody(processor: Processor, world: World) -> None:
    """Someone who opens GET /stream and does not read it delays neither the windows nor their other readers."""
    shape = Shape(window_ms=1)
    count = world.draw.integer(7_000, 9_000)  # windows, one for each reading: megabytes of events
    start = draw_start(world.draw, shape)
    running = await processor.start(shape)
    sender = await running.connect()
    seq = 0

    async def fill() -> float:
        nonlocal seq
        readings = [Reading("s1", seq + place, start + seq + place, 1.5) for place in range(1, count + 1)]
        seq += count
        began = time.monotonic()
        async with running.feed() as feed:
            await sender.deliver(*readings)
            await feed.take(count - 1)
        return time.monotonic() - began

    alone_s = await fill()
    async with running.feed(receive_buffer=4096) as deaf:
        deaf.stream.stop_reading()
        beside_s = min([await _beside_the_deaf(running, fill, count, alone_s) for _ in range(3)])

    within(
        beside_s,
        _SLOW_STREAM * alone_s + (running.instance.ready_seconds or 0),
        f"the time until a reader of the stream has {count} windows",
        unit="s",
        calibration=f"{_SLOW_STREAM} × the {alone_s:.3g} s that it took before, and the time that the program takes to start",
        why="A reader that is too slow may be disconnected, or served when it reads on. To wait for it makes all others as slow.",
        saw="one other reader had opened the stream and read nothing",
    )


async def _begin(processor: Processor, world: World) -> tuple[Running, Neighbours, float]:
    shape = draw_shape(world.draw)
    running = await processor.start(shape)
    neighbours = Neighbours(running, shape, _aligned(shape))
    await neighbours.arrive()
    return running, neighbours, await neighbours.undisturbed()


def _aligned(shape: Shape) -> int:
    return 1_700_000_000_000 - 1_700_000_000_000 % shape.window_ms


async def _dribble(sender: Sender, reading: Reading, enough: asyncio.Event) -> None:
    """Send the longest lines that are allowed a byte at a time, until there was enough of that; then what is left of the last, and wait for its ack."""
    for seq in itertools.count(reading.seq):
        one = msgspec.structs.replace(reading, seq=seq)
        line, place = padded(one, LONGEST) + b"\n", 0
        while not enough.is_set() and place < len(line):
            await sender.send_raw(line[place : place + 1], one)
            place += 1
            await asyncio.sleep(_DRIBBLE_S)
        if enough.is_set():
            await sender.send_raw(line[place:], one)
            await sender.acknowledged(one)
            return


async def _beside_the_deaf(running: Running, fill: Callable[[], Awaitable[float]], count: int, alone_s: float) -> float:
    """How long it takes now; what never comes is blamed on the reader, without whom it came."""
    try:
        return await fill()
    except Failure as failure:
        if failure.subject not in ("acks", "events of GET /stream"):
            raise
    fail(
        f"{count} readings, and their windows on another stream, beside a reader of GET /stream that reads nothing",
        expected=f"acknowledged and shown, as before it came: there both took {alone_s:.3g} s",
        received=f"nothing more for {running.patience_s:.0f} s",
        why=_WHY,
    )


async def _stays_served(running: Running) -> None:
    """The program still answers when the silent connection has ended."""
    await running.stats()
