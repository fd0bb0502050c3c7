"""From bytes to readings: cutting what arrives into lines, and parsing a line."""

import json
import math
import re
import sys

LONGEST_LINE = 4096
LARGEST_INTEGER = 2**53 - 1
WHITE_SPACE = b" \t\r"
SENSOR = re.compile(r"[A-Za-z0-9._:-]{1,64}")

sys.setrecursionlimit(10_000)  # a line has room for 2,048 nested lists in a field that is ignored


class Rejected(Exception):
    """Why a line is no reading."""


class Cutter:
    """Cuts what arrives on one connection into blocks of whole lines, and counts them."""

    def __init__(self):
        self.tail = b""
        self.next_number = 1

    def cut(self, data):
        """The number of the first line, and the lines, as far as they are complete."""
        lines, newline, tail = data.rpartition(b"\n")
        if not newline:
            self.tail = self._shortened(self.tail + tail)
            return self.next_number, None
        block, self.tail = self.tail + lines, self._shortened(tail)
        first = self.next_number
        self.next_number += block.count(b"\n") + 1
        return first, block

    @staticmethod
    def _shortened(tail):
        """Of a line that is too long already, as much as shows that it is."""
        return tail[: LONGEST_LINE + 1]


def split_block(first, block, parts):
    """The block in up to so many pieces of whole lines, each with the number of its first line."""
    pieces, begin = [], 0
    for part in range(1, parts + 1):
        end = len(block) if part == parts else block.find(b"\n", len(block) * part // parts)
        if end < 0:
            end = len(block)
        if end >= begin:
            piece = block[begin:end]
            pieces.append((first, piece))
            first += piece.count(b"\n") + 1
            begin = end + 1
    return pieces


def parse_block(first, block):
    """The readings of a block in their order, and its rejected lines with reasons."""
    readings, rejected = [], []
    for number, line in enumerate(block.split(b"\n"), first):
        try:
            if len(line) > LONGEST_LINE:
                raise Rejected(f"the line is longer than {LONGEST_LINE} bytes")
            if line.strip(WHITE_SPACE):
                readings.append(parse_line(line))
        except Rejected as reason:
            rejected.append((number, str(reason)))
    return readings, rejected


def parse_line(line):
    """(sensor, seq, ts, value) of a line."""
    try:
        fields = DECODER.decode(line.decode())
    except ValueError as error:
        raise Rejected(f"not JSON: {error}") from None
    if type(fields) is not dict:
        raise Rejected("expected an object")
    return (
        sensor_of(fields),
        integer_of(fields, "seq", 1, LARGEST_INTEGER),
        integer_of(fields, "ts", 0, LARGEST_INTEGER),
        value_of(fields),
    )


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(parse_constant=no_constant)


def sensor_of(fields):
    sensor = fields.get("sensor")
    if type(sensor) is not str or not SENSOR.fullmatch(sensor):
        raise Rejected(f"sensor: expected 1 to 64 letters, digits, '.', '_', ':', '-', got {shown(fields, 'sensor')}")
    return sensor


def integer_of(fields, name, low, high):
    number = fields.get(name)
    if type(number) is not int:  # True is an int of another type, and 1.0 a float
        raise Rejected(f"{name}: expected an integer, got {shown(fields, name)}")
    if not low <= number <= high:
        raise Rejected(f"{name}: expected {low} to {high}, got {shown(fields, name)}")
    return number


def value_of(fields):
    value = fields.get("value")
    if type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
    if type(value) is not float:
        raise Rejected(f"value: expected a number, got {shown(fields, 'value')}")
    if not math.isfinite(value):
        raise Rejected("value: larger than a 64-bit float can hold")
    return value


def shown(fields, name):
    return json.dumps(fields[name])[:80] if name in fields else "nothing"
