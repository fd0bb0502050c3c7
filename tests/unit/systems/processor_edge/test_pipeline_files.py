"""Pipeline files: what a right one means, and what is said of a wrong one."""

import re
from pathlib import Path

import pytest

from climb.systems.processor.pipeline.errors import PipelineError
from climb.systems.processor.pipeline.model import (
    Elsewhere,
    FileSink,
    FileSource,
    KafkaSource,
    Pipeline,
    PostgresSink,
    TcpSource,
)
from climb.systems.processor.pipeline.reading import decode_pipeline, read_pipeline

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "pipelines.md"
RIGHT = """
[window]
length = "10s"
slide = "5s"

[[sources]]
type = "tcp"

[[sources]]
type = "kafka"
topic = "r"
fields = { sensor = { from = "key" }, ts = "time", ts_unit = "s" }

[[sinks]]
type = "postgres"
"""


def error_of(text: str) -> str:
    with pytest.raises(PipelineError) as caught:
        decode_pipeline(text.encode())
    return str(caught.value)


def test_the_smallest_pipeline_has_the_briefs_defaults() -> None:
    """One source is enough; windows are ten seconds, tumble, and wait for nobody."""
    pipeline = decode_pipeline(b'[[sources]]\ntype = "tcp"\n')

    assert pipeline == Pipeline(sources=(TcpSource(port=7071),))
    assert (pipeline.window.length_ms, pipeline.window.slide_ms) == (10_000, 10_000)
    assert (pipeline.window.lateness_ms, pipeline.window.idle_ms) == (0, 10_000)
    assert (pipeline.http_port, pipeline.tcp_port) == (7070, 7071)


@pytest.mark.parametrize(
    ("text", "ms"), [("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("1h", 3_600_000)], ids=["ms", "s", "m", "h"]
)
def test_times_have_units(text: str, ms: int) -> None:
    """A time is digits and a unit."""
    assert (
        decode_pipeline(f'window = {{ length = "{text}" }}\nsources = [{{ type = "tcp" }}]'.encode()).window.length_ms
        == ms
    )


ONE_OF_SOURCES = 'expected one of "tcp", "http", "udp", "file", "kafka", "mqtt"'
WRONG = [
    ('type = "tcp"', 'type = "tpc"', f'sources[0].type: {ONE_OF_SOURCES}, got "tpc"'),
    ('type = "tcp"', "port = 3", f"sources[0].type: is missing; {ONE_OF_SOURCES}"),
    ('type = "tcp"', "type = 3", f"sources[0].type: {ONE_OF_SOURCES}, got 3"),
    ('type = "tcp"', 'type = "tcp"\nport = 0', "sources[0].port: expected a port, 1 to 65535, got 0"),
    ('topic = "r"', "topic = 3", "sources[1].topic: expected the name of a topic, got 3"),
    ('topic = "r"', "", "sources[1].topic: is missing; expected the name of a topic"),
    ('topic = "r"', 'topik = "r"', "sources[1].topik: there is no such field; did you mean topic?"),
    ('"5s"', '"3s"', 'window.slide: expected a time that divides the length, "10s", without rest, got "3s"'),
    ('"5s"', "5", 'window.slide: expected a time with its unit, such as "500ms", "10s" or "5m", got 5'),
    ('"10s"', '"0s"', "window.length: expected 1 to 1000000000 ms, got 0 ms"),
    (
        'from = "key"',
        'from = "file"',
        'sources[1].fields.sensor.from: expected "key", "topic" for this source, got "file"',
    ),
    (
        'from = "key"',
        'constant = "a", from = "key"',
        'sources[1].fields.sensor: expected either { constant = "…" } or { from = "…" }, got a table',
    ),
    (
        'ts_unit = "s"',
        'ts_unit = "x"',
        'sources[1].fields.ts_unit: expected one of "ms", "s", "us", "ns", "rfc3339", got "x"',
    ),
    (
        'ts = "time"',
        'value = { from = "arrival" }',
        'sources[1].fields.value.from: expected "payload" for this source, got "arrival"',
    ),
    ("[window]", "aggregates = []\n[window]", "aggregates: expected a list of some of count, sum, "),
    ("[window]", 'aggregates = ["sum", "sum"]\n[window]', 'aggregates: "sum" is listed twice'),
    ("[window]", "workers = 65\n[window]", "workers: expected a whole number from 1 to 64, got 65"),
    ('type = "postgres"', 'type = "postgres"\ntable = "a;b"', "sinks[0].table: expected 1 to 55 of a-z, 0-9 and `_`"),
    ('type = "tcp"', 'type = "tcp"\nport = 7070', "sources[0].port: expected a port that is not used yet, got 7070"),
    ("[[sinks]]", '[[sources]]\ntype = "tcp"\n[[sinks]]', "sources[2]: tcp is sources[0] already"),
    ("[[sources]]", "[[source]]", "source: there is no such field; did you mean sources?"),
    ("[window]", "[window", "the file is not TOML: "),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), WRONG, ids=[said.split(":")[0] + str(i) for i, (_, _, said) in enumerate(WRONG)]
)
def test_a_mistake_is_told_with_place_value_and_what_is_allowed(old: str, new: str, said: str) -> None:
    """Each wrong file is refused with one line that begins with the place."""
    message = error_of(RIGHT.replace(old, new))

    assert message.startswith(said)
    assert "\n" not in message


def test_a_file_names_the_pipeline_and_its_paths(tmp_path: Path) -> None:
    """Without a name the pipeline has its file's; relative paths begin at the file's folder."""
    file = tmp_path / "my pipe.toml"
    file.write_text(
        'data_dir = "d"\n[[sources]]\ntype = "file"\npath = "in"\n[[sinks]]\ntype = "file"\npath = "/out"\n'
    )

    pipeline = read_pipeline(file)

    assert (pipeline.name, pipeline.data_dir) == ("my-pipe", str(tmp_path / "d"))
    assert pipeline.sources == (FileSource(path=str(tmp_path / "in")),)
    assert pipeline.sinks == (FileSink(path="/out"),)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """The error has the path and the system's reason."""
    with pytest.raises(PipelineError, match=r"none\.toml can't be read: No such file or directory"):
        read_pipeline(tmp_path / "none.toml")


def test_the_pages_example_is_a_pipeline() -> None:
    """The example of the reference page means what the page says."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)

    pipeline = decode_pipeline(example.encode())

    assert pipeline.key == "device"
    assert isinstance(pipeline.sources[1], KafkaSource)
    assert isinstance(pipeline.sources[2], FileSource)
    assert pipeline.sources[2].fields.sensor == Elsewhere(source="file")
    assert pipeline.sinks[1] == PostgresSink(table="temperatures")


def test_the_page_names_every_field() -> None:
    """No field of the model is missing on the reference page."""
    from climb.systems.processor.pipeline import model

    page = PAGE.read_text()
    structs = [
        value
        for value in vars(model).values()
        if isinstance(value, type) and issubclass(value, model.Pipeline.__base__)
    ]
    fields = {name for struct in structs for name in struct.__struct_encode_fields__}

    assert len(fields) > 20
    assert [name for name in sorted(fields) if f"`{name}`" not in page and f"{{ {name} =" not in page] == []
