"""Stage 9: more readings than can be worked on. The senders wait; the program's memory does not grow."""

from __future__ import annotations

import asyncio

from climb.judge.curves import thinned
from climb.judge.evidence import Comparison, Series
from climb.judge.expect import Failure, expect, fail
from climb.judge.limits import MIB
from climb.judge.stage import Stage
from climb.judge.together import done_meanwhile, together
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender
from climb.projects.processor.rules import Model, Reading, Shape
from climb.projects.processor.stages.draws import draw_shape
from climb.projects.processor.stages.hose import LINE, Hose, queue, queued
from climb.projects.processor.stages.judged import demand_counts, demand_windows

__all__ = ["back_pressure"]

back_pressure = Stage(
    "back-pressure",
    "Back-pressure",
    concepts=["backpressure", "congestion-control", "memory-management"],
    timed=True,
    hints=[
        "A sender is ten times as fast as your workers. After a minute, where are the readings that were sent and not worked on?",
        "A queue without a limit hides the overload until memory ends. Bound every queue between the socket and the log, and let whoever fills it wait. Then recv is not called, "
        "the socket's buffers fill, and TCP makes the sender wait.",
        "Count for each connection the bytes that were read and not yet acknowledged, and call recv only while that is below your limit (8 MiB at most; 1 MiB is plenty). Do the "
        "same for answers that the client has not read: while there are too many, do not read from it.",
    ],
)

_MOST_HELD = 8 * MIB
_START = 1_700_000_000_000
_SENSORS = 1_000
_OPEN_WINDOWS = 100
_PAUSE_S = 1.0  # when nothing was taken for so long, the program has stopped reading
_LEAST_REJECT = len(b'{"reject":{"line":1,"reason":""}}\n')


@back_pressure.check
async def little_is_read_ahead(processor: Processor, world: World) -> None:
    """What the program has read from a connection and not yet acknowledged is at most 8 MiB."""
    shape = draw_shape(world.draw)
    running = await processor.start(shape)
    hose = await _hose(running, "hose", 32 + world.draw.integer(0, 8))

    await hose.pour(watch=True)

    most = max(held for _, held in hose.held)
    if most > _MOST_HELD:
        subject = "bytes read and not yet acknowledged"
        raise Failure(
            subject,
            Comparison(
                subject=subject,
                expected=f"at most 8 MiB ({_MOST_HELD:,} bytes) for each connection",
                received=f"{most / MIB:.1f} MiB",
                why="What is read and not worked on is kept in memory, and grows as long as the sender is faster. Only a program that reads no more makes the sender wait.",
                saw=f"one sender, {hose.size / MIB:.0f} MiB in lines of {LINE} bytes; what waits in the kernel's buffers is not counted",
            ),
            Series(
                subject=subject,
                unit="MiB",
                points=thinned([(at, held / MIB) for at, held in hose.held]),
                limit=_MOST_HELD / MIB,
            ),
        )


@back_pressure.check
async def what_waited_is_not_lost(processor: Processor, world: World) -> None:
    """Everything that several fire hoses send is counted, once."""
    shape = draw_shape(world.draw)
    running = await processor.start(shape, workers=2)
    hoses = [await _hose(running, f"hose-{lane}", 4) for lane in range(1, world.draw.integer(2, 4) + 1)]
    model = Model(shape)

    await together(*(hose.pour() for hose in hoses))
    await _close(running, model, hoses)

    await demand_counts(running, model)
    await demand_windows(running, model.closed())


@back_pressure.check
async def others_are_still_served(processor: Processor, world: World) -> None:
    """While fire hoses run, another client's reading is acknowledged, and HTTP answers."""
    shape = draw_shape(world.draw)
    running = await processor.start(shape)
    hoses = [await _hose(running, f"hose-{lane}", 24) for lane in (1, 2)]
    small = await running.connect(name="a small client")
    served: list[int] = []

    async def live() -> None:
        for seq in range(1, 4):
            await small.deliver(Reading("small", seq, _aligned(shape), 1.5))
            await running.http.get("/healthz", timeout_s=running.patience_s)
            served.append(sum(hose.acknowledged for hose in hoses))

    async with done_meanwhile(*(hose.pour() for hose in hoses)):
        await asyncio.sleep(0)
        await live()

    total = sum(hose.size for hose in hoses)
    expect(served[0], "bytes of the hoses that were acknowledged before the small client's first reading").satisfies(
        lambda done: done < total,
        expected=f"less than all {total:,}",
        why="Back-pressure is for those who send too fast. One who sends a single reading does not have to wait until they have finished.",
    )


