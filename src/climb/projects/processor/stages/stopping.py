"""Stage 11: SIGTERM. What was read is finished and acknowledged, nobody is left waiting, and nothing is left running."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.expect import CannotTell, expect
from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Stats
from climb.projects.processor.rules import Reading, Taken
from climb.projects.processor.stages.draws import draw_shape, draw_start, draw_traffic, interleaved
from climb.projects.processor.stages.judged import demand_windows
from climb.projects.processor.stages.site import Device, Site

__all__ = ["stopping"]

_READS_LATE_S = (
    0.2  # well within the second that a program waits for its clients, and long after one that does not wait
)
_TOO_LATE_S = 0.6
_SEES_SIGNAL_S = 0.2
_POLL_S = 0.01
_MORE = 20  # readings that are sent meanwhile

stopping = Stage(
    "stopping",
    "Stopping in order",
    concepts=["graceful-shutdown", "signals"],
    hints=[
        "When SIGTERM comes, some bytes are in the kernel's buffers, some lines are in your queues, some readings are logged and not acknowledged. What has to become of each of them?",
        "Go from the outside to the inside: stop accepting, stop reading, let the queues run empty, send the last acks, then end connections and streams, then the workers, then the process. "
        "Give each wait a deadline, since a client may never read or close.",
        "Closing a socket with unread input sends RST, and the other kernel may then drop acks that its program has not read yet. So after the last ack call shutdown(SHUT_WR), go on reading and "
        "throwing away until the client closes or a second is over, and close then. Throw away, not take: what is taken without an ack would be a duplicate later.",
    ],
)


@stopping.check
async def it_ends_with_0(processor: Processor, world: World) -> None:
    """On SIGTERM it ends its connections and streams and exits with code 0 within 10 seconds, leaving no process."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 3))
    running = await processor.start(traffic.shape, workers=world.draw.integer(1, 3))
    sender = await running.connect()
    await sender.deliver(*traffic.openings)

    async with running.feed() as feed:
        await running.instance.stop()
        await sender.end()
        expect(await feed.stream.next(timeout_s=running.patience_s), "what comes on GET /stream").equals(
            None, why="The stream ends with the program, so that its reader goes elsewhere or comes back."
        )


@stopping.check
async def nobody_can_hold_it_up(processor: Processor, world: World) -> None:
    """Clients that are in the middle of a line, do not read or never close do not keep it from ending."""
    shape = draw_shape(world.draw)
    running = await processor.start(shape)
    half = await running.connect(name="half a line")
    await half.send_raw(b'{"sensor": "s1"')
    deaf = await running.connect(name="does not read", receive_buffer=4096, reading=False)
    await deaf.client.send_some(b"no reading\n" * 200_000, timeout_s=1.0)
    await running.connect(name="silent")
    async with running.feed(receive_buffer=4096) as feed:
        feed.stream.stop_reading()

        await running.instance.stop()


