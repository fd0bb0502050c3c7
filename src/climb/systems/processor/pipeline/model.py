"""A pipeline: one frozen value for each part of its file.

The descriptions are what an error says is allowed, and what the reference page has to say: both repeat what is checked here.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

__all__ = [
    "AGGREGATES",
    "HTTP_PORT",
    "TCP_PORT",
    "Aggregate",
    "Elsewhere",
    "Fields",
    "FileSink",
    "FileSource",
    "HttpSink",
    "HttpSource",
    "KafkaSink",
    "KafkaSource",
    "MqttSource",
    "Pipeline",
    "PostgresSink",
    "PrometheusSink",
    "RecordSource",
    "Sink",
    "Source",
    "TcpSource",
    "UdpSource",
    "Window",
]

HTTP_PORT = 7070
TCP_PORT = 7071
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}

Aggregate = Literal["count", "sum", "min", "max", "mean", "p50", "p95", "p99", "first_ts", "last_ts"]
AGGREGATES: tuple[Aggregate, ...] = ("count", "sum", "min", "max", "mean", "p50", "p95", "p99", "first_ts", "last_ts")
TimeUnit = Literal["ms", "s", "us", "ns", "rfc3339"]

Port = Annotated[int, Meta(ge=1, le=65535, description="a port, 1 to 65535")]
Duration = Annotated[
    str, Meta(pattern=r"^[0-9]{1,9}(ms|s|m|h)$", description='a time with its unit, such as "500ms", "10s" or "5m"')
]
Name = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="a name of 1 to 64 letters, digits, `.`, `_`, `-`")
]
SensorText = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="1 to 64 letters, digits, `.`, `_`, `:`, `-`")
]
Prefix = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,48}$", description="at most 48 letters, digits, `.`, `_`, `:`, `-`")
]
PathText = Annotated[str, Meta(min_length=1, description="a path; a relative one begins at the pipeline file")]
FieldName = Annotated[str, Meta(min_length=1, description="the name of a field of the record")]
Workers = Annotated[int, Meta(ge=1, le=64, description="a whole number from 1 to 64")]
Host = Annotated[str, Meta(min_length=1, description="the name or address of a host")]
Brokers = Annotated[str, Meta(min_length=1, description='brokers, such as "host:9092,other:9092"')]
Topic = Annotated[str, Meta(min_length=1, description="the name of a topic")]
Group = Annotated[str, Meta(min_length=1, description="the name of a consumer group")]
Url = Annotated[str, Meta(pattern=r"^postgres(ql)?://", description='an address that begins with "postgresql://"')]
Table = Annotated[
    str, Meta(pattern=r"^[a-z_][a-z0-9_]{0,54}$", description="1 to 55 of a-z, 0-9 and `_`, no digit first")
]
Aggregates = Annotated[
    tuple[Aggregate, ...], Meta(min_length=1, description=f"a list of some of {', '.join(AGGREGATES)}")
]


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts share: a field that we don't know is refused, not passed over."""


class Elsewhere(_Part, frozen=True, kw_only=True, rename={"source": "from"}):
    """What is not a field of the record: the same for all records, or taken from around them. One of the two is given."""

    constant: SensorText | None = None
    source: Literal["key", "topic", "file", "payload", "arrival"] | None = None

    def __post_init__(self) -> None:
        if (self.constant is None) == (self.source is None):
            raise ValueError('expected either { constant = "…" } or { from = "…" }')


class Fields(_Part, frozen=True, kw_only=True):
    """Where the parts of a reading are in the records of a source."""

    sensor: FieldName | Elsewhere | None = None
    """default: the pipeline's `key`"""
    seq: FieldName | None = None
    """default: none; the readings are numbered by their place in the source"""
    ts: FieldName | Elsewhere = "ts"
    value: FieldName | Elsewhere = "value"
    ts_unit: TimeUnit = "ms"
    prefix: Prefix = ""


class Window(_Part, frozen=True, kw_only=True):
    """Windows of event time, as the brief has them."""

    length: Duration = "10s"
    slide: Duration | None = None
    """default: `length`"""
    lateness: Duration = "0s"
    idle: Duration = "10s"

    @property
    def length_ms(self) -> int:
        """``WINDOW_MS``."""
        return _ms(self.length)

    @property
    def slide_ms(self) -> int:
        """``SLIDE_MS``."""
        return _ms(self.slide or self.length)

    @property
    def lateness_ms(self) -> int:
        """``LATENESS_MS``."""
        return _ms(self.lateness)

    @property
    def idle_ms(self) -> int:
        """``IDLE_MS``."""
        return _ms(self.idle)


