"""climb stream: the data processor, a group whose commands are loaded when they run."""

from __future__ import annotations

import click

from climb.cli.commands import Entry
from climb.cli.lazy import Lazy

__all__ = ["SUBCOMMANDS", "stream"]

SUBCOMMANDS = (
    Entry("run", "Process", "a pipeline: readings in, closed windows out", "climb.cli.stream_run:run"),
    Entry("validate", "Process", "a pipeline file, checked without starting anything", "climb.cli.stream_run:validate"),
    Entry(
        "sensors",
        "Try",
        "simulated sensors that send readings, and know what must come out",
        "climb.cli.stream_sensors:sensors",
    ),
    Entry(
        "top", "Watch", "a running processor: rate, lag, watermark, workers, newest windows", "climb.cli.stream_top:top"
    ),
    Entry("plan", "Beyond one machine", "a pipeline as Flink SQL", "climb.cli.stream_plan:plan_command"),
    Entry(
        "submit",
        "Beyond one machine",
        "run a pipeline on an Apache Flink cluster",
        "climb.cli.stream_plan:submit_command",
    ),
    Entry("stop", "Beyond one machine", "stop a job on that cluster", "climb.cli.stream_plan:stop_command"),
)


@click.command(cls=Lazy, entries=SUBCOMMANDS, called="climb stream")
def stream() -> None:
    """Readings of many sensors in, exact windows out.

    It takes readings over TCP, HTTP, UDP, Kafka and MQTT and from files, aggregates them by event time, and hands closed windows
    to HTTP, files, PostgreSQL, Kafka and Prometheus. What it acknowledged survives a crash, and counts once.

    \b
    Examples:
      climb stream run
      climb stream run temperatures.toml
      climb stream validate temperatures.toml
      climb stream sensors --for 10s --check
      climb stream top
    """
