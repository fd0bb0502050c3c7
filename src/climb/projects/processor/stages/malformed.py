"""Stage 6: lines that are broken, too long, in pieces, or never finished."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor, Running, Sender, highest
from climb.projects.processor.rules import Model, Reading
from climb.projects.processor.stages.draws import Traffic, draw_shape, draw_traffic
from climb.projects.processor.stages.judged import demand_counts, demand_windows
from climb.projects.processor.stages.lines import LONGEST, bad_fields, bad_objects, padded, unusual_forms

__all__ = ["malformed"]

malformed = Stage(
    "malformed",
    "Malformed input",
    concepts=["protocols", "error-handling"],
    hints=[
        "recv gives you some bytes. What do you know about where lines begin and end in them?",
        "Keep the bytes behind the last newline for the next time, up to 4,096. Give each line to one function that returns either a reading or a reason, and never "
        'raises. Look at types, not only at values: 17.0, true and "17" are no integers.',
        "Beyond 4,096 bytes without a newline, forget what you have, remember that this line is too long, and skip to its newline; then reject it once. Count every "
        "line for its number, the empty ones too. Check that the line is UTF-8 even where you ignore a field, and that the number is finite.",
    ],
)

_SHOWN = 120
_Line = tuple[bytes, Reading | None]  # what is sent, and what it means; None: it is bad


@malformed.check
async def lines_that_are_no_object(processor: Processor, world: World) -> None:
    """A line that is no JSON object is rejected under its number; its neighbours count as if it had not been there."""
    await _among_good_ones(processor, world, bad_objects)


@malformed.check
async def fields_that_are_not_allowed(processor: Processor, world: World) -> None:
    """An object whose field is missing, of another type or out of range is rejected; its neighbours count."""
    await _among_good_ones(processor, world, bad_fields)


@malformed.check
async def every_form_that_json_allows(processor: Processor, world: World) -> None:
    """The same reading may be written in many ways: other order, white space, escapes, exponents, fields that are not named."""
    traffic = _with_whole_values(draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 2), most=40))
    rng = world.draw.source()
    lines: list[_Line] = [(opening.line().rstrip(), opening) for opening in traffic.openings]
    for number, reading in enumerate((*traffic.bodies, *traffic.closings)):
        forms = unusual_forms(reading, rng)
        lines.append((forms[number % len(forms)], reading))
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await _send_lines(sender, lines[: len(traffic.openings)], finish=False)
    await _send_lines(sender, lines[len(traffic.openings) :])

    _demand_rejects(sender, lines)
    await demand_windows(running, traffic.model().closed())


@malformed.check
async def the_limits_are_exact(processor: Processor, world: World) -> None:
    """What is just allowed is taken, and what is just beyond it is rejected: names, numbers, times, the length of a line."""
    shape = draw_shape(world.draw)
    longest_name, most = "n" * 64, 2**53 - 1
    first = (
        Reading("edge", 1, 0, 1.0),
        Reading(longest_name, 1, 0, 2.0),
        Reading("Az09._:-", 1, 0, 3.0),
    )
    lines: list[_Line] = [(reading.line().rstrip(), reading) for reading in first]
    wide = Reading("edge", 2, 1, 1e300)
    narrow = Reading(longest_name, most - 1, 1, 1e-300)
    lines += [
        (padded(wide, LONGEST), wide),
        (padded(Reading("edge", 3, 1, 5.0), LONGEST + 1), None),
        (narrow.line().rstrip(), narrow),
        (Reading("n" * 65, 1, 1, 5.0).line().rstrip(), None),
        (Reading("edge", most + 1, 1, 5.0).line().rstrip(), None),
        (Reading("edge", 4, most + 1, 5.0).line().rstrip(), None),
    ]
    for sensor, seq in (("edge", 5), (longest_name, most), ("Az09._:-", 2)):
        closing = Reading(sensor, seq, shape.window_ms, 0.0)
        lines.append((closing.line().rstrip(), closing))
    running = await processor.start(shape)
    sender = await running.connect()

    await _send_lines(sender, lines[:3], finish=False)
    await _send_lines(sender, lines[3:])

    _demand_rejects(sender, lines)
    model = Model(shape)
    model.take_all(reading for _, reading in lines if reading is not None)
    await demand_windows(running, model.closed())


@malformed.check
async def an_endless_line_is_one_reject(processor: Processor, world: World) -> None:
    """However long a line is, it is rejected once, and the next one counts."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 1))
    sizes = world.draw.some(lambda: world.draw.choice((5_000, 70_000, 1_500_000)), at_least=1, at_most=3)
    lines: list[_Line] = [(reading.line().rstrip(), reading) for reading in traffic.readings]
    for place, size in enumerate(sizes, 1):
        lines.insert(place, (padded(traffic.readings[0], size), None))
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await _send_lines(sender, lines)

    _demand_rejects(sender, lines)
    await demand_windows(running, traffic.model().closed())