def _ms(text: str) -> int:
    unit = text.lstrip("0123456789")
    return int(text.removesuffix(unit)) * _UNITS_MS[unit]


class TcpSource(_Part, frozen=True, kw_only=True, tag_field="type", tag="tcp"):
    """The brief's lines over TCP."""

    port: Port = TCP_PORT


class HttpSource(_Part, frozen=True, kw_only=True, tag_field="type", tag="http"):
    """The brief's lines by ``POST /ingest``."""

    port: Port = HTTP_PORT


class UdpSource(_Part, frozen=True, kw_only=True, tag_field="type", tag="udp"):
    """StatsD lines in datagrams."""

    port: Port = 8125
    host: Host = "127.0.0.1"
    prefix: Prefix = ""


class RecordSource(_Part, frozen=True, kw_only=True, tag_field="type"):
    """What sources of JSON records share."""

    origins: ClassVar[tuple[str, ...]] = ()
    fields: Fields = Fields()


class FileSource(RecordSource, frozen=True, kw_only=True, tag="file"):
    """JSON lines of a file, or of all files of a folder, and what is added to them."""

    origins: ClassVar[tuple[str, ...]] = ("file", "arrival")
    path: PathText
    pattern: Annotated[str, Meta(min_length=1, description='file names of a folder, such as "*.jsonl"')] = "*.jsonl"


class KafkaSource(RecordSource, frozen=True, kw_only=True, tag="kafka"):
    """JSON messages of a Kafka topic."""

    origins: ClassVar[tuple[str, ...]] = ("key", "topic", "payload", "arrival")
    topic: Topic
    brokers: Brokers | None = None
    """default: `KAFKA_BOOTSTRAP_SERVERS`, else a broker started here"""
    group: Group | None = None
    """default: `climb-` and the pipeline's name"""


class MqttSource(RecordSource, frozen=True, kw_only=True, tag="mqtt"):
    """JSON messages of an MQTT broker."""

    origins: ClassVar[tuple[str, ...]] = ("topic", "payload", "arrival")
    topic: Topic
    host: Host = "127.0.0.1"
    port: Port = 1883
    username: Annotated[str, Meta(min_length=1, description="a user's name")] | None = None
    password_env: (
        Annotated[str, Meta(min_length=1, description="the environment variable that holds the password")] | None
    ) = None


Source = TcpSource | HttpSource | UdpSource | FileSource | KafkaSource | MqttSource


class HttpSink(_Part, frozen=True, kw_only=True, tag_field="type", tag="http"):
    """The brief's answers: ``/windows``, ``/stream``, ``/stats``, ``/metrics``."""

    port: Port = HTTP_PORT


class FileSink(_Part, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """Closed windows as JSON lines."""

    path: PathText


class PostgresSink(_Part, frozen=True, kw_only=True, tag_field="type", tag="postgres"):
    """Closed windows as rows of a table."""

    url: Url | None = None
    """default: `DATABASE_URL`, else a PostgreSQL started here, with its data in the data folder"""
    table: Table = "windows"


class KafkaSink(_Part, frozen=True, kw_only=True, tag_field="type", tag="kafka"):
    """Closed windows as messages, the sensor as their key."""

    topic: Topic
    brokers: Brokers | None = None
    """default: `KAFKA_BOOTSTRAP_SERVERS`, else a broker started here"""


class PrometheusSink(_Part, frozen=True, kw_only=True, tag_field="type", tag="prometheus"):
    """Each sensor's newest closed window as gauges, at ``/metrics`` of a port of its own."""

    port: Port = 9464


Sink = HttpSink | FileSink | PostgresSink | KafkaSink | PrometheusSink


class Pipeline(_Part, frozen=True, kw_only=True):
    """Readings from sources, grouped by a key and by windows of time, aggregated, to sinks."""

    name: Name = ""
    """default: the file's name"""
    data_dir: PathText | None = None
    """default: `stream/` and the pipeline's name, in the home folder"""
    key: FieldName = "sensor"
    workers: Workers = 1
    aggregates: Aggregates = AGGREGATES
    window: Window = Window()
    sources: Annotated[tuple[Source, ...], Meta(min_length=1, description="at least one `[[sources]]`")]
    sinks: tuple[Sink, ...] = ()

    @property
    def http_port(self) -> int:
        """``PORT``: where the answers are, and ``POST /ingest``."""
        return next(
            (part.port for part in (*self.sources, *self.sinks) if isinstance(part, HttpSource | HttpSink)), HTTP_PORT
        )

    @property
    def tcp_port(self) -> int | None:
        """``INGEST_PORT``, if the pipeline asks for one."""
        return next((source.port for source in self.sources if isinstance(source, TcpSource)), None)
