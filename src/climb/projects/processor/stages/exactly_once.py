"""Stage 10: kill -9 at any moment, restarts, resent readings. Nothing is lost, and nothing counts twice."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.faults import AfterBytes, Injecting, Reset, Restart, Slicing, drawn_plan
from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.projects.processor.driver import Processor
from climb.projects.processor.driver.processor import environment
from climb.projects.processor.rules import Reading, Shape, Taken
from climb.projects.processor.stages.draws import Traffic, draw_shape, draw_traffic, interleaved
from climb.projects.processor.stages.judged import demand_watermark, demand_windows
from climb.projects.processor.stages.site import Device, Site

__all__ = ["exactly_once"]

exactly_once = Stage(
    "exactly-once",
    "Exactly once",
    concepts=["delivery-guarantees", "write-ahead-logs", "idempotency", "file-systems", "fault-tolerance"],
    hints=[
        "Your program is killed between two of its steps. Which two steps must never stand in the wrong order, so that no acknowledged reading is lost?",
        "Append each batch of readings to a log and hand it to the kernel with write() before you acknowledge it. kill -9 destroys what is in your process, such as a buffered "
        "writer, but not what the kernel has. At the start, read the log and do everything again.",
        "What must come back from the log: the highest number of each sensor (or a resent reading counts twice), the clocks and the watermark (or closed windows open again), "
        "the closed windows in their order (or cursors lead elsewhere), and the totals. Write watermark advances into the log as well, so that the same readings are late again. "
        "The log's last entry may be cut short: drop it, it was never acknowledged.",
    ],
)


@exactly_once.check
async def what_was_acknowledged_survives(processor: Processor, world: World) -> None:
    """Readings are killed right after their ack, and are there after the restart."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3), most=40)
    kills = world.draw.some(lambda: world.draw.integer(1, 20), at_least=2, at_most=2)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    rest = [*interleaved(world.draw.source(), *(track.body for track in traffic.tracks)), *traffic.closings]
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    taken = len(traffic.openings)

    for number, count in enumerate(kills):
        most = min(count, max(len(rest) - 1, 1))
        piece, rest = rest[:most], rest[most:]
        # In turns, since both ways of acknowledging are promises.
        if number % 2 and piece:
            await running.post(b"".join(reading.line() for reading in piece), *piece)
        else:
            await sender.deliver(*piece)
        taken += len(piece)
        running = await site.restart(at_once=True)
        expect((await running.stats()).accepted, "accepted in /stats after kill -9 and a restart").equals(
            taken,
            why="All of these were acknowledged before the program was killed. Their sender has forgotten them: what is lost now is lost for good.",
            saw=f"kill -9 right after the ack for {piece[-1]}" if piece else None,
        )
        sender = await running.connect()
    await sender.deliver(*rest)

    await demand_windows(
        running,
        traffic.model().closed(),
        saw=f"killed after the acks of {', then '.join(map(str, kills))} readings; nothing was resent",
    )


@exactly_once.check
async def what_is_resent_after_a_crash_counts_once(processor: Processor, world: World) -> None:
    """Readings that were taken before a crash are duplicates after it."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3), most=40)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    sender = await running.connect()
    before = [*traffic.openings, *traffic.bodies]
    await sender.deliver(*traffic.openings)
    await sender.deliver(*traffic.bodies)
    running = await site.restart()
    sender = await running.connect(name="after the crash")

    await sender.deliver(*before)
    await sender.deliver(*traffic.closings)

    await demand_windows(running, traffic.model().closed(), saw=f"{len(before)} readings were resent after kill -9")
    stats = await running.stats()
    expect({"accepted": stats.accepted, "duplicates": stats.duplicates}, "accepted and duplicates in /stats").equals(
        {"accepted": len(traffic.readings), "duplicates": len(before)},
        why="The highest number of each sensor has to survive as well: without it every resent reading looks new.",
    )


@exactly_once.check
async def closed_windows_stay_closed(processor: Processor, world: World) -> None:
    """Windows that were shown before a crash are shown after it, unchanged, and take no more readings."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3), most=40)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*traffic.bodies, *traffic.closings)
    model = traffic.model()
    shown = await demand_windows(running, model.closed())
    await demand_watermark(running, model)
    running = await site.restart()

    again = await running.windows(len(shown))
    expect(again, "the windows after the restart").equals(
        shown, why="What was shown is final: someone may have acted on it. No crash takes it away or changes it."
    )
    await demand_watermark(running, model)
    sender = await running.connect(name="after the crash")
    rng = world.draw.source()
    tardy = [
        Reading(one.sensor, one.seq + 1, rng.randrange(traffic.start, traffic.last_end), 7.0)
        for one in traffic.closings
    ]
    further = [Reading(one.sensor, one.seq + 2, one.ts + traffic.shape.window_ms, 0.0) for one in traffic.closings]
    await sender.deliver(*tardy)
    await sender.deliver(*further)
    model.take_all([*tardy, *further])
    await demand_windows(
        running, model.closed(), saw=f"after the restart came {tardy[0]}, for a window that was shown before the crash"
    )