@malformed.check
async def lines_come_in_pieces(processor: Processor, world: World) -> None:
    """Where the bytes are cut on their way has no meaning."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 2), most=30)
    rng = world.draw.source()
    running = await processor.start(traffic.shape)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    rest = [*traffic.bodies, *traffic.closings]
    data = b"".join(reading.line() for reading in rest)

    for begin, end in _cuts(len(data), rng.sample(range(1, len(data)), min(150, len(data) - 1))):
        # Each piece is a segment of its own: the connection has TCP_NODELAY, and the others have their turn in between.
        await sender.send_raw(data[begin:end], *rest)
        await asyncio.sleep(0.0005)
    await sender.acknowledged(*rest)

    await demand_windows(running, traffic.model().closed())


@malformed.check
async def an_unfinished_line_is_dropped(processor: Processor, world: World) -> None:
    """A last line without a newline is neither taken nor rejected; over HTTP the last line needs none."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 1))
    *most, last, closing = traffic.readings
    running = await processor.start(traffic.shape)
    sender = await running.connect(name="leaves early")
    whole = world.draw.choice((last.line().rstrip(), last.line()[:20]))
    await sender.send(*most)
    await sender.send_raw(whole)
    await sender.finish()
    expect(
        {"acks": sender.acked, "rejects": sender.rejects}, f"the answers to {len(most)} lines and an unfinished one"
    ).equals(
        {"acks": {last.sensor: most[-1].seq} if most else {}, "rejects": []},
        why="Without its newline nobody knows whether the line is whole: 1.5 may have been on its way to 1.55. Its sender never saw an ack, and sends it again.",
        saw=repr(whole.decode()),
    )
    await running.post(last.line().rstrip(), last)
    again = await running.connect(name="closes")
    await again.deliver(closing)

    model = traffic.model()
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


@malformed.check
async def empty_lines_only_count(processor: Processor, world: World) -> None:
    """Empty lines and white space are ignored, but have a number."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 1))
    empty = world.draw.some(lambda: world.draw.choice((b"", b" ", b"\t", b"\r", b" \t \r")), at_least=1, at_most=8)
    lines: list[_Line] = [(reading.line().rstrip(), reading) for reading in traffic.readings[:-1]]
    texts = [text for text, _ in lines]
    texts[1:1] = empty
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await sender.send_raw(b"\n".join([*texts, b"bad", traffic.tracks[0].closing.line()]), *traffic.readings)
    await sender.finish()

    expect([line for line, _ in sender.rejects], "numbers of the lines that were rejected").equals(
        [len(texts) + 1],
        why="The sender finds the bad line by counting newlines in what it sent, so every line has a number.",
        saw=f"{len(empty)} empty lines before the bad one: {empty}",
    )
    await demand_windows(running, traffic.model().closed())


@malformed.check
async def http_names_bad_lines_too(processor: Processor, world: World) -> None:
    """The answer to POST /ingest names each bad line of the body; the good ones are taken."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 2))
    running = await processor.start(traffic.shape)
    sender = await running.connect()
    await sender.deliver(*traffic.openings)
    good = list(traffic.bodies)
    choices = (*bad_objects(traffic.openings[0]), *bad_fields(traffic.openings[0]))
    bad = world.draw.some(lambda: world.draw.choice(choices), at_least=1, at_most=6)
    lines: list[_Line] = [(reading.line().rstrip(), reading) for reading in good]
    for place, text in enumerate(bad):
        lines.insert(min(place * 2, len(lines)), (text, None))

    answer = await running.post(b"\n".join(text for text, _ in lines), *good)

    rejected = answer.get("rejected")
    expect(
        [each.get("line") for each in rejected] if isinstance(rejected, list) else rejected,
        "numbers of the rejected lines",
    ).equals(
        [number for number, (_, reading) in enumerate(lines, 1) if reading is None],
        why="One bad line is no reason to refuse its neighbours, and the sender has to know which one it was.",
        saw="; ".join(text[:_SHOWN].decode(errors="backslashreplace") for text in bad[:3]),
    )
    await sender.deliver(*traffic.closings)
    await demand_windows(running, traffic.model().closed())


