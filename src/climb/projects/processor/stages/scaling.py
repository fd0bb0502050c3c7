"""Stage 12: several workers, one result, and more readings a second."""

from __future__ import annotations

from collections.abc import Iterable

from climb.judge.calibration import calibrate_cores
from climb.judge.evidence import Comparison, Table
from climb.judge.expect import CannotTell, Failure, expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor
from climb.projects.processor.rules import Model, Reading, find_disorder
from climb.projects.processor.stages.draws import draw_shape, draw_start, draw_traffic, interleaved
from climb.projects.processor.stages.judged import demand, demand_counts, demand_windows, look_right
from climb.projects.processor.stages.throughput import Run, measure, sized

__all__ = ["scaling"]

scaling = Stage(
    "scaling",
    "Scaling",
    concepts=["parallel-streams", "threads-and-processes", "shared-memory", "false-sharing"],
    timed=True,
    hints=[
        "What do two workers share in your program? For each shared thing: how often does one of them wait for the other there?",
        "Give each sensor to one worker, by a hash of its name that does not change from start to start. Then windows, numbers and clocks need no lock. What they share is the watermark, the list "
        "of closed windows, and the log.",
        "Let each worker tell the smallest clock of its sensors now and then, take the smallest of all, and close windows everywhere up to that. Hand batches of lines to workers rather than "
        "single ones, and write the log once for many readings. In a language with a global lock, use processes.",
    ],
)

_TURNS = 3
_SHARE = 0.25  # of what a second core gives to plain loops, a second worker has to give at least so much
_A_CLEAR_SHARE = 0.6  # with so much in the first turn there is nothing left to find out
_A_WHOLE_CORE = 0.7  # what one worker must have had for its work, else a second one has nothing to add
_A_SPARE_CORE = 1.5  # what two plain loops must do more than one, else there is no core to spare
_ROOM = 0.5  # cores that must be idle with one worker, before more is expected of two
_ALL_IN_USE = 0.6  # with two workers and fewer idle cores than this there was hardly anything left to take


@scaling.check
async def the_results_are_the_same(processor: Processor, world: World) -> None:
    """The same readings give the same windows with one worker, with two, and with more than there is work for."""
    shape = draw_shape(world.draw, late=world.draw.flag())
    traffic = draw_traffic(world.draw, shape, sensors=(3, 10), most=100)
    mixed = interleaved(world.draw.source(), *(track.readings[1:] for track in traffic.tracks))

    for workers in (1, 2, world.draw.integer(3, 8)):
        running = await processor.start(shape, workers=workers, fresh=True)
        sender = await running.connect()
        await sender.deliver(*traffic.openings)
        await sender.deliver(*mixed)
        model = traffic.model()
        await demand_windows(running, model.closed(), saw=f"WORKERS={workers}, {shape}")
        await demand_counts(running, model)
        expect((await running.stats()).workers, "workers in /stats").equals(
            workers, why="It says how many share the work, as WORKERS asked for."
        )
        await running.instance.kill()


@scaling.check
async def a_sensor_is_one_whatever_its_connection(processor: Processor, world: World) -> None:
    """A sensor that moves from connection to connection and resends is known to whoever works on it."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 4), most=40)
    running = await processor.start(traffic.shape, workers=world.draw.integer(2, 6))
    model = traffic.model()
    senders = [await running.connect(name=f"connection {number}") for number in range(1, 7)]
    await senders[0].deliver(*traffic.openings)
    hops = world.draw.integer(2, 6)

    for track in traffic.tracks:
        size = -(-len(track.body) // hops)
        before = list(track.readings[:1])
        for hop in range(hops):
            piece = list(track.body[hop * size : (hop + 1) * size])
            await senders[hop % len(senders)].deliver(*before, *piece)
            model.take_all(before)
            before = piece or before
    await senders[-1].deliver(*traffic.closings)

    await demand_windows(
        running, model.closed(), saw=f"each sensor moved over {hops} connections and resent its last piece on each"
    )
    await demand_counts(running, model)


@scaling.check
async def the_watermark_spans_all_workers(processor: Processor, world: World) -> None:
    """A sensor that is behind holds the windows of all sensors, whichever worker they belong to."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(10, 14), most=10)
    slow, *fast = traffic.tracks
    running = await processor.start(shape, workers=world.draw.integer(2, 6))
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*interleaved(world.draw.source(), *(track.readings[1:] for track in fast)))

    stats = await running.stats_until(lambda stats: stats.watermark is not None and stats.watermark >= traffic.start)
    early = (await running.page()).windows
    expect(
        {"watermark": stats.watermark, "windows": len(early)}, f"what is shown while {slow.sensor} is behind"
    ).equals(
        {"watermark": traffic.start, "windows": 0},
        why=f"{slow.sensor} is at {traffic.start}. The watermark is the smallest clock of all sensors, and not of those of one worker.",
    )
    await sender.deliver(*slow.readings[1:])
    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@scaling.check
