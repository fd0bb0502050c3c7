"""A source of a pipeline as a table with event time, and a view of its good readings, each once.

The watermark is one millisecond behind ours. Flink closes a window when the watermark has reached its last millisecond,
and promises with a watermark that this very millisecond will not come again; ours says where time has come. With that
millisecond, both close a window at the same reading.

A reading is a duplicate if its number is not above the highest one before it. Two windows over the order of arrival say
that exactly, and keep two numbers for each sensor; the usual ``ROW_NUMBER() = 1`` for each sensor and number would keep
every number ever seen. A line that is no reading gets the time 0, at which it moves no watermark, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from climb.systems.processor.flink import sql
from climb.systems.processor.flink.errors import NotOnFlinkError
from climb.systems.processor.pipeline.model import (
    Elsewhere,
    FileSource,
    KafkaSource,
    Pipeline,
    Source,
)

__all__ = ["SourceTable", "brokers_of", "source_table"]

LARGEST = 2**53 - 1
LAST_MS = 253_402_300_799_999  # the end of the year 9999, and of Flink's timestamps
FOLLOW_EVERY = "1 s"
GOOD_SENSOR = "^[A-Za-z0-9._:-]{1,64}$"
FINER_THAN_MS = {"us": 1_000, "ns": 1_000_000}
JSON = {"format": "json", "json.ignore-parse-errors": "true"}
ISO = {"json.timestamp-format.standard": "ISO-8601"}


@dataclass(frozen=True)
class SourceTable:
    """The statements of a source, and the view of its readings."""

    statements: tuple[str, ...]
    view: str
    notes: tuple[str, ...]


def source_table(pipeline: Pipeline, number: int, *, follow: bool, kafka: str | None) -> SourceTable:
    """Return the tables of the source with this number; raise NotOnFlinkError if Flink can't read it."""
    source = pipeline.sources[number]
    if not isinstance(source, FileSource | KafkaSource):
        raise NotOnFlinkError(
            f"sources[{number}]: Flink SQL can't read from {_kind(source)}; let the readings go through a Kafka topic"
        )
    table, view = f"source_{number + 1}", f"readings_{number + 1}"
    columns = _Columns(pipeline, source, number)
    create = f"CREATE TEMPORARY TABLE {table} (\n{columns.declared(pipeline.window.lateness_ms)}\n) {_with(source, pipeline, columns, follow, kafka)}"
    return SourceTable((create, _view(view, table, columns)), view, tuple(_notes(source, columns, number)))


class _Columns:
    """What is read from a record, and how sensor, number, time and value are made of it."""

    def __init__(self, pipeline: Pipeline, source: FileSource | KafkaSource, number: int) -> None:
        self._place = f"sources[{number}].fields"
        self._read: dict[str, str] = {}
        self._rules: list[str] = []
        self.formats: dict[str, str] = {}
        self.key_column = ""
        fields = source.fields
        self.sensor = self._sensor(fields.sensor or pipeline.key, source)
        if fields.prefix:
            self.sensor = f"{sql.text(fields.prefix)} || {self.sensor}"
        self.seq = self._integer(fields.seq) if fields.seq else None
        self.ts = self._time(fields.ts, fields.ts_unit)
        if isinstance(fields.value, Elsewhere):
            raise NotOnFlinkError(f"{self._place}.value: on Flink it must be a field of a JSON record")
        self.value = self._field(fields.value, "DOUBLE")

    @property
    def good(self) -> str:
        """Whether a record is a reading; ``IS TRUE`` because parts of it may be missing."""
        rules = [
            f"REGEXP({self.sensor}, {sql.text(GOOD_SENSOR)})",
            f"{self.ts} BETWEEN 0 AND {LAST_MS}",
            f"ABS({self.value}) < CAST('Infinity' AS DOUBLE)",
            *self._rules,
        ]
        if self.seq:
            rules.insert(1, f"{self.seq} BETWEEN 1 AND {LARGEST}")
        return "(" + "\n    AND ".join(rules) + ") IS TRUE"

    def declared(self, lateness_ms: int) -> str:
        """The columns of the table, with its watermark."""
        lines = [f"{sql.name(column)} {kind}" for column, kind in self._read.items()]
        lines += [
            f"`climb_good` AS {self.good}",
            f"`climb_at` AS TO_TIMESTAMP_LTZ(CASE WHEN {self.good} THEN {self.ts} ELSE CAST(0 AS BIGINT) END, 3)",
            "`climb_arrival` AS PROCTIME()",
            f"WATERMARK FOR `climb_at` AS `climb_at` - {sql.interval(lateness_ms + 1)}",
        ]
        return ",\n".join(f"  {line}" for line in lines)

    def _sensor(self, sensor: str | Elsewhere, source: FileSource | KafkaSource) -> str:
        if isinstance(sensor, str):
            return self._field(sensor, "STRING")
        if sensor.constant is not None:
            return sql.text(sensor.constant)
        if sensor.source == "topic" and isinstance(source, KafkaSource):
            return sql.text(source.topic)
        if sensor.source == "key":
            self.key_column = "climb_key"
            return self._field(self.key_column, "STRING")
        if sensor.source == "file":
            self._read["climb_file"] = "STRING NOT NULL METADATA FROM 'file.name' VIRTUAL"
            return "REGEXP_REPLACE(`climb_file`, '\\.[^.]*$', '')"
        raise NotOnFlinkError(f"{self._place}.sensor: on Flink it can't come from {sensor.source}")

    def _time(self, ts: str | Elsewhere, unit: str) -> str:
        if isinstance(ts, Elsewhere):
            raise NotOnFlinkError(
                f"{self._place}.ts: on Flink the time must be in the record; the time of arrival would be another one after a restart"
            )
        if unit == "rfc3339":
            self.formats |= ISO
            return "(" + sql.epoch_ms(self._field(ts, "TIMESTAMP_LTZ(3)")) + ")"
        if unit == "s":
            return f"CAST(FLOOR({self._field(ts, 'DOUBLE')} * 1000) AS BIGINT)"
        if unit == "ms":
            return self._integer(ts)
        return f"{self._field(ts, 'BIGINT')} / {FINER_THAN_MS[unit]}"

    def _integer(self, field: str) -> str:
        """A field that must have no fraction: of 1.5, Flink would make a 1 if it were told to read an integer."""
        number = self._field(field, "DOUBLE")  # holds every integer that is allowed
        self._rules.append(f"{number} = FLOOR({number})")
        return f"CAST({number} AS BIGINT)"

    def _field(self, field: str, kind: str) -> str:
        if self._read.setdefault(field, kind) != kind:
            raise NotOnFlinkError(f"{self._place}: {field} can't be both {self._read[field]} and {kind} on Flink")
        return sql.name(field)