@exactly_once.check
async def cursors_outlive_the_program(processor: Processor, world: World) -> None:
    """A cursor from before a crash leads on after it, for GET /windows and for GET /stream."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(2, 4), most=40)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    sender = await running.connect()
    closed = traffic.model().closed()
    seen = world.draw.integer(1, len(closed) - 1)
    async with running.feed() as feed:
        await sender.deliver(*traffic.openings)
        await sender.deliver(*traffic.bodies, *traffic.closings)
        events = await feed.take(seen)
    await running.windows(len(closed))
    cursor = (await running.page(limit=seen)).next
    running = await site.restart()
    await running.windows(len(closed))

    pages = await running.pages(after=cursor)
    async with running.feed(last_event_id=events[-1].id) as feed:
        rest = await feed.take(len(closed) - seen)

    wanted = [(facts.start, facts.sensor) for facts in closed[seen:]]
    why = "Readers keep their cursors across your restarts. Behind the same window comes the same next one."
    expect(
        [(window.start, window.sensor) for page in pages for window in page.windows], "windows behind the cursor"
    ).equals(wanted, why=why, saw=f"the cursor is {cursor!r}, from a page of {seen} windows before kill -9")
    expect([(event.window.start, event.window.sensor) for event in rest], "windows behind Last-Event-ID").equals(
        wanted, why=why, saw=f"the id is {events[-1].id!r}, of the event number {seen} before kill -9"
    )


@exactly_once.check
async def totals_are_of_all_time(processor: Processor, world: World) -> None:
    """accepted, late, sensors and windows_closed go on after a crash; duplicates and rejected begin at 0."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3), most=40)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    await sender.deliver(*traffic.bodies, *traffic.closings)
    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_watermark(running, model)
    tardy = [Reading(one.sensor, one.seq + 1, traffic.start, 7.0) for one in traffic.closings]
    await sender.deliver(*tardy)
    await sender.deliver(*tardy)
    model.take_all(tardy)
    await sender.send_raw(b"no reading\n")
    await sender.rejected(1)

    running = await site.restart()

    expected = {
        "accepted": model.counts[Taken.ACCEPTED],
        "late": model.counts[Taken.LATE],
        "sensors": model.sensors,
        "windows_closed": len(model.closed()),
        "duplicates": 0,
        "rejected": 0,
    }
    stats = await running.stats_until(lambda stats: stats.windows_closed >= len(model.closed()))
    expect({field: getattr(stats, field) for field in expected}, "/stats after kill -9 and a restart").equals(
        expected,
        why="The brief counts the first four of all time, crashes included, and duplicates and rejected from this start on.",
    )