async def windows_of_all_workers_are_one_list(processor: Processor, world: World) -> None:
    """Windows of several workers are shown in one order, on pages and on the stream, and none before an earlier one."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    sensors = [f"s{number}" for number in range(world.draw.integer(8, 16))]
    rounds = world.draw.integer(2, 6)
    running = await processor.start(shape, workers=world.draw.integer(2, 6))
    senders = [await running.connect(name=f"client {number}") for number in (1, 2)]
    model = Model(shape)

    async with running.feed() as feed:
        for number in range(rounds + 1):
            for lane, sender in enumerate(senders):
                readings = [
                    Reading(sensor, number + 1, start + number * shape.window_ms, float(number))
                    for sensor in sensors[lane::2]
                ]
                await sender.deliver(*readings)
                model.take_all(readings)
        closed = model.closed()
        events = await feed.take(len(closed))

    demand(find_disorder([event.window for event in events]), saw="GET /stream")
    pages = await running.pages(limit=world.draw.integer(1, 7))
    shown = [window for page in pages for window in page.windows]
    look_right(shown, closed, await running.percentile_error(), saw="GET /windows, page after page")


@scaling.check
async def two_workers_take_more(processor: Processor, world: World) -> None:
    """Two workers take clearly more readings a second than one, on a machine with a core to spare."""
    line = Reading("s1", 17, draw_start(world.draw, draw_shape(world.draw)), 21.5).line()
    before = await calibrate_cores(line)
    if before.ratio < _A_SPARE_CORE:
        before = await calibrate_cores(line)  # others may have been busy for a second
    if before.ratio < _A_SPARE_CORE:
        raise CannotTell(f"there is no core to spare here and now: {before}")
    load = await sized(processor)
    first = [await measure(processor, load, workers) for workers in (1, 2)]
    if (
        first[0].cores >= _A_WHOLE_CORE
        and first[1].rate >= _least(first[0], before.ratio, _A_CLEAR_SHARE) * first[0].rate
    ):
        return
    runs = first + [await measure(processor, load, workers) for _ in range(_TURNS - 1) for workers in (1, 2)]
    one, two = (_best(run for run in runs if run.workers == workers) for workers in (1, 2))
    after = await calibrate_cores(line)
    gain = min(before.ratio, after.ratio)
    least = _least(one, gain, _SHARE)
    if two.rate >= least * one.rate:
        return
    if after.ratio < _A_SPARE_CORE:
        raise CannotTell(f"there was no core to spare in the end: {after}; before: {before}")
    if one.cores < _A_WHOLE_CORE:
        raise CannotTell(
            f"with WORKERS=1 the program used {one.cores:.1f} cores, so it waited for something else than a processor"
        )
    if one.idle_cores < _ROOM or two.idle_cores < _ALL_IN_USE:
        raise CannotTell(
            f"the program and the judge, which sends, left {one.idle_cores:.1f} cores idle with WORKERS=1, and {two.idle_cores:.1f} with WORKERS=2: too little for a second worker to show"
        )
    subject = "readings a second with WORKERS=2, as a multiple of those with WORKERS=1"
    raise Failure(
        subject,
        Comparison(
            subject=subject,
            expected=f"at least {least:.2f}: a quarter of what a second core gives to plain loops here ({gain:.2f} times), where so much was idle with one worker",
            received=f"{two.rate / one.rate:.2f}: {one.rate:,.0f} a second with one, {two.rate:,.0f} with two (the best of {_TURNS} runs each)",
            why="Work that two share takes less time, unless one waits for the other: for a lock, for the one thread that hands out the work, or for the one that writes the log.",
            saw=str(before),
        ),
        Table(
            subject="the runs, in turns",
            columns=("WORKERS", "readings", "seconds", "readings a second", "cores used", "cores idle"),
            rows=tuple(run.row() for run in runs),
        ),
    )


def _best(runs: Iterable[Run]) -> Run:
    """The fastest: whatever else this machine does makes a run slower, and none faster."""
    return max(runs, key=lambda run: run.rate)


def _least(one: Run, gain: float, share: float) -> float:
    """
    What a second worker has to give, as a multiple: a share of what it can.

    It can give no more than a second core gives to plain loops, and needs the cores that the first one and the sender left.
    """
    return 1 + share * (min(gain, one.room) - 1)