def _with(
    source: FileSource | KafkaSource, pipeline: Pipeline, columns: _Columns, follow: bool, kafka: str | None
) -> str:
    if isinstance(source, FileSource):
        values = {"connector": "filesystem", "path": Path(source.path).as_uri()}
        if Path(source.path).is_dir():
            values["source.path.regex-pattern"] = f".*/{_as_regex(source.pattern)}"
        if follow:
            values["source.monitor-interval"] = FOLLOW_EVERY
        return sql.options({**values, **JSON, **columns.formats})
    values = {
        "connector": "kafka",
        "topic": source.topic,
        "properties.bootstrap.servers": brokers_of(source.brokers, kafka, "the source"),
        "properties.group.id": source.group or f"climb-{pipeline.name}",
        "properties.auto.offset.reset": "earliest",
        "scan.startup.mode": "group-offsets",
    }
    if not follow:
        values["scan.bounded.mode"] = "latest-offset"
    if columns.key_column:
        values |= {"key.format": "raw", "key.fields": columns.key_column, "value.fields-include": "EXCEPT_KEY"}
    json = {f"value.{key}": value for key, value in {**JSON, **columns.formats}.items()}
    return sql.options({**values, **json})


def brokers_of(named: str | None, kafka: str | None, what: str) -> str:
    """Return the brokers of a Kafka source or sink; raise NotOnFlinkError if nobody named them."""
    found = named or kafka
    if not found:
        raise NotOnFlinkError(
            f"{what} names no Kafka brokers; set KAFKA_BOOTSTRAP_SERVERS to some that the cluster can reach"
        )
    return found


def _view(view: str, table: str, columns: _Columns) -> str:
    picked = f"{columns.sensor} AS `sensor`, {columns.ts} AS `ts`, {columns.value} AS `value`, `climb_at`"
    if columns.seq is None:
        return f"CREATE TEMPORARY VIEW {view} AS\nSELECT {picked}\nFROM {table}\nWHERE `climb_good`"
    return f"""CREATE TEMPORARY VIEW {view} AS
SELECT `sensor`, `ts`, `value`, `climb_at`
FROM (
  SELECT *, LAG(`highest`) OVER (PARTITION BY `sensor` ORDER BY `climb_arrival`) AS `highest_before`
  FROM (
    SELECT *, MAX(`seq`) OVER (PARTITION BY `sensor` ORDER BY `climb_arrival`
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `highest`
    FROM (
      SELECT {picked}, {columns.seq} AS `seq`, `climb_arrival`
      FROM {table}
      WHERE `climb_good`)))
WHERE `highest_before` IS NULL OR `seq` > `highest_before`"""  # noqa: S608 - fields are quoted by sql.name


def _notes(source: FileSource | KafkaSource, columns: _Columns, number: int) -> list[str]:
    notes = []
    if isinstance(source, FileSource):
        notes.append(f"sources[{number}]: Flink sees new files of a folder, but not what is added to a file later.")
        if Path(source.path).is_dir():
            notes.append(
                f"sources[{number}]: a folder's files are read in no sure order; what is in an early file can come late."
            )
    else:
        notes.append(
            f"sources[{number}]: the watermark is the smallest of the topic's partitions; give each message its sensor as key."
        )
    if columns.formats:
        notes.append(f"sources[{number}]: of RFC 3339, Flink reads times that end in Z; the others are left out.")
    return notes


def _as_regex(pattern: str) -> str:
    """A file name's pattern as the regular expression that Flink wants; ``fnmatch.translate`` writes Python's."""
    parts = {"*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(char) or ("\\" + char if char in r".^$+{}()|[]\\" else char) for char in pattern)


def _kind(source: Source) -> str:
    return str(source.__struct_config__.tag)
