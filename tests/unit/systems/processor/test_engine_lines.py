"""Lines into readings: the compiled reader and the exact one agree, in one piece and in several."""

from __future__ import annotations

import json
import math
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from climb.systems.processor.engine.columns import PROVISIONAL
from climb.systems.processor.engine.parsing import Feed, Parser
from climb.systems.processor.engine.slow_lines import Line, read_line

_SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_CAPACITY = 1 << 16
_GOOD = b'{"sensor": "s1", "seq": 17, "ts": 1700000000123, "value": 21.5}'


def _read(content: bytes, *cuts: int, connection: int = 0) -> tuple[list[tuple[bytes, int, int, str]], list, Feed]:
    """What comes of bytes in pieces: readings with names, rejects, and what is left."""
    parser, feed, buffer = Parser(_CAPACITY), Feed(connection), np.zeros(_CAPACITY, np.uint8)
    names: dict[int, bytes] = {}
    readings, rejects = [], []
    bounds = [0, *sorted(cuts), len(content)]
    for begin, end in pairwise(bounds):
        piece = content[begin:end]
        while True:
            front = feed.front(buffer)
            buffer[front : front + len(piece)] = np.frombuffer(piece, np.uint8)
            parsed = parser.parse(buffer, front + len(piece), feed)
            for name in parsed.new_names:
                names[PROVISIONAL + len(names)] = name
            readings += [
                (names[row["sensor"]], int(row["seq"]), int(row["ts"]), float(row["value"]).hex())
                for row in parsed.readings
            ]
            rejects += parsed.rejects
            piece = b""
            if not parsed.more:
                break
    return readings, rejects, feed


def _exactly(content: bytes) -> tuple[list[tuple[bytes, int, int, str]], list[tuple[int, str]]]:
    """The same by the exact reader alone."""
    readings, rejects = [], []
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        match read_line(line):
            case Line() as good:
                readings.append((good.sensor, good.seq, good.ts, good.value.hex()))
            case str() as reason:
                rejects.append((number, reason))
    return readings, rejects


# --- what lines look like -------------------------------------------------------------------------------------------

_SPACE = st.text(" \t\r", max_size=2)
_NUMBER = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}"),
    st.integers().map(str),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "-"]),
        st.from_regex(r"0|[1-9][0-9]{0,24}", fullmatch=True),
        st.from_regex(r"(\.[0-9]{1,24})?", fullmatch=True),
        st.from_regex(r"([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    ),
)
_INTEGER = st.one_of(
    st.integers(0, 2**53 + 1).map(str), st.from_regex(r"-?[0-9]{1,18}(\.0|e1)?", fullmatch=True), st.integers().map(str)
)
_NAME = st.one_of(
    st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    st.from_regex(r"[a-z]{62,66}", fullmatch=True),
    st.text(max_size=4),
)
_OTHER = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('abc"\\é', max_size=3), inner, max_size=3),
    max_leaves=6,
)
_ANY = st.one_of(_OTHER.map(lambda value: json.dumps(value, ensure_ascii=False)), _OTHER.map(json.dumps))


@st.composite
def _lines(draw: st.DrawFn) -> bytes:
    fields = {
        "sensor": draw(st.one_of(_NAME.map(json.dumps), _ANY)),
        "seq": draw(st.one_of(st.integers(1, 2**53 - 1).map(str), _INTEGER, _ANY)),
        "ts": draw(st.one_of(st.integers(0, 2**53 - 1).map(str), _INTEGER, _ANY)),
        "value": draw(st.one_of(_NUMBER, _ANY)),
    }
    pairs = [(json.dumps(key), value) for key, value in fields.items()]
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.one_of(st.sampled_from(["seq", "ts", "value", "sens", "sensors"]), st.text(max_size=5)))
        pairs.append((json.dumps(key), draw(_ANY)))
    pairs = draw(st.permutations(pairs))
    if draw(st.booleans()):
        pairs = pairs[: draw(st.integers(3, 6))]
    gap = draw(_SPACE)
    inside = f"{gap},{gap}".join(f"{key}{gap}:{gap}{value}" for key, value in pairs)
    return f"{gap}{{{gap}{inside}{gap}}}{gap}".encode("utf-8", "surrogatepass").replace(b"\n", b" ")


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    line = bytearray(draw(st.one_of(_lines(), st.just(_GOOD))))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(line)))
        match draw(st.sampled_from(["cut", "put", "change"])):
            case "cut":
                del line[at : at + draw(st.integers(1, 3))]
            case "put":
                line[at:at] = draw(
                    st.one_of(st.binary(min_size=1, max_size=2), st.sampled_from([b",", b"}", b'"', b"0", b"-"]))
                )
            case _:
                line[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
    return bytes(line)


# --- agreement ------------------------------------------------------------------------------------------------------


@_SETTINGS
@given(st.lists(_mutated(), max_size=6).map(lambda lines: b"\n".join([*lines, b""])), st.data())
def test_both_readers_agree_in_one_piece_and_in_several(content: bytes, data: st.DataObject) -> None:
    """Whatever the lines, and wherever they are cut, readings and rejects are those of the exact reader."""
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=3))

    readings, rejects, feed = _read(content, *cuts)

    assert (readings, [(reject.line, reject.reason) for reject in rejects]) == _exactly(content)
    assert feed.rest == b""


