"""Sinks against real files, a real PostgreSQL, a real Kafka broker and a real HTTP client: what closes arrives, through stops."""

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from confluent_kafka import Consumer
from prometheus_client.parser import text_string_to_metric_families

from climb.stack import local

IN = '[[sources]]\ntype = "file"\npath = "in.jsonl"\n'
OUT = IN + '[[sinks]]\ntype = "file"\npath = "out/windows.jsonl"\n'


def records(first: int, behind: int, sensor: str = "s1") -> str:
    """One reading a second."""
    return "".join(
        json.dumps({"sensor": sensor, "ts": 1000 * number, "value": float(number)}) + "\n"
        for number in range(first, behind)
    )


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with local.database(environment={}) as address:
        yield address


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with local.broker(environment={}) as address:
        yield address


def starts(path: Path) -> list[int]:
    return [json.loads(line)["start"] for line in path.read_text().splitlines()]


async def test_closed_windows_are_lines_of_the_file(pipelines: Any, tmp_path: Path) -> None:
    """Each closed window is one line, with the aggregates that were asked for."""
    (tmp_path / "in.jsonl").write_text(records(0, 21))
    async with pipelines.run('aggregates = ["count", "p95"]\n' + OUT) as work:
        await work.written(2)

    assert [json.loads(line) for line in (tmp_path / "out" / "windows.jsonl").read_text().splitlines()] == [
        {"sensor": "s1", "start": 0, "end": 10000, "count": 10, "p95": pytest.approx(9.0, rel=0.02)},
        {"sensor": "s1", "start": 10000, "end": 20000, "count": 10, "p95": pytest.approx(19.0, rel=0.02)},
    ]


async def test_after_a_stop_the_file_goes_on_behind_the_last_window(pipelines: Any, tmp_path: Path) -> None:
    """The second run writes what closed since, and nothing again."""
    (tmp_path / "in.jsonl").write_text(records(0, 31))
    async with pipelines.run(OUT) as work:
        await work.written(3)
    with (tmp_path / "in.jsonl").open("a") as out:
        out.write(records(31, 61))
    async with pipelines.run(OUT) as work:
        await work.written(3)

    assert starts(tmp_path / "out" / "windows.jsonl") == [0, 10000, 20000, 30000, 40000, 50000]


async def test_what_was_written_behind_the_cursor_is_written_once(pipelines: Any, tmp_path: Path) -> None:
    """Lines that a crash left behind the last cursor, whole or not, are cut off, and come again."""
    (tmp_path / "in.jsonl").write_text(records(0, 31))
    async with pipelines.run(OUT) as work:
        await work.written(3)
    file = tmp_path / "out" / "windows.jsonl"
    whole = file.read_text()
    (cursor,) = (tmp_path / "data" / "sinks").glob("file-*.json")
    kept = cursor.read_text()
    with (tmp_path / "in.jsonl").open("a") as out:
        out.write(records(31, 51))
    async with pipelines.run(OUT) as work:
        await work.written(2)
    cursor.write_text(kept)
    file.write_text(file.read_text() + '{"sensor":"s1","sta')
    async with pipelines.run(OUT) as work:
        await work.written(2)

    assert file.read_text().startswith(whole)
    assert starts(file) == [0, 10000, 20000, 30000, 40000]


