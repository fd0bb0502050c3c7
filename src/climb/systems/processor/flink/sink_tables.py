"""The sinks of a pipeline as tables; what has no counterpart on Flink is left out with a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from climb.systems.processor.flink import sql
from climb.systems.processor.flink.source_tables import brokers_of
from climb.systems.processor.pipeline.model import FileSink, KafkaSink, Pipeline, Sink

__all__ = ["COLUMN_TYPES", "SinkTable", "SinkTables", "sink_tables"]

COLUMN_TYPES: Mapping[str, str] = {
    "count": "BIGINT",
    "sum": "DOUBLE",
    "min": "DOUBLE",
    "max": "DOUBLE",
    "mean": "DOUBLE",
    "p50": "DOUBLE",
    "p95": "DOUBLE",
    "p99": "DOUBLE",
    "first_ts": "BIGINT",
    "last_ts": "BIGINT",
}


@dataclass(frozen=True)
class SinkTable:
    """A table that windows are inserted into."""

    name: str
    create: str


@dataclass(frozen=True)
class SinkTables:
    """All tables of a pipeline's sinks, at least one, and what there is to say about them."""

    tables: tuple[SinkTable, ...]
    notes: tuple[str, ...]


def sink_tables(pipeline: Pipeline, kafka: str | None) -> SinkTables:
    """Return the sinks that Flink can write to; its ``print`` if there is none."""
    tables, notes = [], []
    for number, sink in enumerate(pipeline.sinks):
        values = _values(sink, kafka)
        if values is None:
            notes.append(f"sinks[{number}]: {sink.__struct_config__.tag} has no counterpart on Flink, and is left out.")
        else:
            tables.append(_table(f"sink_{number + 1}", values, pipeline))
        if isinstance(sink, FileSink):
            notes.append(f"sinks[{number}]: {sink.path} becomes a folder; what is in it appears with a checkpoint.")
        if isinstance(sink, KafkaSink):
            notes.append(f"sinks[{number}]: after a failure a window can come again, with the same sensor and start.")
    if not tables:
        tables.append(_table("sink_print", {"connector": "print"}, pipeline))
        notes.append("No sink is left: the windows are printed into the output of the task managers.")
    return SinkTables(tuple(tables), tuple(notes))


def _table(name: str, values: Mapping[str, str], pipeline: Pipeline) -> SinkTable:
    columns = {"sensor": "STRING", "start": "BIGINT", "end": "BIGINT"}
    columns |= {aggregate: COLUMN_TYPES[aggregate] for aggregate in pipeline.aggregates}
    declared = ",\n".join(f"  {sql.name(column)} {kind}" for column, kind in columns.items())
    return SinkTable(name, f"CREATE TEMPORARY TABLE {name} (\n{declared}\n) {sql.options(values)}")


def _values(sink: Sink, kafka: str | None) -> dict[str, str] | None:
    if isinstance(sink, FileSink):
        return {"connector": "filesystem", "path": Path(sink.path).as_uri(), "format": "json"}
    if isinstance(sink, KafkaSink):
        return {
            "connector": "kafka",
            "topic": sink.topic,
            "properties.bootstrap.servers": brokers_of(sink.brokers, kafka, "the sink"),
            "key.format": "raw",
            "key.fields": "sensor",
            "value.format": "json",
            "value.fields-include": "ALL",
        }
    return None
