"""Stage 2: many sensors over many connections, which come and go, and readings that come again."""

from __future__ import annotations

from collections.abc import Sequence

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender, highest
from climb.projects.processor.rules import Model, Reading
from climb.projects.processor.stages.draws import Traffic, draw_shape, draw_traffic, interleaved
from climb.projects.processor.stages.judged import demand_counts, demand_windows

__all__ = ["many_connections"]

many_connections = Stage(
    "many-connections",
    "Many connections",
    concepts=["threads-and-processes", "race-conditions", "mutexes", "idempotency"],
    hints=[
        "Two connections deliver at the same moment. Which of your tables do both of them touch, and what happens between reading an entry and writing "
        "it back?",
        "Give each piece of shared data one owner, or one lock that everybody takes: windows, clocks, the highest number of each sensor, the counters. "
        "None of it belongs to a connection, since a sensor comes back over another one.",
        "Keep for each sensor the highest seq that was taken. A line whose seq is not above it counts as a duplicate and is acknowledged again; nothing else "
        "changes. When a client shuts down its sending side, send what it has still to get, then close.",
    ],
)

_ALIKE = ("s1", "S1", "s", "s11", "n" * 63 + "a", "n" * 63 + "b")  # but six names
_PIECE = 50  # readings that one connection sends before the next has its turn


@many_connections.check
async def each_sensor_has_windows_of_its_own(processor: Processor, world: World) -> None:
    """The readings of several sensors on one connection are kept apart."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(len(_ALIKE), len(_ALIKE)), called=_ALIKE)
    mixed = interleaved(world.draw.source(), *(track.body for track in traffic.tracks))
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await sender.deliver(*traffic.openings)
    await sender.deliver(*mixed, *traffic.closings)

    await demand_windows(running, traffic.model().closed())


@many_connections.check
async def nothing_is_lost_between_connections(processor: Processor, world: World) -> None:
    """Many connections that send at once lose no reading and count none twice."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(16, 24), most=1_000)
    running = await processor.start(traffic.shape, workers=2)
    lanes = [traffic.tracks[lane::8] for lane in range(8)]
    senders = [await running.connect(name=f"client {number}") for number in range(1, 9)]
    for sender, lane in zip(senders, lanes, strict=True):
        await sender.deliver(*(track.opening for track in lane))

    async def pour(sender: Sender, readings: Sequence[Reading]) -> None:
        for begin in range(0, len(readings), _PIECE):
            await sender.send(*readings[begin : begin + _PIECE])
        await sender.acknowledged(*readings)

    rng = world.draw.source()
    mixed = [interleaved(rng, *(track.readings[1:] for track in lane)) for lane in lanes]
    await together(*(pour(sender, readings) for sender, readings in zip(senders, mixed, strict=True)))

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@many_connections.check
async def a_sensor_comes_back(processor: Processor, world: World) -> None:
    """A sensor that goes on over another connection goes on in the same windows."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3))
    running = await processor.start(traffic.shape)
    await _in_turns(running, traffic, pieces=world.draw.integer(1, 4), politely=not world.draw.flag())

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@many_connections.check
async def a_resent_reading_counts_once(processor: Processor, world: World) -> None:
    """What was taken is acknowledged again when it comes again, counted as a duplicate, and changes nothing."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3))
    running = await processor.start(traffic.shape)
    model = traffic.model()
    first = await running.connect(name="first")
    await first.deliver(*traffic.openings)
    await first.deliver(*traffic.bodies)
    back = world.draw.integer(1, 8)
    again = [reading for track in traffic.tracks for reading in track.readings[:-1][-back:]]
    # A connection of its own, so that the acks are those for what came again.
    second = await running.connect(name="again")

    await second.deliver(*again)
    model.take_all(again)
    await first.deliver(*traffic.closings)

    await demand_windows(
        running,
        model.closed(),
        saw="sent a second time: "
        + "; ".join(map(str, again[:4]))
        + (f"; and {len(again) - 4} more" if len(again) > 4 else ""),
    )
    await demand_counts(running, model)


@many_connections.check
async def a_number_left_out_is_over(processor: Processor, world: World) -> None:
    """A number that its sensor left out is a duplicate when it comes after a higher one."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(1, 1), windows=2)
    seq = traffic.tracks[0].readings[-2].seq
    left_out = world.draw.integer(1, 3)
    after = Reading(traffic.tracks[0].sensor, seq + left_out + 1, traffic.last_end - 1, 64.0)
    tardy = Reading(traffic.tracks[0].sensor, seq + 1, traffic.last_end - 1, 128.0)
    closing = Reading(traffic.tracks[0].sensor, after.seq + 1, traffic.end, 0.0)
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)
    model.take_all([*traffic.readings[:-1], after, tardy, closing])

    await sender.deliver(*traffic.readings[:-1], after)
    await sender.deliver(tardy)
    await sender.deliver(closing)

    await demand_windows(running, model.closed(), saw=f"seq {tardy.seq} came after seq {after.seq}")
    await demand_counts(running, model)


@many_connections.check
async def readings_over_http(processor: Processor, world: World) -> None:
    """POST /ingest takes the same lines, and its answer holds every sensor that has a good line in it."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 4))
    running = await processor.start(traffic.shape)
    rng = world.draw.source()
    parts = [
        list(traffic.openings),
        interleaved(rng, *(track.body for track in traffic.tracks)),
        list(traffic.closings),
    ]
    sender = await running.connect()
    await sender.deliver(*parts.pop(0))

    for part in parts:
        half = len(part) // 2
        await sender.deliver(*part[:half])
        lines = b"".join(reading.line() for reading in part[half:])
        answer = await running.post(lines.removesuffix(b"\n") if world.draw.flag() else lines, *part[half:])
        expect(answer, "the answer to POST /ingest").equals(
            {"ack": highest(part[half:]), "rejected": []},
            why="The ack names the highest number of each sensor in the body, once all of it is safe. No line of it was bad.",
        )

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@many_connections.check
async def the_last_answers_come_before_the_end(processor: Processor, world: World) -> None:
    """A client that has shut down its sending side gets all its answers, then the end of the connection."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 4), most=200)
    running = await processor.start(traffic.shape)
    opener = await running.connect(name="opener")
    await opener.deliver(*traffic.openings)
    sender = await running.connect(name="leaving")

    rest = [*traffic.bodies, *traffic.closings]
    await sender.send(*rest)
    await sender.finish()

    expect(sender.acked, "acks before the end of the connection").equals(
        highest(rest),
        why="To have sent everything is not to have heard everything. The end of input is no reason to drop answers that are owed.",
    )
    await demand_windows(running, traffic.model().closed())


async def _in_turns(running: Running, traffic: Traffic, *, pieces: int, politely: bool) -> None:
    """Each sensor sends its readings in pieces, each piece over a new connection."""
    opener = await running.connect(name="opener")
    await opener.deliver(*traffic.openings)
    for track in traffic.tracks:
        rest = track.readings[1:]
        size = -(-len(rest) // pieces)
        for begin in range(0, len(rest), size):
            sender = await running.connect(name=f"{track.sensor}, piece {begin // size + 1}")
            await sender.deliver(*rest[begin : begin + size])
            if politely:
                await sender.close()
            else:
                sender.client.abort()
