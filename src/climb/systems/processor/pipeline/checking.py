"""What no field of a pipeline can know alone."""

from __future__ import annotations

from collections.abc import Iterator

from climb.systems.processor.pipeline.errors import PipelineError
from climb.systems.processor.pipeline.model import (
    Elsewhere,
    FileSink,
    HttpSink,
    HttpSource,
    KafkaSink,
    Pipeline,
    PostgresSink,
    PrometheusSink,
    RecordSource,
    Sink,
    Source,
    TcpSource,
    UdpSource,
)

__all__ = ["identity", "refuse_what_does_not_fit"]

_LONGEST_MS = 1_000_000_000  # the brief's limit for what is said in milliseconds


def refuse_what_does_not_fit(pipeline: Pipeline) -> None:
    """Raise PipelineError for the first thing that does not fit to another."""
    _check_window(pipeline)
    if len(set(pipeline.aggregates)) < len(pipeline.aggregates):
        twice = next(name for name in pipeline.aggregates if pipeline.aggregates.count(name) > 1)
        raise PipelineError(f'aggregates: "{twice}" is listed twice')
    for index, source in enumerate(pipeline.sources):
        if isinstance(source, RecordSource):
            _check_origins(source, f"sources[{index}].fields")
    _check_once("sources", pipeline.sources)
    _check_once("sinks", pipeline.sinks)
    _check_ports(pipeline)


def _check_window(pipeline: Pipeline) -> None:
    window = pipeline.window
    for name, smallest in (("length", 1), ("slide", 1), ("lateness", 0), ("idle", 1)):
        ms = getattr(window, f"{name}_ms")
        if not smallest <= ms <= _LONGEST_MS:
            raise PipelineError(f"window.{name}: expected {smallest} to {_LONGEST_MS} ms, got {ms} ms")
    if window.length_ms % window.slide_ms:
        raise PipelineError(
            f'window.slide: expected a time that divides the length, "{window.length}", without rest, got "{window.slide}"'
        )


def _check_origins(source: RecordSource, path: str) -> None:
    fits = {
        "sensor": tuple(origin for origin in source.origins if origin in {"key", "topic", "file"}),
        "ts": ("arrival",),
        "value": tuple(origin for origin in source.origins if origin == "payload"),
    }
    for name, allowed in fits.items():
        given = getattr(source.fields, name)
        if not isinstance(given, Elsewhere):
            continue
        if given.constant is not None:
            if name != "sensor":
                raise PipelineError(f"{path}.{name}.constant: only a sensor can be the same for all records")
        elif given.source not in allowed:
            known = ", ".join(f'"{origin}"' for origin in allowed) or "the name of a field"
            raise PipelineError(f'{path}.{name}.from: expected {known} for this source, got "{given.source}"')
    if source.fields.value == Elsewhere(source="payload") and source.fields.seq is not None:
        raise PipelineError(f"{path}.seq: there are no fields where the payload is the value")


def identity(part: Source | Sink) -> str:
    """What makes a source or sink the same one after the file was edited: its kind, and what it reads or writes."""
    kind = str(part.__struct_config__.tag)
    match part:
        case FileSink():
            return f"{kind} {part.path}"
        case RecordSource():
            return f"{kind} {getattr(part, 'path', '') or getattr(part, 'topic', '')}"
        case PostgresSink():
            return f"{kind} {part.table}"
        case KafkaSink():
            return f"{kind} {part.topic}"
        case UdpSource() | PrometheusSink():
            return f"{kind} {part.port}"
        case _:
            return kind


def _check_once(name: str, parts: tuple[Source, ...] | tuple[Sink, ...]) -> None:
    known: dict[str, int] = {}
    for index, part in enumerate(parts):
        first = known.setdefault(identity(part), index)
        if first != index:
            raise PipelineError(f"{name}[{index}]: {identity(part)} is {name}[{first}] already")


def _check_ports(pipeline: Pipeline) -> None:
    https = [(path, part.port) for path, part in _parts(pipeline) if isinstance(part, HttpSource | HttpSink)]
    for path, port in https[1:]:
        if port != https[0][1]:
            raise PipelineError(
                f"{path}.port: expected {https[0][1]} as in {https[0][0]}, since one server does both, got {port}"
            )
    known = {pipeline.http_port: https[0][0] if https else "http"}
    for path, part in _parts(pipeline):
        if isinstance(part, TcpSource | PrometheusSink):
            first = known.setdefault(part.port, path)
            if first != path:
                raise PipelineError(
                    f"{path}.port: expected a port that is not used yet, got {part.port}, which is that of {first}"
                )


def _parts(pipeline: Pipeline) -> Iterator[tuple[str, Source | Sink]]:
    yield from ((f"sources[{index}]", source) for index, source in enumerate(pipeline.sources))
    yield from ((f"sinks[{index}]", sink) for index, sink in enumerate(pipeline.sinks))
