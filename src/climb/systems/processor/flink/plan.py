"""A pipeline as Flink SQL: source tables, a view of windows, sink tables, and one statement that runs them all.

What corresponds, and where Flink differs from the contract:

- **Windows** are window table-valued functions, TUMBLE and HOP, aligned to 1970 because the session's time zone is UTC.
- **The watermark** of the contract is the smallest clock of all sensors. Flink keeps one for each partition of a source and
  takes the smallest; within a partition it follows the largest time of any sensor. With one sensor a partition, or readings
  that are at most LATENESS_MS out of order across sensors, the two agree; else Flink drops readings as late that ours counts.
- **Idle** is a partition without readings for ``table.exec.source.idle-timeout``, not a sensor.
- **Late** readings are dropped in the same way: one counts in those of its windows that are open. Their number is the metric
  ``numLateRecordsDropped`` of the window operator. Flink moves its watermark every 200 ms, so that a reading that is barely
  late may still count, as the contract allows.
- **The last windows** of an input that ends are closed by its end. Ours stay open: more may come.
- **Percentiles** have the contract's rank, by sorting a window's values; Flink's own PERCENTILE interpolates between two.
  So they are exact, and cost memory that grows with the window; ours are estimates in bounded memory.
- **Duplicates** are found in each source by itself.
- **Rejected** lines are left out, and counted nowhere. Texts that hold numbers count as numbers, and 17.0 as an integer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from climb.systems.processor.flink import sql
from climb.systems.processor.flink.sink_tables import SinkTable, sink_tables
from climb.systems.processor.flink.source_tables import source_table
from climb.systems.processor.pipeline.model import Aggregate, Pipeline

__all__ = ["Plan", "plan"]

CHECKPOINT_EVERY = "10 s"  # what file sinks show appears with a checkpoint
AGGREGATES: Mapping[Aggregate, str] = {
    "count": "COUNT(*)",
    "sum": "SUM(`value`)",
    "min": "MIN(`value`)",
    "max": "MAX(`value`)",
    "mean": "AVG(`value`)",
    "first_ts": "MIN(`ts`)",
    "last_ts": "MAX(`ts`)",
}
PERCENTS: Mapping[Aggregate, int] = {"p50": 50, "p95": 95, "p99": 99}


@dataclass(frozen=True)
class Plan:
    """What to say to a SQL gateway, in order: options of the session, statements that create, and the one that runs."""

    options: Mapping[str, str]
    tables: tuple[str, ...]
    job: str
    notes: tuple[str, ...] = field(repr=False)

    @property
    def query(self) -> str:
        """The windows themselves, for who wants to read them instead of sending them to sinks."""
        return "SELECT * FROM `windows`"

    def text(self) -> str:
        """The whole as a file of SQL, as Flink's SQL client takes it."""
        notes = [f"-- {note}" for note in self.notes]
        settings = [f"SET {sql.text(key)} = {sql.text(value)};" for key, value in self.options.items()]
        blocks = ["\n".join(notes), "\n".join(settings), *(f"{statement};" for statement in (*self.tables, self.job))]
        return "\n\n".join(block for block in blocks if block) + "\n"


def plan(pipeline: Pipeline, *, follow: bool = True, kafka: str | None = None) -> Plan:
    """Return the pipeline as Flink SQL; raise NotOnFlinkError if it has no counterpart.

    ``follow`` reads on as more comes; without it, the job ends with the input that is there. ``kafka`` names the brokers
    of Kafka sources and sinks that name none.
    """
    sources = [source_table(pipeline, number, follow=follow, kafka=kafka) for number in range(len(pipeline.sources))]
    sinks = sink_tables(pipeline, kafka)
    readings = "\nUNION ALL\n".join(f"SELECT * FROM {source.view}" for source in sources)  # noqa: S608 - names of our own
    tables = (
        *(statement for source in sources for statement in source.statements),
        f"CREATE TEMPORARY VIEW `readings` AS\n{readings}",
        f"CREATE TEMPORARY VIEW `windows` AS\n{_windows(pipeline)}",
        *(sink.create for sink in sinks.tables),
    )
    notes = (*(note for source in sources for note in source.notes), *sinks.notes)
    return Plan(_options(pipeline), tables, _job(sinks.tables, pipeline), notes)


def _options(pipeline: Pipeline) -> dict[str, str]:
    return {
        "execution.runtime-mode": "streaming",
        "execution.checkpointing.interval": CHECKPOINT_EVERY,
        "parallelism.default": str(pipeline.workers),
        "pipeline.name": pipeline.name or "climb",
        "table.exec.source.idle-timeout": f"{pipeline.window.idle_ms} ms",
        "table.local-time-zone": "UTC",
    }


def _windows(pipeline: Pipeline) -> str:
    """The windows with their aggregates; the values are collected only if a percentile is asked for."""
    picked = ["`sensor`", f"{sql.epoch_ms('`window_start`')} AS `start`", f"{sql.epoch_ms('`window_end`')} AS `end`"]
    plain = [f"{call} AS {sql.name(called)}" for called, call in AGGREGATES.items() if called in pipeline.aggregates]
    ranked = [called for called in PERCENTS if called in pipeline.aggregates]
    if not ranked:
        return _grouped([*picked, *plain], pipeline)
    collected = ["COUNT(*) AS `n`", "ARRAY_SORT(ARRAY_AGG(`value`)) AS `sorted`"]
    inner = _grouped([*picked, *plain, *collected], pipeline)
    kept = ["`sensor`", "`start`", "`end`", *map(_taken, pipeline.aggregates)]
    return f"SELECT {', '.join(kept)}\nFROM (\n{sql.indented(inner)})"


def _taken(aggregate: Aggregate) -> str:
    """A column of the outer query: of n values in order, the one at place ⌈q·n⌉, counted from 1."""
    if aggregate not in PERCENTS:
        return sql.name(aggregate)
    return f"`sorted`[CAST((`n` * {PERCENTS[aggregate]} + 99) / 100 AS INT)] AS {sql.name(aggregate)}"


def _grouped(columns: list[str], pipeline: Pipeline) -> str:
    length, slide = pipeline.window.length_ms, pipeline.window.slide_ms
    spans = sql.interval(length) if length == slide else f"{sql.interval(slide)}, {sql.interval(length)}"
    function = "TUMBLE" if length == slide else "HOP"
    picked = ",\n  ".join(columns)
    grouped = (
        f"SELECT\n  {picked}\nFROM TABLE({function}(TABLE `readings`, DESCRIPTOR(`climb_at`), {spans}))\n"
        "GROUP BY `sensor`, `window_start`, `window_end`"
    )
    return grouped if length == slide else f"{grouped}\nHAVING `window_start` >= {sql.EPOCH}"  # none starts earlier


def _job(sinks: tuple[SinkTable, ...], pipeline: Pipeline) -> str:
    columns = ", ".join(sql.name(column) for column in ("sensor", "start", "end", *pipeline.aggregates))
    inserts = [f"INSERT INTO {sink.name} SELECT {columns} FROM `windows`" for sink in sinks]  # noqa: S608 - names of our own
    if len(inserts) == 1:
        return inserts[0]
    body = "\n".join(f"  {insert};" for insert in inserts)
    return f"EXECUTE STATEMENT SET\nBEGIN\n{body}\nEND"