@exactly_once.check
async def the_number_of_workers_may_change(processor: Processor, world: World) -> None:
    """After a restart with another number of workers everything goes on, in the same windows."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(3, 8), most=40)
    workers = [world.draw.integer(1, 2), world.draw.integer(2, 4), 1]
    site = Site(processor, world, traffic.shape, workers=workers)
    running = await site.start()
    parts = _parts([*interleaved(world.draw.source(), *(track.body for track in traffic.tracks)), *traffic.closings], 3)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)

    for number, part in enumerate(parts):
        if number:
            running = await site.restart()
            sender = await running.connect()
        await sender.deliver(*part)

    model = traffic.model()
    await demand_windows(running, model.closed(), saw=f"WORKERS was {workers[0]}, then {workers[1]}, then {workers[2]}")
    expect((await running.stats()).accepted, "accepted in /stats").equals(
        model.counts[Taken.ACCEPTED],
        why="Each sensor's state has to be found again by whichever worker it belongs to now.",
    )


@exactly_once.check
async def killed_at_random_moments(processor: Processor, world: World) -> None:
    """Under load, killed again and again, with connections that break: the totals are exact once everything is acknowledged."""
    shape = draw_shape(world.draw, late=world.draw.flag())
    traffic = draw_traffic(world.draw, shape, sensors=(2, 8), most=150)
    site = Site(processor, world, shape, workers=(world.draw.integer(1, 2), world.draw.integer(1, 3)))
    running = await site.start()
    opener = await running.connect(name="opener")
    await opener.deliver(*traffic.openings)
    devices = _devices(site, world, traffic)
    size = sum(len(reading.line()) for reading in (*traffic.bodies, *traffic.closings))
    plan = drawn_plan(world.draw, [Restart], within=AfterBytes(size), at_least=1, at_most=3)
    plan += drawn_plan(world.draw, [Reset, Slicing], within=AfterBytes(size), at_most=2)

    async with Injecting(await site.place(), site.recorder) as faults:
        faults.follow(plan)
        await together(*(device.send_all() for device in devices))

    model = traffic.model()
    history = site.recorder.history()
    saw = f"sensors: {len(traffic.tracks)}; connections: {len(devices)}; faults: {len(history.faults)}; every reading was acknowledged in the end"
    await demand_windows(site.running, model.closed(), saw=saw, history=history)
    stats = await site.running.stats()
    expect({"accepted": stats.accepted, "late": stats.late, "sensors": stats.sensors}, "totals in /stats").equals(
        {"accepted": len(traffic.readings), "late": 0, "sensors": len(traffic.tracks)},
        why="Each reading was acknowledged, some after they had been sent several times. Lost ones and doubled ones would show here.",
        saw=saw,
    )


@exactly_once.check
async def a_folder_remembers_its_windows(processor: Processor, world: World) -> None:
    """On a folder that was written with another WINDOW_MS or SLIDE_MS the program ends with exit code 2."""
    shape = Shape(window_ms=1_000, slide_ms=500)
    site = Site(processor, world, shape)
    running = await site.start()
    sender = await running.connect()
    await sender.deliver(Reading("s1", 1, 1_700_000_000_000, 1.5))
    await site.kill()

    for other in world.draw.sample((Shape(window_ms=2_000, slide_ms=500), Shape(window_ms=1_000)), 2):
        written = await processor.refuses(environment(other, processor.folder))
        expect(written, f"standard error with {other}, on a folder that was written with {shape}").satisfies(
            lambda text: any(name in text for name in ("WINDOW_MS", "SLIDE_MS", "DATA_DIR")),
            expected="a line that names the variable",
            why="Windows of two shapes in one folder would be shown as if they were of one.",
        )


def _devices(site: Site, world: World, traffic: Traffic) -> list[Device]:
    """Clients with about two sensors each."""
    count = (len(traffic.tracks) + 1) // 2
    piece = world.draw.choice((20, 1, 7, 60))
    rng = world.draw.source()
    lanes = [interleaved(rng, *(track.readings[1:] for track in traffic.tracks[lane::count])) for lane in range(count)]
    return [Device(site, f"device {number}", readings, piece=piece) for number, readings in enumerate(lanes, 1)]


def _parts(readings: list[Reading], count: int) -> list[list[Reading]]:
    size = max(-(-len(readings) // count), 1)
    return [readings[begin : begin + size] for begin in range(0, len(readings), size)]
