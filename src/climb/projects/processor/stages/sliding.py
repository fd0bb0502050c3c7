"""Stage 5: windows that overlap."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor
from climb.projects.processor.rules import Model, Reading
from climb.projects.processor.stages.draws import draw_shape, draw_start, draw_traffic, interleaved, plain_value
from climb.projects.processor.stages.judged import demand_counts, demand_windows

__all__ = ["sliding"]

sliding = Stage(
    "sliding",
    "Sliding windows",
    concepts=["stream-windows", "complexity"],
    hints=[
        "A window of ten seconds begins every two. In how many of them is one reading, and which is the first?",
        "The last window that holds ts starts at ts - ts % SLIDE_MS. The others start one, two, … slides earlier, as long as they end above ts and do not start "
        "before 1970.",
        "For start = last, last - SLIDE_MS, … down to what is above last - WINDOW_MS and not below 0: if start + WINDOW_MS is above the watermark, add "
        "the reading there. It is accepted once if there was at least one such window, and late once if there was none.",
    ],
)


@sliding.check
async def a_reading_is_in_each_of_its_windows(processor: Processor, world: World) -> None:
    """A reading counts in each of the windows that hold its ts."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw, slides=(5, 10)), sensors=(1, 1), windows=10)
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await sender.deliver(*traffic.readings)

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@sliding.check
async def none_starts_before_1970(processor: Processor, world: World) -> None:
    """Readings of the first moments of 1970 are in fewer windows, since none starts before."""
    shape = draw_shape(world.draw, slides=(2,))
    rng = world.draw.source()
    count = world.draw.integer(0, 12)
    moments = [0, *sorted(rng.randrange(shape.window_ms) for _ in range(count)), shape.window_ms * 2]
    readings = [Reading("s1", seq, ts, plain_value(rng)) for seq, ts in enumerate(moments, 1)]
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)
    model.take_all(readings)

    await sender.deliver(*readings)

    await demand_windows(running, model.closed())


@sliding.check
async def windows_close_one_after_the_other(processor: Processor, world: World) -> None:
    """Each window is shown when the watermark reaches its own end, while those that overlap it stay open."""
    shape = draw_shape(world.draw, slides=(2,))
    start = draw_start(world.draw, shape)
    steps = world.draw.some(lambda: world.draw.integer(1, 2), at_least=1, at_most=8)
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)

    ts = start
    for seq, step in enumerate((0, *steps), 1):
        ts += step * shape.step_ms
        reading = Reading("s1", seq, ts, float(seq))
        await sender.deliver(reading)
        model.take(reading)
        await demand_windows(running, model.closed(), saw=f"the watermark is at {model.watermark}; {shape}")


@sliding.check
async def too_late_for_some_windows(processor: Processor, world: World) -> None:
    """A reading that is too late for some of its windows counts in the others; it is late only if all of them are closed."""
    shape = draw_shape(world.draw, slides=(2,))
    start = draw_start(world.draw, shape)
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)
    first = [Reading("s1", 1, start, 1.0), Reading("s1", 2, start + shape.window_ms + 1, 2.0)]
    await sender.deliver(*first)
    model.take_all(first)
    await demand_windows(running, model.closed())
    rng = world.draw.source()
    # The watermark is one window beyond start: of the windows that hold these moments, some are closed and some are open, or all are closed.
    offsets = world.draw.some(lambda: world.draw.choice((1, 0, -1)), at_least=1, at_most=5)
    behind = [
        Reading("s1", seq, start + offset * shape.step_ms + rng.randrange(shape.step_ms), plain_value(rng))
        for seq, offset in enumerate(offsets, 3)
    ]

    await sender.deliver(*behind)
    model.take_all(behind)
    closing = Reading("s1", len(behind) + 3, start + 3 * shape.window_ms, 0.0)
    await sender.deliver(closing)
    model.take(closing)

    await demand_windows(
        running, model.closed(), saw=f"the watermark was at {first[-1].ts} when these came: {behind[0]}, …"
    )
    await demand_counts(running, model)


@sliding.check
async def many_sensors_out_of_order(processor: Processor, world: World) -> None:
    """Many sensors, out of order within the lateness, fill overlapping windows exactly."""
    shape = draw_shape(world.draw, slides=(2,), late=True)
    traffic = draw_traffic(world.draw, shape, sensors=(2, 6), windows=8, most=60)
    running = await processor.start(shape, workers=2)
    sender, other = await running.connect(name="client 1"), await running.connect(name="client 2")
    await sender.deliver(*traffic.openings)
    rng = world.draw.source()
    mixed = [
        interleaved(rng, *(track.readings[1:] for track in lane))
        for lane in (traffic.tracks[::2], traffic.tracks[1::2])
    ]

    await sender.send(*mixed[0])
    await other.send(*mixed[1])
    await sender.acknowledged(*mixed[0])
    await other.acknowledged(*mixed[1])

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)