async def _among_good_ones(processor: Processor, world: World, make: object) -> None:
    """Send all bad lines of a kind, in random order, each between good ones."""
    traffic = draw_traffic(world.draw, draw_shape(world.draw), sensors=(1, 1), most=6)
    last = traffic.tracks[0].readings[-2]
    seq = last.seq + 1
    assert callable(make)
    kinds: list[bytes] = make(Reading(last.sensor, seq, last.ts, 1.5))
    world.draw.source().shuffle(kinds)
    lines: list[_Line] = [(reading.line().rstrip(), reading) for reading in traffic.readings[:-1]]
    for text in kinds:
        seq += 1
        good = Reading(last.sensor, seq, last.ts, float(seq))
        lines += [(text, None), (good.line().rstrip(), good)]
    closing = Reading(last.sensor, seq + 1, traffic.end, 0.0)
    lines.append((closing.line().rstrip(), closing))
    running = await processor.start(traffic.shape)
    sender = await running.connect()

    await _send_lines(sender, lines)

    _demand_rejects(sender, lines)
    await _demand_rejected(running, lines)
    model = Model(traffic.shape)
    model.take_all(reading for _, reading in lines if reading is not None)
    await demand_windows(running, model.closed())
    await demand_counts(running, model)


async def _send_lines(sender: Sender, lines: Sequence[_Line], *, finish: bool = True) -> None:
    """Send them, and read all answers: to the end of the connection, or as many as there are good lines."""
    good = [reading for _, reading in lines if reading is not None]
    await sender.send_raw(b"".join(text + b"\n" for text, _ in lines), *good)
    if finish:
        await sender.finish()
    else:
        await sender.acknowledged(*good)


def _demand_rejects(sender: Sender, lines: Sequence[_Line]) -> None:
    """Exactly the bad lines were rejected, each once, with a reason; the good ones were acknowledged."""
    numbers = [line for line, _ in sender.rejects]
    bad = {number for number, (_, reading) in enumerate(lines, 1) if reading is None}
    wrong = sorted((bad ^ set(numbers)) | {number for number in numbers if numbers.count(number) > 1})
    if wrong:
        number = wrong[0]
        text = lines[number - 1][0] if number <= len(lines) else b"(there is no such line)"
        reason = next((reason for line, reason in sender.rejects if line == number), None)
        times = numbers.count(number)
        shown = text[:_SHOWN].decode(errors="backslashreplace") + (
            f"… ({len(text)} bytes)" if len(text) > _SHOWN else ""
        )
        fail(
            "rejects",
            expected=f"line {number} is {'rejected once' if number in bad else 'taken, not rejected'}: {shown}",
            received=f"{times} rejects of it"
            + (f": {reason}" if reason else "")
            + (f"; also wrong: lines {wrong[1:9]}" if wrong[1:] else ""),
            why="A reading that is not what the brief allows is told back to its sender, once, under the number of its line. One that is allowed is taken, "
            "however it is written.",
        )
    expect(sender.acked, "acks at the end of the connection").equals(
        highest(reading for _, reading in lines if reading is not None),
        why="The good lines count as if the bad ones had not been there.",
    )


async def _demand_rejected(running: Running, lines: Sequence[_Line]) -> None:
    bad = sum(reading is None for _, reading in lines)
    expect((await running.stats()).rejected, "rejected in /stats").equals(bad, why="Every bad line is counted.")


def _with_whole_values(traffic: Traffic) -> Traffic:
    """The same with whole values, which can be written in many ways."""
    return Traffic(
        traffic.shape,
        traffic.start,
        traffic.last_end,
        traffic.end,
        tuple(
            type(track)(
                track.sensor,
                tuple(Reading(one.sensor, one.seq, one.ts, float(int(one.value))) for one in track.readings),
            )
            for track in traffic.tracks
        ),
    )


def _cuts(length: int, places: Sequence[int]) -> list[tuple[int, int]]:
    ordered = sorted({0, length, *places})
    return list(itertools.pairwise(ordered))
