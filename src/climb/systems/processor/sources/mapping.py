"""From the records of a source to readings: which field is what, and whether the processor would take it."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from climb.systems.processor.pipeline.model import Elsewhere, Fields

__all__ = ["Around", "BadRecord", "Mapping", "Reading", "checked_sensor", "line_of"]

LARGEST = 2**53 - 1
_SENSOR = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MOST_NAMES = 100_000  # names known to be good; more than that are checked each time


class BadRecord(Exception):
    """A record of which no reading can be made; the message says why."""


class Around(NamedTuple):
    """What is known of a record beside its text."""

    key: str | None = None
    topic: str = ""
    file: str = ""


class Reading(NamedTuple):
    """A reading; ``seq`` is the record's own, or None if the source is to number it."""

    sensor: str
    seq: int | None
    ts: int
    value: float


_ALONE = Around()


def checked_sensor(name: str) -> str:
    """A name that the contract allows for a sensor; raise BadRecord for any other."""
    if not _SENSOR.fullmatch(name):
        raise BadRecord(f"sensor: expected 1 to 64 letters, digits, . _ : -, got {_shown(name)}")
    return name


def line_of(sensor: str, seq: int, ts: int, value: float) -> bytes:
    """A reading as a line of the contract; the sensor's name needs no escapes."""
    return b'{"sensor":"%b","seq":%d,"ts":%d,"value":%b}\n' % (sensor.encode(), seq, ts, repr(value).encode())


class Mapping:
    """How the records of one source become readings."""

    def __init__(self, fields: Fields, key: str, clock: Callable[[], float] = time.time) -> None:
        self._sensor = fields.sensor if fields.sensor is not None else key
        self._fields = fields
        self._clock = clock
        self._good: set[str] = set()
        self._payload = isinstance(fields.value, Elsewhere)
        self._decode = msgspec.json.Decoder(float if self._payload else self._record()).decode

    @property
    def numbered(self) -> bool:
        """Whether records have numbers of their own."""
        return self._fields.seq is not None

    def reading(self, record: bytes, around: Around = _ALONE) -> Reading:
        """Return the reading of a record; raise BadRecord if there is none in it."""
        try:
            found = self._decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(_in_words(str(error))) from None
        value = found if self._payload else found.value
        if not math.isfinite(value):
            raise BadRecord("value: expected a finite number")
        seq = None if self._fields.seq is None or self._payload else found.seq
        if seq is not None and not 1 <= seq <= LARGEST:
            raise BadRecord(f"{self._fields.seq}: expected a whole number from 1 to 2^53 - 1, got {seq}")
        return Reading(self._name(found, around), seq, self._time(found), value)

    def _record(self) -> Any:
        """The type of a record; other fields are passed over."""
        names: dict[str, str] = {}
        fields: list[tuple[str, Any]] = []
        kinds = {"ms": int, "us": int, "ns": int, "s": float, "rfc3339": dt.datetime}
        wanted = (
            ("sensor", self._sensor, str | int),
            ("seq", self._fields.seq, int),
            ("ts", self._fields.ts, kinds[self._fields.ts_unit]),
            ("value", self._fields.value, float),
        )
        for ours, theirs, kind in wanted:
            if isinstance(theirs, str):
                names[ours] = theirs
                fields.append((ours, kind))
        return msgspec.defstruct("Record", fields, rename=names, gc=False)

    def _name(self, found: Any, around: Around) -> str:
        if isinstance(self._sensor, str):
            if self._payload:
                raise BadRecord("sensor: the payload is one number, and has no fields")
            name = str(found.sensor)
        elif self._sensor.constant is not None:
            name = self._sensor.constant
        elif self._sensor.source == "topic":
            name = around.topic.replace("/", ":")
        elif self._sensor.source == "file":
            name = around.file
        elif around.key is None:
            raise BadRecord("the message has no key")
        else:
            name = around.key
        name = self._fields.prefix + name
        if name not in self._good:
            checked_sensor(name)
            if len(self._good) < _MOST_NAMES:
                self._good.add(name)
        return name

    def _time(self, found: Any) -> int:
        if self._payload or isinstance(self._fields.ts, Elsewhere):
            return int(self._clock() * 1000)
        unit, given = self._fields.ts_unit, found.ts
        if unit == "ms":
            ts: int = given
        elif isinstance(given, dt.datetime):
            if given.tzinfo is None:
                raise BadRecord(f"{self._fields.ts}: expected a time with its zone, such as 2024-05-01T12:00:00Z")
            ts = (given - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
        elif unit == "s":
            ts = math.floor(given * 1000)
        else:
            ts = given // (1000 if unit == "us" else 1_000_000)
        if not 0 <= ts <= LARGEST:
            raise BadRecord(f"{self._fields.ts}: expected a time from 1970 on, in {unit}, got {_shown(given)}")
        return ts


def _in_words(message: str) -> str:
    what, _, where = message.partition(" - at ")
    what = what.replace("`", "").removeprefix("JSON is malformed: ")
    what = f"{what[:1].lower()}{what[1:]}"
    return f"{where.strip('`').removeprefix('$.')}: {what}" if where.startswith("`$.") else what


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
