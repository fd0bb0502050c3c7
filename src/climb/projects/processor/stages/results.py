"""Stage 3: reading the results, a page at a time, as they come, and as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Shown, Stats
from climb.projects.processor.rules import Facts, Model, Reading, Shape, Window, find_disorder
from climb.projects.processor.rules.findings import name
from climb.projects.processor.stages.draws import Traffic, draw_shape, draw_traffic, interleaved
from climb.projects.processor.stages.judged import demand

__all__ = ["results"]

results = Stage(
    "results",
    "Reading the results",
    concepts=["http-messages", "sorting", "monitoring"],
    hints=[
        "A reader asks for a page, and a moment later for the next. What has to stand in the cursor so that it misses nothing and sees nothing twice, "
        "although windows of several sensors share a start?",
        "Keep closed windows in one list in the order in which they are shown: by start, then by sensor, and those that close later behind those that "
        "closed earlier. The list only grows, so a place in it is a cursor.",
        "GET /windows finds the place of the cursor and goes on behind it until limit windows have passed the filters; next is the place of the last one shown. "
        "GET /stream does the same and then waits for the list to grow. The id of an event is the place of its window.",
    ],
)

_BAD = (
    ("limit", "0"),
    ("limit", "10001"),
    ("limit", "ten"),
    ("from", "yesterday"),
    ("to", "1.5"),
    ("after", "? no cursor of yours ?"),
)
_SORTABLE = (
    "b",
    "A",
    "a",
    "s10",
    "s9",
    "_",
    "Z",
    "-",
    "B",
    ".",
)  # letters, numbers and signs sort otherwise than bytes do
_METRICS = {
    "processor_accepted_total": "accepted",
    "processor_late_total": "late",
    "processor_duplicates_total": "duplicates",
    "processor_rejected_total": "rejected",
    "processor_windows_closed_total": "windows_closed",
    "processor_sensors": "sensors",
    "processor_watermark_ms": "watermark",
}


@results.check
async def windows_come_in_order(processor: Processor, world: World) -> None:
    """Windows are ordered by start, then by the bytes of the sensor's name, on pages and on the stream."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(3, len(_SORTABLE)), windows=4, called=_SORTABLE)
    running = await processor.start(traffic.shape)
    count = len(traffic.model().closed())

    async with running.feed() as feed:
        await _fill(running, world, traffic)
        events = await feed.take(count)

    demand(find_disorder(await running.windows(count)), saw="GET /windows")
    demand(find_disorder([event.window for event in events]), saw="GET /stream")


@results.check
async def pages_join_without_a_gap(processor: Processor, world: World) -> None:
    """Page after page, each window is shown once; the cursor behind the last one finds what closes later."""
    shape = draw_shape(world.draw)
    traffic = draw_traffic(world.draw, shape, sensors=(3, 8), windows=3)
    limit = world.draw.integer(1, 5)
    running = await processor.start(shape)
    nothing = await running.page()
    expect(nothing.next, "next of an empty page").equals(
        None, why="There was no after, and there is nothing to be behind."
    )
    await _fill(running, world, traffic)
    closed = traffic.model().closed()
    await running.windows(len(closed))

    pages = await running.pages(limit=limit)

    expect(max(len(page.windows) for page in pages), "windows on a page").at_most(
        limit, why=f"The reader asked for {limit} at most."
    )
    _all_of_them([window for page in pages for window in page.windows], closed, f"limit={limit}")
    cursor = pages[-1].next
    expect(cursor, "next of the empty page at the end").equals(
        pages[-2].next,
        why="On an empty page next is the after that was given: the reader keeps it and asks again later.",
    )
    sender = await running.connect(name="later")
    later = [_later(each, 1, shape) for each in traffic.closings]
    await sender.deliver(*later)
    model = traffic.model()
    model.take_all(later)
    everything = model.closed()
    await running.windows(len(everything))
    rest = await running.pages(after=cursor, limit=limit)
    _all_of_them(
        [window for page in rest for window in page.windows],
        everything[len(closed) :],
        "a cursor from before these windows closed",
    )


