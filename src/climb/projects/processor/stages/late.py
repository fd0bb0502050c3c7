"""Stage 4: out of order and late. What "now" means when clocks disagree."""

from __future__ import annotations

import asyncio

from climb.judge.expect import CannotTell, expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender
from climb.projects.processor.rules import Model, Reading, Shape
from climb.projects.processor.stages.draws import WINDOWS_MS, draw_shape, draw_start, draw_traffic, plain_value
from climb.projects.processor.stages.judged import demand_counts, demand_watermark, demand_windows, look_right

__all__ = ["late"]

late = Stage(
    "late",
    "Out of order and late",
    concepts=["stream-windows", "priority-queues"],
    hints=[
        "Two sensors disagree by a minute about the time. Whose readings would be lost if the faster one decided when a window is over?",
        "Keep one clock for each sensor, its largest ts. The watermark is the smallest of them less LATENESS_MS, among the sensors that are not idle, and it only "
        "ever grows. Only the watermark closes windows.",
        "Take a reading in this order: is it a duplicate; which of its windows end above the watermark; add it to those, or count it as late if there is "
        "none; then raise the sensor's clock and compute watermark = max(watermark, min(clocks) - LATENESS_MS). Real time has one use: to tell "
        "that nothing of a sensor was taken for IDLE_MS.",
    ],
)

_PULSES = 4  # in one IDLE_MS
_LONG_IDLE_MS = 2_000  # time enough to look whether a sensor that is back is waited for
_LOOK_S = 0.05


@late.check
async def disorder_within_the_lateness_counts(processor: Processor, world: World) -> None:
    """Readings that are out of order by LATENESS_MS at most count in their windows."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw, late=True), sensors=(1, 1), most=60)
    running = await processor.start(traffic.shape)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)

    await sender.deliver(*traffic.bodies, *traffic.closings)

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@late.check
async def a_late_reading_changes_nothing(processor: Processor, world: World) -> None:
    """A reading for a window that is closed is acknowledged and counted as late; the window stays as it was shown."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 1))
    running = await processor.start(traffic.shape)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*traffic.bodies, *traffic.closings)
    model = traffic.model()
    shown = await demand_windows(running, model.closed())
    await demand_watermark(running, model)
    rng = world.draw.source()
    last = {track.sensor: track.closing.seq for track in traffic.tracks}
    tardy = []
    for track in world.draw.some(lambda: world.draw.choice(traffic.tracks), at_least=1, at_most=6):
        last[track.sensor] += 1
        tardy.append(
            Reading(track.sensor, last[track.sensor], rng.randrange(traffic.start, traffic.last_end), plain_value(rng))
        )

    await sender.deliver(*tardy)

    model.take_all(tardy)
    further = [
        Reading(one.sensor, last[one.sensor] + 1, one.ts + traffic.shape.window_ms, 0.0) for one in traffic.closings
    ]
    await sender.deliver(*further)
    model.take_all(further)
    saw = f"{len(shown)} windows were shown; then came {tardy[0]}" + (", and more like it" if len(tardy) > 1 else "")
    await demand_windows(running, model.closed(), saw=saw)
    await demand_counts(running, model)