@settings(max_examples=400, deadline=None)
@given(_NUMBER)
@example("9007199254740993")
@example("18446744073709551616")
@example("0.000000000000000000000000018446744073709551616")
@example("1e23")
@example("8.5e22")
@example("2.2250738585072011e-308")
@example("4.9406564584124654e-324")
@example("1.7976931348623158e308")
@example("1.7976931348623159e308")
@example("-0.0")
@example("0e999999999999")
@example("6929495644600919.5")
@example("9007199254740992.5e-1")
def test_a_decimal_becomes_the_double_that_python_makes_of_it(number: str) -> None:
    """A value is the nearest double, or the line is rejected because there is none."""
    readings, _, _ = _read(_GOOD.replace(b"21.5", number.encode()) + b"\n")

    expected = [float(number).hex()] if math.isfinite(float(number)) else []
    assert [value for *_, value in readings] == expected


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_every_double_survives_being_written_and_read(bits: int) -> None:
    """The shortest decimal of a double is read as that double."""
    number = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    if not math.isfinite(number):
        return

    readings, _, _ = _read(_GOOD.replace(b"21.5", repr(number).encode()) + b"\n")

    assert [value for *_, value in readings] == [number.hex()]


# --- rules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (_GOOD.replace(b"1700000000123", b'"soon"'), 'ts: expected an integer, got "soon"'),
        (_GOOD.replace(b"17,", b"17.0,"), "seq: expected an integer, got 17.0"),
        (_GOOD.replace(b"17,", b"0,"), "seq: expected 1 to 9007199254740991, got 0"),
        (_GOOD.replace(b"17,", b"9007199254740992,"), "seq: expected 1 to 9007199254740991, got 9007199254740992"),
        (_GOOD.replace(b"21.5", b"1e999"), "value: expected a number that 64 bits can hold, got 1e999"),
        (_GOOD.replace(b"21.5", b"true"), "value: expected a number, got true"),
        (_GOOD.replace(b"21.5", b"NaN"), "not JSON: NaN is no value"),
        (_GOOD.replace(b'"s1"', b'"s 1"'), 'sensor: expected 1 to 64 letters, digits, . _ : or -, got "s 1"'),
        (
            _GOOD.replace(b'"s1"', b'"' + b"s" * 65 + b'"'),
            f'sensor: expected 1 to 64 letters, digits, . _ : or -, got "{"s" * 38}…',
        ),
        (b'{"sensor": "s1", "seq": 17, "ts": 1}', "value: missing"),
        (b"[1]", "expected a JSON object, got a list"),
        (b"7", "expected a JSON object, got 7"),
        (b"\xff", "not UTF-8: byte 1"),
        (b"{" + b" " * 4096, "longer than 4,096 bytes"),
        (b" " * 4097, "longer than 4,096 bytes"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason(line: bytes, reason: str) -> None:
    """The reason names the field and shows what was found; the neighbours are taken."""
    readings, rejects, _ = _read(b"\n".join([_GOOD, line, _GOOD, b""]))

    assert len(readings) == 2
    assert [(reject.line, reject.reason) for reject in rejects] == [(2, reason)]


@pytest.mark.parametrize(
    "line",
    [
        _GOOD.replace(b'"s1"', b'"\\u0073\\u0031"'),
        _GOOD.replace(b'"seq"', b'"s\\u0065q"'),
        _GOOD.replace(b"{", b'{"seq": "first", '),
        _GOOD.replace(b"{", b'{"unit": "\xc2\xb0C", '),
        _GOOD.replace(b"{", b'{"more": {"a": [1, {}, []], "b": "}"}, '),
        _GOOD.replace(b"{", b'{"more": ' + b"[" * 2000 + b"]" * 2000 + b", "),
        _GOOD.replace(b"}", b" " * (4096 - len(_GOOD)) + b"}"),
        _GOOD + b"\r",
    ],
)
def test_unusual_lines_say_the_same(line: bytes) -> None:
    """Escapes, fields that are not ours, however deep, a field twice (the last one counts), the longest line: all are good."""
    readings, rejects, _ = _read(line + b"\n")

    assert readings == [(b"s1", 17, 1700000000123, (21.5).hex())]
    assert rejects == []


@_SETTINGS
@given(st.integers(4097, 20_000), st.lists(st.integers(0, 20_000), max_size=6))
def test_a_long_line_is_rejected_once_and_nothing_of_it_is_kept(length: int, cuts: list[int]) -> None:
    """However it comes in pieces, one reject names it, and what follows is taken."""
    content = b"x" * length + b"\n" + _GOOD + b"\n"

    readings, rejects, feed = _read(content, *(min(cut, len(content)) for cut in cuts))

    assert [reject.line for reject in rejects] == [1]
    assert len(readings) == 1
    assert feed == Feed(0, 2)


def test_a_long_line_without_an_end_keeps_no_memory() -> None:
    """What is left of an endless line is nothing, and it is not rejected before it ends."""
    _, rejects, feed = _read(b"x" * 60_000, 30_000)

    assert (feed.rest, feed.skipping, rejects) == (b"", True, [])


def test_odd_lines_leave_the_turn_to_others() -> None:
    """After some hundred odd lines a call ends, and the next one goes on with the rest of the lines."""
    parser, feed, buffer = Parser(_CAPACITY), Feed(), np.zeros(_CAPACITY, np.uint8)
    content = b"x\n" * 1000
    buffer[: len(content)] = np.frombuffer(content, np.uint8)

    parsed = parser.parse(buffer, len(content), feed)

    assert parsed.more
    assert [reject.line for reject in parsed.rejects] == list(range(1, len(parsed.rejects) + 1))
    assert feed.rest == b"x\n" * (1000 - len(parsed.rejects))


# --- names ----------------------------------------------------------------------------------------------------------


def test_names_keep_their_ids_however_many_there_are() -> None:
    """Each of many names is new once, and has the id that was learned from then on."""
    names = [b"sensor-%d" % number for number in range(5000)]
    parser, buffer = Parser(1 << 20), np.zeros(1 << 20, np.uint8)
    content = b"".join(b'{"sensor":"%s","seq":1,"ts":1,"value":1}\n' % name for name in names)
    buffer[: len(content)] = np.frombuffer(content, np.uint8)

    first = parser.parse(buffer, len(content), Feed())
    held = first.readings.copy()
    parser.learn(names, range(100, 5100))
    parser.resolve(held)
    second = parser.parse(buffer, len(content), Feed())

    assert first.new_names == names
    assert first.provisional
    assert held["sensor"].tolist() == list(range(100, 5100))
    assert (second.new_names, second.provisional) == ([], False)
    assert second.readings["sensor"].tolist() == list(range(100, 5100))


def test_a_rejected_line_is_no_reading_of_an_unknown_sensor() -> None:
    """Once all names are learned, no batch waits for numbers, whatever an earlier one left in the places of its lines."""
    parser, buffer = Parser(1 << 10), np.zeros(1 << 10, np.uint8)
    content = _GOOD + b"\n" + _GOOD + b"\n"
    buffer[: len(content)] = np.frombuffer(content, np.uint8)
    parser.learn(parser.parse(buffer, len(content), Feed()).new_names, [7])
    content = _GOOD + b"\nx\n"
    buffer[: len(content)] = np.frombuffer(content, np.uint8)

    parsed = parser.parse(buffer, len(content), Feed())

    assert (len(parsed.readings), len(parsed.rejects), parsed.provisional) == (1, 1, False)


def test_a_name_is_new_only_when_its_line_is_good() -> None:
    """A rejected line leaves no name behind."""
    parser, buffer = Parser(1 << 10), np.zeros(1 << 10, np.uint8)
    content = _GOOD.replace(b"21.5", b"x") + b"\n"
    buffer[: len(content)] = np.frombuffer(content, np.uint8)

    parsed = parser.parse(buffer, len(content), Feed())

    assert parsed.new_names == []


def test_readings_carry_the_connection_of_their_feed() -> None:
    """The tag of a feed is in every one of its readings, from either reader."""
    parser, buffer = Parser(1 << 10), np.zeros(1 << 10, np.uint8)
    content = _GOOD + b"\n" + _GOOD.replace(b"s1", b"\\u0073") + b"\n"
    buffer[: len(content)] = np.frombuffer(content, np.uint8)

    parsed = parser.parse(buffer, len(content), Feed(connection=7))

    assert parsed.readings["connection"].tolist() == [7, 7]