@results.check
async def filters_choose(processor: Processor, world: World) -> None:
    """sensor, from and to choose windows, and a cursor goes on among those that were chosen."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(2, 6), windows=6, most=30)
    running = await _filled(processor, world, traffic)
    closed = traffic.model().closed()
    await running.windows(len(closed))
    sensor = world.draw.choice(traffic.tracks).sensor
    step = traffic.shape.step_ms
    low = traffic.start + step * world.draw.integer(0, 3)
    high = low + step * world.draw.integer(1, 3)

    filters: tuple[tuple[str | None, int | None, int | None], ...] = (
        (sensor, None, None),
        (None, low, None),
        (None, None, high),
        (None, low, high),
        (None, low + 1, high + 1),
        (sensor, low, high),
    )
    for only, begin, end in filters:
        chosen: dict[str, Any] = {
            key: value for key, value in (("sensor", only), ("from", begin), ("to", end)) if value is not None
        }
        pages = await running.pages(**chosen, limit=world.draw.integer(1, 4))
        wanted = [
            facts
            for facts in closed
            if only in (None, facts.sensor)
            and (begin is None or begin <= facts.start)
            and (end is None or facts.start < end)
        ]
        _all_of_them(
            [window for page in pages for window in page.windows],
            wanted,
            "GET /windows with " + ", ".join(f"{key}={value}" for key, value in chosen.items()),
        )


@results.check
async def a_wrong_parameter_is_named(processor: Processor, world: World) -> None:
    """A parameter that is wrong is answered with 400 and an error that names it."""
    running = await processor.start(draw_shape(world.draw))

    for parameter, value in world.draw.sample(_BAD, 4):
        response = await running.http.request("GET", f"/windows?{parameter}={value.replace(' ', '%20')}", status=None)
        asked = f"GET /windows?{parameter}={value}"
        expect(response.status, f"status of {asked}").equals(
            400, why="A guess at what was meant shows the wrong windows, and nobody notices."
        )
        answer = response.json()
        error = answer.get("error") if isinstance(answer, dict) else None
        expect(error, f"error in the answer to {asked}").satisfies(
            partial(_names, parameter),
            expected=f"a text that names {parameter}",
            why="The caller has to find out which of its parameters to mend.",
        )


@results.check
async def the_stream_shows_what_closes(processor: Processor, world: World) -> None:
    """GET /stream shows each window that closes from now on as one event of the type window, only those of ?sensor= if it is given."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(2, 5), windows=1)
    running = await processor.start(traffic.shape)
    await _fill(running, world, traffic)
    model = traffic.model()
    before = model.closed()
    await running.windows(len(before))
    steps = world.draw.integer(2, 4)
    later = [_later(each, step, traffic.shape) for step in range(1, steps + 1) for each in traffic.closings]
    model.take_all(later)
    closed = model.closed()[len(before) :]
    sensor = world.draw.choice(traffic.tracks).sensor
    mine = [facts for facts in closed if facts.sensor == sensor]

    async with running.feed() as feed, running.feed(sensor=sensor) as filtered:
        sender = await running.connect(name="later")
        await sender.deliver(*later)
        shown = await feed.take(len(closed), typed=True)
        chosen = await filtered.take(len(mine), typed=True)

    _all_of_them([event.window for event in shown], closed, "GET /stream")
    _all_of_them([event.window for event in chosen], mine, f"GET /stream?sensor={sensor}")


@results.check
async def the_stream_goes_on_behind_a_cursor(processor: Processor, world: World) -> None:
    """With Last-Event-ID, or after, the stream begins right behind that window: first what has closed since, then what closes."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(2, 5), windows=3)
    running = await processor.start(traffic.shape)
    model = traffic.model()
    closed = model.closed()
    async with running.feed() as feed:
        await _fill(running, world, traffic)
        seen = await feed.take(world.draw.integer(1, len(closed)))
    cursor = seen[-1].id
    expect(cursor, "the id of an event").satisfies(
        bool, expected="a cursor", why="Without an id the reader can't say where to go on after a broken connection."
    )
    await running.windows(len(closed))
    later = [_later(each, 1, traffic.shape) for each in traffic.closings]
    model.take_all(later)
    before = {event.window.place for event in seen}
    wanted = [facts for facts in model.closed() if facts.place not in before]

    async with running.feed(last_event_id=cursor) as by_header, running.feed(after=cursor) as by_parameter:
        sender = await running.connect(name="later")
        await sender.deliver(*later)
        for feed, how in ((by_header, f"Last-Event-ID: {cursor}"), (by_parameter, f"?after={cursor}")):
            events: list[Shown] = await feed.take(len(wanted))
            _all_of_them(
                [event.window for event in events], wanted, f"GET /stream with {how}, after {len(seen)} windows"
            )
    pages = await running.pages(after=cursor)
    _all_of_them(
        [window for page in pages for window in page.windows], wanted, "GET /windows with the id of an event as after"
    )


@results.check
async def stats_and_metrics_agree(processor: Processor, world: World) -> None:
    """What was counted stands in /stats as JSON and in /metrics in Prometheus' format, with the same numbers."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 4))
    running = await processor.start(traffic.shape, workers=world.draw.integer(1, 3))
    expect((await running.stats()).watermark, "watermark before the first reading").equals(
        None, why="There is no sensor, so there is no smallest clock."
    )
    expect(
        "processor_watermark_ms" in await running.metrics(), "processor_watermark_ms before the first reading"
    ).equals(False, why="A gauge that shows 0 where there is nothing says that event time is at 1970.")
    await _fill(running, world, traffic)
    model = traffic.model()
    sender = await running.connect(name="other")
    again = traffic.openings[: world.draw.integer(1, len(traffic.openings))]
    bad = world.draw.integer(1, 3)
    await sender.deliver(*again)
    await sender.send_raw(b"no reading\n" * bad)
    await sender.rejected(bad)
    model.take_all(again)
    closed = len(model.closed())

    stats = await running.stats_until(lambda stats: stats.windows_closed >= closed and stats.watermark == traffic.end)

    _stats_are_right(stats, running, model, rejected=bad)
    metrics = await running.metrics()
    for metric, field in _METRICS.items():
        kind = "counter" if metric.endswith("_total") else "gauge"
        expect(metrics.get(metric), f"{metric} in /metrics, its type and its value").equals(
            (kind, float(getattr(stats, field))),
            why=f"It is the same number as {field} in /stats. A metrics server computes rates from counters, so the type matters.",
        )