async def test_lines_of_others_stay_in_the_file(pipelines: Any, tmp_path: Path) -> None:
    """A file that has lines before the first run keeps them."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "windows.jsonl").write_text('{"start": -1}\n')
    (tmp_path / "in.jsonl").write_text(records(0, 11))
    async with pipelines.run(OUT) as work:
        await work.written(1)

    assert starts(tmp_path / "out" / "windows.jsonl") == [-1, 0]


async def test_rows_and_cursor_are_in_postgresql(pipelines: Any, tmp_path: Path, database: str) -> None:
    """Each closed window is one row, also after stops, since the cursor is where the rows are."""
    parts = f'{IN}[[sinks]]\ntype = "postgres"\nurl = "{database}"\ntable = "readings"\n'
    (tmp_path / "in.jsonl").write_text(records(0, 31))
    async with pipelines.run(parts) as work:
        await work.written(3)
    with (tmp_path / "in.jsonl").open("a") as out:
        out.write(records(31, 61))
    async with pipelines.run(parts) as work:
        await work.written(3)
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT start_ms, count, mean FROM readings ORDER BY start_ms")
    await connection.close()

    assert [tuple(row) for row in rows] == [(10000 * n, 10, 10.0 * n + 4.5) for n in range(6)]


async def test_a_failed_transaction_moves_no_cursor(
    pipelines: Any, tmp_path: Path, database: str, eventually: Callable[..., Any]
) -> None:
    """While rows can't be written the sink waits and says why; then all of them arrive once."""
    parts = f'{IN}[[sinks]]\ntype = "postgres"\nurl = "{database}"\ntable = "blocked"\n'
    (tmp_path / "in.jsonl").write_text(records(0, 11))
    async with pipelines.run(parts) as work:
        await work.written(1)
        connection = await asyncpg.connect(database)
        await connection.execute("ALTER TABLE blocked ADD CONSTRAINT none CHECK (start_ms < 10000)")
        with (tmp_path / "in.jsonl").open("a") as out:
            out.write(records(11, 31))
        await eventually(lambda: "violates check constraint" in work.sink.problem, "the problem is told")
        blocked = await connection.fetchval("SELECT count(*) FROM blocked")
        await connection.execute("ALTER TABLE blocked DROP CONSTRAINT none")
        await work.written(3)
        found = await connection.fetchval("SELECT count(*) FROM blocked")
        await connection.close()

    assert (blocked, found) == (1, 3)
    assert work.sink.problem == ""


async def test_windows_are_messages_keyed_by_their_sensor(pipelines: Any, tmp_path: Path, broker: str) -> None:
    """Each closed window is one message; its key is the sensor."""
    from climb.systems.processor.pipeline.servers import _make_topic

    await asyncio.to_thread(_make_topic, broker, "windows")
    parts = f'aggregates = ["count"]\n{IN}[[sinks]]\ntype = "kafka"\nbrokers = "{broker}"\ntopic = "windows"\n'
    (tmp_path / "in.jsonl").write_text(records(0, 21, "s1") + records(0, 21, "s2"))
    async with pipelines.run(parts) as work:
        await work.written(1)
        await work.written((await work.get("/stats"))["windows_closed"])
        closed = (await work.get("/windows"))["windows"]
    messages = await asyncio.to_thread(_consumed, broker, "windows", len(closed))
    wanted = [(each["sensor"], {name: each[name] for name in ("sensor", "start", "end", "count")}) for each in closed]

    assert sorted(messages, key=str) == sorted(wanted, key=str)


def _consumed(broker: str, topic: str, number: int) -> list[tuple[str, dict[str, Any]]]:
    settings = {"bootstrap.servers": broker, "group.id": "test", "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, "session.timeout.ms": 6000})
    consumer.subscribe([topic])
    found = []
    while len(found) < number:
        message = consumer.poll(30)
        assert message is not None
        assert message.error() is None
        found.append((message.key().decode(), json.loads(message.value())))
    consumer.close()
    return found


async def test_a_server_that_is_away_is_waited_for(
    pipelines: Any, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    """A sink without its server says so, and the rest of the pipeline goes on."""
    parts = f'{OUT}[[sinks]]\ntype = "postgres"\nurl = "postgresql://u:p@127.0.0.1:{pipelines.tcp_port}/db"\n'
    (tmp_path / "in.jsonl").write_text(records(0, 21))
    async with pipelines.run(parts) as work:
        await work.written(2)
        await eventually(lambda: work.running.sinks[1].problem, "the problem is told")

        assert work.running.sinks[1].problem.startswith("PostgreSQL: ")
        assert work.running.sinks[1].written == 0


async def test_gauges_show_the_newest_window_of_each_sensor(pipelines: Any, tmp_path: Path) -> None:
    """Prometheus reads each aggregate of the newest closed window, with the sensor as label."""
    parts = f'aggregates = ["count", "max"]\n{IN}[[sinks]]\ntype = "prometheus"\nport = {pipelines.tcp_port}\n'
    (tmp_path / "in.jsonl").write_text(records(0, 1, "s2") + records(0, 25, "s1") + records(1, 25, "s2"))
    async with pipelines.run(parts) as work:
        await work.written(4)
        url = f"http://127.0.0.1:{pipelines.tcp_port}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=30).read().decode())
    samples = {
        (sample.name, sample.labels["sensor"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert samples == {
        ("processor_window_count", "s1"): 10,
        ("processor_window_count", "s2"): 10,
        ("processor_window_max", "s1"): 19,
        ("processor_window_max", "s2"): 19,
        ("processor_window_end_ms", "s1"): 20000,
        ("processor_window_end_ms", "s2"): 20000,
    }