@back_pressure.check
async def the_memory_bound_holds(processor: Processor, world: World) -> None:
    """With 1,000 sensors, 100 open windows each, and a fire hose on top, memory stays below the stated bound."""
    shape = Shape(window_ms=1_000, lateness_ms=_OPEN_WINDOWS * 1_000)
    running = await processor.start(shape)
    bound = (await running.stats()).memory_bound_mib
    expect(bound, "memory_bound_mib in /stats").satisfies(
        lambda bound: 0 < bound <= 1024,
        expected="more than 0, at most 1,024",
        why="The bound is yours to state, up to this.",
    )
    points: list[tuple[float, float]] = []
    senders = [await running.connect(name=f"client {number}") for number in (1, 2, 3, 4)]
    rng = world.draw.source()
    scale = rng.choice((1.0, 1e3, 1e6))

    async def fill(sender: Sender, lane: int) -> None:
        sensors = [f"sensor-{number}" for number in range(lane, _SENSORS, len(senders))]
        # Window by window for all sensors: none is more than LATENESS_MS behind another.
        for window in range(_OPEN_WINDOWS):
            readings = [
                Reading(name, window + 1, _START + window * 1_000, rng.uniform(-scale, scale)) for name in sensors
            ]
            await sender.send(*readings)
            await sender.acknowledged(*readings)
            if lane == 0:
                points.append((round(running.now(), 3), running.instance.memory().now / MIB))

    await together(*(fill(sender, lane) for lane, sender in enumerate(senders)))
    hose = await _hose(running, "sensor-0x", 16)
    await hose.pour()
    memory = running.instance.memory()
    points.append((round(running.now(), 3), memory.now / MIB))
    most = max(memory.peak / MIB, *(used for _, used in points))

    if most > bound:
        subject = "memory of all processes of the program together"
        raise Failure(
            subject,
            Comparison(
                subject=subject,
                expected=f"at most {bound:g} MiB, which /stats states as memory_bound_mib",
                received=f"{most:.0f} MiB",
                why=f"{_SENSORS * _OPEN_WINDOWS:,} windows are open, so each of them may cost a few kilobytes and no more, however many readings it holds. Whoever runs the "
                "program plans with the bound that it states.",
                saw=f"{_SENSORS} sensors, {_OPEN_WINDOWS} open windows each, {shape}",
            ),
            Series(subject=subject, unit="MiB", points=thinned(points), limit=float(bound)),
        )


@back_pressure.check
async def who_does_not_listen_is_not_read(processor: Processor, world: World) -> None:
    """From a client that does not read its rejects, no more than 8 MiB are read beyond those that were answered."""
    line = b"x" * 19 + b"\n"
    running = await processor.start(draw_shape(world.draw))
    deaf = await running.connect(name="does not read", receive_buffer=4096, send_buffer=65536, reading=False)
    chunk = line * (64 * 1024 // len(line))

    most = 0
    while most <= _MOST_HELD + MIB:
        taken = await deaf.client.send_some(chunk, timeout_s=_PAUSE_S)
        most = max(most, _unanswered(running, deaf, len(line)))
        if taken < len(chunk):
            return
    fail(
        "bytes read from a client that does not read its answers",
        expected=f"at most 8 MiB ({_MOST_HELD:,} bytes) beyond the lines whose rejects the socket has taken",
        received=f"{most:,} bytes, and it reads on",
        why="Every bad line is owed a reject. Who sends on without reading them fills the program's memory with answers, unless the program stops reading from it.",
        saw=f"{deaf.client.sent_bytes:,} bytes sent, in bad lines of {len(line)} bytes",
    )


def _unanswered(running: Running, deaf: Sender, length: int) -> int:
    """A lower bound of the bytes that were read and not answered: as many rejects as fit are taken to be in the kernel's buffers."""
    port, mine = running.instance.ports["INGEST_PORT"], deaf.client.local[1]
    sent = deaf.client.sent_bytes
    ours, theirs = queued(deaf, port)
    back = sum(_answers(port, mine))
    return sent - ours - theirs - back // _LEAST_REJECT * length


def _answers(port: int, mine: int) -> tuple[int, int]:
    """Bytes of answers in the program's send queue and in our receive queue."""
    return queue(port, mine, sending=True), queue(mine, port, sending=False)


async def _hose(running: Running, sensor: str, mebibytes: int) -> Hose:
    sender = await running.connect(name=sensor, send_buffer=256 * 1024)
    return Hose(running, sender, sensor, _aligned(running.shape), mebibytes * MIB // LINE)


async def _close(running: Running, model: Model, hoses: list[Hose]) -> None:
    for hose in hoses:
        model.take_all(hose.readings)
    closer = await running.connect(name="closes")
    for hose in hoses:
        last = hose.readings[-1]
        closing = Reading(last.sensor, last.seq + 1, last.ts + running.shape.window_ms, 0.0)
        model.take(closing)
        await closer.deliver(closing)


def _aligned(shape: Shape) -> int:
    return _START - _START % shape.window_ms