def _later(closing: Reading, steps: int, shape: Shape) -> Reading:
    """What the same sensor sends some windows later."""
    return Reading(closing.sensor, closing.seq + steps, closing.ts + steps * shape.window_ms, float(steps))


def _names(parameter: str, error: object) -> bool:
    return isinstance(error, str) and parameter in error


def _stats_are_right(stats: Stats, running: Running, model: Model, *, rejected: int) -> None:
    counts = {taken.value: count for taken, count in model.counts.items()}
    expected = {
        "accepted": counts["accepted"],
        "late": counts["late"],
        "duplicates": counts["duplicate"],
        "rejected": rejected,
        "sensors": model.sensors,
        "windows_closed": len(model.closed()),
        "watermark": model.watermark,
        "workers": int(running.instance.env.get("WORKERS", "1")),
    }
    received = {field: getattr(stats, field) for field in expected}
    expect(received, "what /stats says").equals(
        expected, why="All that was sent has been acknowledged or rejected, so it is in these numbers."
    )
    expect(stats.percentile_error, "percentile_error in /stats").satisfies(
        lambda error: 0 <= error <= 0.02,
        expected="0 to 0.02",
        why="Percentiles may be estimates, but not worse than that.",
    )
    expect(stats.memory_bound_mib, "memory_bound_mib in /stats").satisfies(
        lambda bound: 0 < bound <= 1024,
        expected="more than 0, at most 1,024",
        why="The bound is yours to state, up to this.",
    )


async def _filled(processor: Processor, world: World, traffic: Traffic) -> Running:
    running = await processor.start(traffic.shape)
    await _fill(running, world, traffic)
    return running


async def _fill(running: Running, world: World, traffic: Traffic) -> None:
    """Send all of the traffic over one connection."""
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*interleaved(world.draw.source(), *(track.readings[1:] for track in traffic.tracks)))


def _all_of_them(shown: Sequence[Window], wanted: Sequence[Facts], where: str) -> None:
    """The right windows, each once. Their order, and what they say, is no matter here: other checks look at it."""
    got, right = sorted(window.place for window in shown), [facts.place for facts in wanted]
    if got == right:
        return
    missing = [name(facts) for facts in wanted if facts.place not in got]
    extra = [name(window) for window in shown if window.place not in right]
    twice = sorted({name(window) for window in shown if got.count(window.place) > 1})
    parts = [
        f"{words}: {', '.join(names[:6])}{f', and {len(names) - 6} more' if len(names) > 6 else ''}"
        for words, names in (("missing", missing), ("too many", extra), ("repeated", twice))
        if names
    ]
    fail(
        "the windows that were shown",
        expected=f"{len(right)} windows: "
        + "; ".join(name(facts) for facts in wanted[:8])
        + ("; …" if len(right) > 8 else ""),
        received=f"{len(got)}. " + ". ".join(parts),
        why="A reader that goes on from a cursor sees each window that it asked for once. Several windows share a start, so a start alone is "
        "no cursor.",
        saw=where,
    )