@stopping.check
async def what_was_read_is_acknowledged(processor: Processor, world: World) -> None:
    """Stopped under load, it has acknowledged all that it has taken: resending from the last acks brings no duplicates."""
    shape = draw_shape(world.draw, late=world.draw.flag())
    traffic = draw_traffic(world.draw, shape, sensors=(2, 6), most=3_000)
    site = Site(processor, world, shape, workers=(world.draw.integer(1, 2),))
    running = await site.start()
    opener = await running.connect(name="opener")
    await opener.deliver(*traffic.openings)
    await opener.close()
    devices = [Device(site, f"device {track.sensor}", track.readings[1:], piece=40) for track in traffic.tracks]
    # The load is to be cut in the middle, so the moment is told by acks and not by the clock.
    share = world.draw.integer(1, 10)
    longest = max(traffic.tracks, key=lambda track: len(track.readings))
    moment = longest.readings[len(longest.readings) * share // 12]

    async def stop() -> None:
        await running.until(_acknowledged(running, moment), pause_s=0)
        await running.instance.stop()

    await together(*(device.send_until_it_ends() for device in devices), stop())
    left = sum(len(device.left) for device in devices)
    running = await site.start()
    await together(*(device.send_all() for device in devices))

    model = traffic.model()
    saw = f"{left} of {len(traffic.readings)} readings were not acknowledged when the connections had ended; these were resent"
    stats = await running.stats()
    expect(
        {"duplicates": stats.duplicates, "accepted": stats.accepted},
        "/stats after a stop, a start, and what was resent",
    ).equals(
        {"duplicates": 0, "accepted": model.counts[Taken.ACCEPTED]},
        why="A duplicate is a reading that was taken before the stop and whose ack did not arrive: it was never sent, or a reset destroyed it on its way.",
        saw=saw,
    )


@stopping.check
async def acks_on_their_way_arrive(processor: Processor, world: World) -> None:
    """Acks that a client has not read yet when the program stops still reach it, although there is input that was not read."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    rounds = world.draw.integer(8, 12)
    names = [
        f"{number:02}-{'n' * 61}" for number in range(60)
    ]  # long names make long acks, more than a small receive buffer takes
    running = await processor.start(shape)
    slow = await running.connect(name="reads late", receive_buffer=4096, reading=False)
    for seq in range(1, rounds + 1):
        await slow.send(*(Reading(name, seq, start, 1.5) for name in names))
        await running.stats_until(_counted(seq * len(names)))

    asked = running.now()
    running.instance.terminate()
    # What it reads before it has seen the signal it has to acknowledge; that is another claim.
    await _until_it_refuses(running)
    more = [Reading(names[0], rounds + number, start, 1.5) for number in range(1, _MORE + 1)]
    with contextlib.suppress(ConnectionLost):
        for reading in more:
            await slow.send(reading)
            await asyncio.sleep(_READS_LATE_S / _MORE)
    slow.client.go_on_reading()
    late_s = running.now() - asked
    if late_s > _TOO_LATE_S:
        raise CannotTell("the judge was too slow to read within the second that the program has to wait")
    await slow.close_when_ended()
    await running.instance.stop()
    running = await processor.start(shape)
    again = await running.connect(name="resends")
    sent = [Reading(name, seq, start, 1.5) for seq in range(1, rounds + 1) for name in names] + more
    left = [reading for reading in sent if reading.seq > slow.acked.get(reading.sensor, 0)]
    # The last round was counted, but its acks may not have been written before the signal; that too is another claim.
    await again.deliver(*(reading for reading in left if reading.seq != rounds))

    stats = await running.stats()
    expect(
        {"duplicates": stats.duplicates, "accepted": stats.accepted}, "/stats after a start and what was resent"
    ).equals(
        {"duplicates": 0, "accepted": len(sent)},
        why="These readings were taken, and their acks were written to a socket. To close a socket that has unread input resets the connection, and what its send queue "
        "still holds is thrown away. Shut down the sending side, read on until the client closes or a second is over, then close.",
        saw=f"the client had {'no ack' if not slow.acked else f'acks up to {min(slow.acked.values())}'} of {rounds} for each sensor; it began to read {late_s:.2f} s after SIGTERM",
    )


@stopping.check
async def it_goes_on_where_it_was(processor: Processor, world: World) -> None:
    """After a stop and a start open windows are as full as before, and closed ones are shown."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 4), most=60)
    site = Site(processor, world, traffic.shape)
    running = await site.start()
    rest = [*interleaved(world.draw.source(), *(track.body for track in traffic.tracks)), *traffic.closings]
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    cut = world.draw.integer(0, len(rest))
    await sender.deliver(*rest[:cut])

    await running.instance.stop()
    running = await site.start()
    sender = await running.connect()
    await sender.deliver(*rest[cut:])

    await demand_windows(running, traffic.model().closed(), saw=f"stopped after {len(traffic.openings) + cut} readings")


def _counted(readings: int) -> Callable[[Stats], bool]:
    return lambda stats: stats.accepted >= readings


async def _until_it_refuses(running: Running) -> None:
    """Wait until it takes no new connections, for a moment at most: it may leave them to the kernel until it ends."""
    with contextlib.suppress(ConnectionLost, TimeoutError):
        async with asyncio.timeout(_SEES_SIGNAL_S):
            while True:
                await (await running.connect(name="too late")).close()
                await asyncio.sleep(_POLL_S)


def _acknowledged(running: Running, reading: Reading) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return running.book.acked.get(reading.sensor, 0) >= reading.seq

    return reached