@late.check
async def the_slowest_sensor_decides(processor: Processor, world: World) -> None:
    """While one sensor is behind, no window that it may still send to is closed."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(2, 4))
    slow, *fast = traffic.tracks
    running = await processor.start(shape)
    sender = await running.connect(name="the fast ones")
    other = await running.connect(name="the slow one")
    await sender.deliver(*traffic.openings)
    for track in fast:
        for reading in track.readings[1:]:
            await sender.deliver(reading)

    behind = traffic.start
    stats = await running.stats_until(lambda stats: stats.watermark is not None and stats.watermark >= behind)
    expect(stats.watermark, "watermark in /stats").equals(
        behind,
        why=f"{slow.sensor} is known, not idle, and its clock is at {traffic.start}. It is the slowest, so it decides, however far the "
        f"others are.",
        saw=f"the others are at {traffic.end}; {shape}",
    )
    await other.deliver(*slow.readings[1:])

    model = traffic.model()
    await demand_windows(
        running, model.closed(), saw=f"{slow.sensor} sent its readings after all others had sent theirs"
    )
    await demand_counts(running, model)


@late.check
async def an_idle_sensor_holds_nothing(processor: Processor, world: World) -> None:
    """A sensor that has been silent for IDLE_MS holds the watermark no longer."""
    shape = Shape(window_ms=world.draw.choice(WINDOWS_MS))
    idle_ms = world.draw.choice((300, 200, 500))
    traffic = draw_traffic(world.draw, shape, sensors=(2, 2), windows=2)
    silent, awake = traffic.tracks
    running = await processor.start(shape, idle_ms=idle_ms)
    sender = await running.connect()
    model = Model(shape)
    # Whichever of the two is idle at whatever moment: no reading here is older than the largest ts before it, so each of them counts.
    await sender.deliver(*traffic.openings)
    await sender.deliver(*awake.body)
    model.take_all([*traffic.openings, *awake.body])
    model.fall_idle(silent.sensor)

    last = await _go_on_alone(running, sender, model, awake.body[-1], traffic.end, idle_ms)
    saw = f"{silent.sensor} fell silent at {silent.opening.ts}, {awake.sensor} went on to {last.ts}; IDLE_MS={idle_ms}, {shape}"
    if not (await running.page()).windows:
        look_right([], model.closed(), 0.0, saw=saw)
    await demand_windows(running, model.closed(), saw=saw)
    end = last.ts - last.ts % shape.window_ms + shape.window_ms
    first = silent.opening.seq + 1
    back = [Reading(silent.sensor, first, last.ts, 3.0), Reading(silent.sensor, first + 1, end, 0.0)]
    closing = Reading(awake.sensor, last.seq + 1, end, 0.0)
    await sender.deliver(*back)
    await sender.deliver(closing)
    model.take_all([*back, closing])
    await demand_windows(running, model.closed(), saw=f"{saw}; then {silent.sensor} was back with {back[0]}")
    await demand_counts(running, model)


@late.check
async def the_watermark_never_goes_back(processor: Processor, world: World) -> None:
    """A sensor that appears with an old ts does not move the watermark back, and opens no window again."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(1, 1))
    running = await processor.start(shape)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*traffic.bodies, *traffic.closings)
    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_watermark(running, model)
    rng = world.draw.source()
    old = Reading("newcomer", 1, rng.randrange(traffic.start, traffic.last_end), 5.0)

    await sender.deliver(old)
    model.take(old)

    stats = await running.stats()
    expect(stats.watermark, "watermark in /stats").equals(
        model.watermark,
        why=f"The clock of the new sensor is {old.ts}, so the smallest clock is smaller than before. But windows up to {traffic.end} were shown, and what was "
        "shown is final: the watermark stays until the smallest clock has passed it.",
        saw=str(old),
    )
    further = [Reading(one.sensor, one.seq + 1, one.ts + shape.window_ms, 0.0) for one in traffic.closings]
    further.append(Reading("newcomer", 2, traffic.closings[0].ts + shape.window_ms, 0.0))
    await sender.deliver(*further)
    model.take_all(further)
    await demand_windows(running, model.closed(), saw=str(old))


