"""The table of sources and sinks: which class does the work of which part of a pipeline file."""

from __future__ import annotations

from pathlib import Path

from climb.systems.processor.pipeline.model import (
    FileSink,
    FileSource,
    KafkaSink,
    KafkaSource,
    MqttSource,
    Pipeline,
    PostgresSink,
    PrometheusSink,
    Sink as SinkPart,
    Source as SourcePart,
    UdpSource,
)
from climb.systems.processor.pipeline.servers import Servers
from climb.systems.processor.sinks.following import Sink
from climb.systems.processor.sources.source import Ground, Source

__all__ = ["make_sink", "make_source"]


async def make_source(part: SourcePart, pipeline: Pipeline, ground: Ground, servers: Servers) -> Source:
    """The source that does a part's work; what it needs is imported only now."""
    match part:
        case FileSource():
            from climb.systems.processor.sources.files import Files

            return Files(part, pipeline.key, ground)
        case UdpSource():
            from climb.systems.processor.sources.udp import Udp

            return Udp(part, ground)
        case KafkaSource():
            from climb.systems.processor.sources.kafka import KafkaTopic

            group = part.group or f"climb-{pipeline.name}"
            return KafkaTopic(part, pipeline.key, group, await servers.brokers(part.brokers, part.topic), ground)
        case MqttSource():
            from climb.systems.processor.sources.mqtt import Mqtt

            return Mqtt(part, pipeline.key, f"climb-{pipeline.name}", ground)
    raise AssertionError(part)


async def make_sink(part: SinkPart, pipeline: Pipeline, cursor_file: Path, servers: Servers) -> Sink:
    """The sink that does a part's work."""
    match part:
        case FileSink():
            from climb.systems.processor.sinks.json_lines import JsonLines

            return JsonLines(Path(part.path), pipeline.aggregates, cursor_file)
        case PostgresSink():
            from climb.systems.processor.sinks.postgres import Postgres

            owner = f"{pipeline.name} {servers.data_id()}"
            return Postgres(await servers.database(part.url), part.table, owner, pipeline.aggregates)
        case KafkaSink():
            from climb.systems.processor.sinks.kafka import KafkaTopic as KafkaWriter

            return KafkaWriter(
                part.topic, await servers.brokers(part.brokers, part.topic), pipeline.aggregates, cursor_file
            )
        case PrometheusSink():
            from climb.systems.processor.sinks.prometheus import Prometheus

            return Prometheus(part.port, pipeline.aggregates, cursor_file)
    raise AssertionError(part)
