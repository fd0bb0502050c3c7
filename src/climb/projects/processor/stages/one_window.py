"""Stage 1: one sensor over one connection, and the windows that its readings fall into."""

from __future__ import annotations

from functools import partial

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor
from climb.projects.processor.driver.processor import environment
from climb.projects.processor.rules import Model, Reading, Shape
from climb.projects.processor.stages.draws import WINDOWS_MS, draw_shape, draw_start, draw_traffic, plain_value
from climb.projects.processor.stages.judged import demand_windows

__all__ = ["one_window"]

one_window = Stage(
    "one-window",
    "One sensor, one window",
    concepts=["sockets", "stream-windows", "hash-tables"],
    hints=[
        "Which window does a reading belong to, if all you know is its ts and WINDOW_MS? And how do you notice that a window is over?",
        "Keep the open windows in a table under (sensor, start), with start = ts - ts % WINDOW_MS. A window is not over when the clock on the wall "
        "says so, but when a reading's ts has reached its end.",
        "Read lines from a connection. For each: parse it, add it to its window, set the sensor's clock to the largest ts so far, and write "
        '{"ack": {sensor: seq}}. Then move every window whose end is at most the clock less LATENESS_MS to the list that GET /windows shows.',
    ],
)

_WRONG: tuple[tuple[str, str | None], ...] = (
    ("WINDOW_MS", None),
    ("WINDOW_MS", "0"),
    ("WINDOW_MS", "1000.5"),
    ("WINDOW_MS", "1000000001"),
    ("SLIDE_MS", "300"),  # of a window of 1,000
    ("SLIDE_MS", "0"),
    ("LATENESS_MS", "-1"),
    ("LATENESS_MS", "soon"),
    ("IDLE_MS", "0"),
    ("WORKERS", "0"),
    ("WORKERS", "65"),
    ("DATA_DIR", None),
    ("PORT", None),
    ("INGEST_PORT", "none"),
)


@one_window.check
async def readings_are_acknowledged(processor: Processor, world: World) -> None:
    """Each reading is acknowledged under its number, without waiting for another one."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    seqs = world.draw.some(lambda: world.draw.integer(1, 5), at_least=1, at_most=5)
    running = await processor.start(shape)
    sender = await running.connect()

    seq = 0
    for step in seqs:
        seq += step
        await sender.deliver(Reading("s1", seq, start, 1.5))


@one_window.check
async def a_window_is_shown_once_it_is_closed(processor: Processor, world: World) -> None:
    """A window is shown when a reading has reached its end, and not before."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    running = await processor.start(shape)
    sender = await running.connect()

    inside = [Reading("s1", 1, start, 2.0), Reading("s1", 2, start + shape.window_ms - 1, 4.0)]
    await sender.send(*inside)
    await sender.listen(*inside)
    early = await running.page()

    expect([window.start for window in early.windows], "starts of the windows that are shown").equals(
        [],
        why=f"The largest ts so far is {inside[-1].ts}, one millisecond before the end of the window at {start + shape.window_ms}: "
        "a reading of that window may still come. What the clock on the wall says has no part in it.",
    )
    closing = Reading("s1", 3, start + shape.window_ms, 8.0)
    await sender.send(closing)
    expect([window.start for window in await running.windows(1)], "starts of the windows that are shown").equals(
        [start],
        why=f"The largest ts is {closing.ts} now, which is the end of the window. LATENESS_MS is 0, so the watermark has reached it.",
    )


@one_window.check
async def every_field_is_right(processor: Processor, world: World) -> None:
    """A closed window says the count, sum, mean, extremes, percentiles and times of its readings."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(1, 1), windows=1, most=40)
    running = await processor.start(shape)
    sender = await running.connect()

    await sender.send(*traffic.readings)

    await demand_windows(running, traffic.model().closed())


@one_window.check
async def the_end_belongs_to_the_next_window(processor: Processor, world: World) -> None:
    """A reading whose ts is the end of a window is in the next one."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    rng = world.draw.source()
    moments = [0, shape.window_ms - 1, shape.window_ms, 2 * shape.window_ms - 1, 3 * shape.window_ms]
    readings = [Reading("s1", seq, start + moment, plain_value(rng)) for seq, moment in enumerate(moments, 1)]
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)
    model.take_all(readings)

    await sender.send(*readings)

    await demand_windows(running, model.closed())


@one_window.check
async def windows_start_at_multiples(processor: Processor, world: World) -> None:
    """Windows start at the multiples of WINDOW_MS since 1970, wherever readings begin, and those without readings do not exist."""
    # 7,000 does not divide a day: neither the first reading nor a round time of the clock is such a multiple.
    shape = Shape(window_ms=world.draw.choice((7_000, 77, *WINDOWS_MS)))
    rng = world.draw.source()
    ts = draw_start(world.draw, shape) + rng.randrange(1, shape.window_ms)
    gaps = world.draw.some(lambda: world.draw.integer(1, 4), at_least=1, at_most=6)
    readings = [Reading("s1", 1, ts, plain_value(rng))]
    for seq, gap in enumerate((*gaps, 1), 2):
        ts += gap * shape.window_ms
        readings.append(Reading("s1", seq, ts, plain_value(rng)))
    running = await processor.start(shape)
    sender = await running.connect()
    model = Model(shape)
    model.take_all(readings)

    await sender.send(*readings)

    await demand_windows(running, model.closed())


@one_window.check
async def a_wrong_setting_is_named(processor: Processor, world: World) -> None:
    """A variable that is missing or wrong is named on standard error, and the program ends with exit code 2."""
    for variable, value in world.draw.sample(_WRONG, 4):
        env = {**environment(Shape(window_ms=1_000), processor.folder), variable: value}
        ports = tuple(port for port in ("PORT", "INGEST_PORT") if port != variable)

        written = await processor.refuses(env, ports=ports)

        what = "missing" if value is None else f"{value!r}"
        expect(written, f"standard error with {variable} {what}").satisfies(
            partial(_names, variable),
            expected=f"a line that names {variable}",
            why="Whoever started the program has to find out which of its settings is wrong.",
        )


def _names(variable: str, text: str) -> bool:
    return variable in text