@late.check
async def a_clock_is_the_largest_ts(processor: Processor, world: World) -> None:
    """A reading that is older than the one before it does not turn its sensor's clock back."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    far = start + world.draw.integer(shape.window_ms // 2, shape.window_ms - 1)
    older = Reading("ahead", 3, start + world.draw.integer(1, shape.window_ms // 2 - 1), 1.5)
    others = [f"s{number}" for number in range(world.draw.integer(1, 4))]
    running = await processor.start(shape)
    sender = await running.connect()
    # All in one window, which stays open: that the slowest sensor decides is another claim.
    rounds = [
        [Reading(sensor, 1, start, 0.0) for sensor in ("ahead", *others)],
        [Reading("ahead", 2, far, 2.5), older],
        [Reading(sensor, 2, far, 3.5) for sensor in others],
    ]
    for readings in rounds:
        await sender.deliver(*readings)

    stats = await running.stats_until(lambda stats: stats.watermark == far)
    expect(stats.watermark, "watermark in /stats").equals(
        far,
        why=f"The clock of a sensor is the largest ts of its readings, and not that of the last one: all sensors are at {far}.",
        saw=f"{older}, behind one at {far}; {shape}",
    )
    closings = [Reading(sensor, 4, start + shape.window_ms, 0.0) for sensor in ("ahead", *others)]
    await sender.deliver(*closings)
    model = Model(shape)
    model.take_all([*(reading for readings in rounds for reading in readings), *closings])
    await demand_windows(running, model.closed(), saw=str(older))
    await demand_counts(running, model)


@late.check
async def a_sensor_that_is_back_holds_again(processor: Processor, world: World) -> None:
    """A sensor that was idle and has sent again holds the watermark like any other."""
    shape = Shape(window_ms=world.draw.choice(WINDOWS_MS))
    traffic = draw_traffic(world.draw, shape, sensors=(2, 2), windows=2)
    silent, awake = traffic.tracks
    running = await processor.start(shape, idle_ms=_LONG_IDLE_MS)
    sender = await running.connect()
    model = Model(shape)
    opened = running.now()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*awake.body)
    model.take_all([*traffic.openings, *awake.body])
    model.fall_idle(silent.sensor)
    last = await _go_on_alone(running, sender, model, awake.body[-1], traffic.end, _LONG_IDLE_MS)
    if running.now() - opened < _LONG_IDLE_MS / 1000 or not (await running.page()).windows:
        return  # it did not wait for the silent one, or waits for ever: these are other claims

    began = running.now()
    back = Reading(silent.sensor, silent.opening.seq + 1, last.ts, 3.0)
    further = Reading(awake.sensor, last.seq + 1, last.ts + 3 * shape.window_ms, 0.0)
    await sender.deliver(back)
    await sender.deliver(further)
    await _demand_held(running, last.ts, began, saw=f"{back}, then {further}; IDLE_MS={_LONG_IDLE_MS}, {shape}")
    closing = Reading(silent.sensor, back.seq + 1, further.ts, 0.0)
    await sender.deliver(closing)

    model.take_all([back, further, closing])
    await demand_windows(running, model.closed(), saw=str(closing))
    await demand_counts(running, model)


async def _go_on_alone(running: Running, sender: Sender, model: Model, last: Reading, ts: int, idle_ms: int) -> Reading:
    """Readings of one sensor from behind ``ts`` on, a millisecond apart, until a window is shown; the last of them."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + running.patience_s
    while not (await running.page()).windows and loop.time() < deadline:
        ts += 1
        last = Reading(last.sensor, last.seq + 1, ts, 1.0)
        await sender.deliver(last)
        model.take(last)
        await asyncio.sleep(idle_ms / 1000 / _PULSES)
    return last


async def _demand_held(running: Running, ts: int, began: float, *, saw: str) -> None:
    """Look for half of IDLE_MS whether the watermark goes beyond ``ts``."""
    looks = 0
    while (stats := await running.stats()) and running.now() - began < _LONG_IDLE_MS / 1000:
        looks += 1
        expect(stats.watermark, "watermark in /stats").satisfies(
            lambda watermark: watermark is not None and watermark <= ts,
            expected=f"at most {ts}",
            why="The sensor is back, so it is not idle: until IDLE_MS have passed once more its clock counts like the others.",
            saw=saw,
        )
        if running.now() - began > _LONG_IDLE_MS / 2000:
            return
        await asyncio.sleep(_LOOK_S)
    if not looks:
        raise CannotTell("the judge was too slow to look before the sensor was idle again")
