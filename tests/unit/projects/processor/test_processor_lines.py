"""Lines that stages send: every good form means its reading, and every bad line is bad for the reason that it was made for."""

from __future__ import annotations

import json
import math
import random
import re

import pytest

from climb.projects.processor.rules import Reading
from climb.projects.processor.stages.lines import LONGEST, bad_fields, bad_objects, padded, unusual_forms

READING = Reading("Boiler.2", 17, 1_700_000_000_123, 21.0)
NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def meaning(line: bytes) -> Reading | None:
    """What a line means by the brief's rules; None if it is to be rejected. Written apart from everything that it tests."""
    try:
        fields = json.loads(line.decode(), parse_constant=lambda _: math.nan)
    except (UnicodeDecodeError, ValueError):
        return None
    if not isinstance(fields, dict):
        return None
    sensor, seq, ts, value = (fields.get(name) for name in ("sensor", "seq", "ts", "value"))
    if not isinstance(sensor, str) or not NAME.fullmatch(sensor):
        return None
    if type(seq) is not int or not 1 <= seq < 2**53 or type(ts) is not int or not 0 <= ts < 2**53:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        return None
    return Reading(sensor, seq, ts, float(value))


@pytest.mark.parametrize("line", unusual_forms(READING, random.Random(1)))
def test_an_unusual_form_means_its_reading(line: bytes) -> None:
    """White space, order, escapes, exponents and further fields change nothing."""
    assert meaning(line) == READING


@pytest.mark.parametrize("line", unusual_forms(Reading("a:b", 2, 5, -300.0), random.Random(2)))
def test_an_unusual_form_keeps_names_with_colons_and_negative_values(line: bytes) -> None:
    """The forms do not depend on what the reading is."""
    assert meaning(line) == Reading("a:b", 2, 5, -300.0)


@pytest.mark.parametrize("line", [*bad_objects(READING), *bad_fields(READING)])
def test_a_bad_line_is_bad(line: bytes) -> None:
    """No bad line means a reading, and each is one line."""
    assert meaning(line) is None
    assert b"\n" not in line


def test_a_padded_line_has_its_length_and_its_meaning() -> None:
    """The longest line allowed still means its reading."""
    line = padded(READING, LONGEST)

    assert len(line) == LONGEST
    assert meaning(line) == READING
