"""The ``file`` source on real files that grow, are renamed, are truncated, and are read again after a stop."""

import json
from pathlib import Path
from typing import Any

import pytest

FILE = '[[sources]]\ntype = "file"\npath = "in.jsonl"\nfields = { sensor = "device", ts = "time", value = "temp" }\n'
FOLDER = '[[sources]]\ntype = "file"\npath = "logs"\npattern = "*.log*"\n'


def record(number: int, device: str = "d1") -> str:
    return json.dumps({"device": device, "time": 1000 * number, "temp": number / 2, "else": None}) + "\n"


def own_record(sensor: str, number: int) -> str:
    return json.dumps({"sensor": sensor, "ts": 1000 * number, "value": 1}) + "\n"


async def test_what_is_added_is_read(pipelines: Any, tmp_path: Path) -> None:
    """Lines that are there at the start and lines that are added later are taken, in the fields' other names."""
    file = tmp_path / "in.jsonl"
    file.write_text("".join(record(number) for number in range(20)))
    async with pipelines.run(FILE) as work:
        await work.taken(20)
        with file.open("a") as out:
            out.write("".join(record(number) for number in range(20, 31)))
        await work.taken(31)
        windows = (await work.get("/windows"))["windows"]

    assert [(window["sensor"], window["start"], window["count"], window["sum"]) for window in windows] == [
        ("d1", 0, 10, 22.5),
        ("d1", 10000, 10, 72.5),
        ("d1", 20000, 10, 122.5),
    ]


async def test_a_file_may_come_later(pipelines: Any, tmp_path: Path) -> None:
    """A file that is not there yet is told as a problem, and read when it appears."""
    async with pipelines.run(FILE) as work:
        problem = ""
        while "not there" not in problem:
            problem = work.source.problem
            await work.get("/stats")
        (tmp_path / "in.jsonl").write_text(record(1))
        await work.taken(1)

    assert problem == f"{tmp_path / 'in.jsonl'} is not there yet"


async def test_a_line_in_pieces_is_one_line(pipelines: Any, tmp_path: Path) -> None:
    """A line without its end is not read until the end is there."""
    file = tmp_path / "in.jsonl"
    whole = record(2)
    file.write_text(record(1) + whole[:10])
    async with pipelines.run(FILE) as work:
        await work.taken(1)
        with file.open("a") as out:
            out.write(whole[10:])
        await work.taken(2)

        assert work.source.bad == 0


async def test_bad_lines_are_counted_and_harm_nobody(pipelines: Any, tmp_path: Path) -> None:
    """Records of which no reading can be made are counted, with place and reason; empty lines are not."""
    bad = [
        "nonsense\n",
        '{"device": "d1", "time": "soon", "temp": 1}\n',
        '{"device": "no name", "time": 1, "temp": 1}\n',
    ]
    (tmp_path / "in.jsonl").write_text("".join([record(1), *bad, "\n", "  \n", record(2)]))
    async with pipelines.run(FILE) as work:
        await work.taken(2)

        assert work.source.bad == 3
        assert "in.jsonl at byte 1" in work.source.last_bad
        assert 'sensor: expected 1 to 64 letters, digits, . _ : -, got "no name"' in work.source.last_bad


async def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_start(pipelines: Any, tmp_path: Path) -> None:
    """Rotation by rename loses nothing: what is written to the old file before and after its rename counts, then the new file's lines."""
    file = tmp_path / "in.jsonl"
    file.write_text(record(1))
    async with pipelines.run(FILE) as work:
        await work.taken(1)
        with file.open("a") as old:
            old.write(record(2))
            file.rename(tmp_path / "in.jsonl.1")
            old.write(record(3))
        file.write_text(record(4))
        await work.taken(4)

        assert (await work.get("/stats"))["duplicates"] == 0


async def test_a_file_that_was_renamed_while_nobody_looked_is_read_to_its_end(pipelines: Any, tmp_path: Path) -> None:
    """After a stop, what was added to a file before it was renamed counts, and so does its successor."""
    file = tmp_path / "in.jsonl"
    file.write_text(record(1))
    async with pipelines.run(FILE) as work:
        await work.taken(1)
    with file.open("a") as out:
        out.write(record(2))
    file.rename(tmp_path / "in.jsonl.1")
    file.write_text(record(3))
    async with pipelines.run(FILE) as work:
        await work.taken(3)
        stats = await work.get("/stats")

    assert (stats["accepted"], stats["late"], stats["duplicates"]) == (3, 0, 0)


async def test_a_truncated_file_begins_again(pipelines: Any, tmp_path: Path) -> None:
    """What is written after a truncation counts, although its places were read before."""
    file = tmp_path / "in.jsonl"
    file.write_text("".join(record(number) for number in range(5)))
    async with pipelines.run(FILE) as work:
        await work.taken(5)
        file.write_text(record(7))
        await work.taken(6)
        file.write_text(record(8) + record(9))
        await work.taken(8)

        assert (await work.get("/stats"))["duplicates"] == 0


async def test_a_restart_goes_on_where_it_was(pipelines: Any, tmp_path: Path) -> None:
    """After a stop in order only what is new is sent."""
    file = tmp_path / "in.jsonl"
    file.write_text("".join(record(number) for number in range(100)))
    async with pipelines.run(FILE) as work:
        await work.taken(100)
    with file.open("a") as out:
        out.write("".join(record(number) for number in range(100, 150)))
    async with pipelines.run(FILE) as work:
        await work.taken(150)
        stats = await work.get("/stats")

    assert (stats["accepted"], stats["duplicates"]) == (150, 0)


@pytest.mark.parametrize("kept", ["everything", "the plan only"])
async def test_what_is_sent_twice_after_a_crash_counts_once(pipelines: Any, tmp_path: Path, kept: str) -> None:
    """If a crash made the source forget what was safe, it sends that again with the same numbers, and nothing counts twice."""
    (tmp_path / "in.jsonl").write_text("".join(record(number, f"d{number % 3}") for number in range(300)))
    async with pipelines.run(FILE) as work:
        await work.taken(300)
    (places,) = (tmp_path / "data" / "sources").glob("*.jsonl")
    if kept == "the plan only":
        lines = [json.loads(line) for line in places.read_text().splitlines()]
        places.write_text("".join(json.dumps(line) + "\n" for line in lines if "span" in line))
    async with pipelines.run(FILE) as work:
        with (tmp_path / "in.jsonl").open("a") as out:
            out.write(record(300))
        await work.taken(301)
        stats = await work.get("/stats")

    assert stats["accepted"] + stats["late"] == 301
    assert stats["duplicates"] == (300 if kept == "the plan only" else 0)


async def test_all_files_of_a_folder_are_read(pipelines: Any, tmp_path: Path) -> None:
    """Files whose names match are followed, also those that come later, and a sensor may be in several."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_text(own_record("s1", 1) + own_record("s2", 1))
    (logs / "b.log.1").write_text(own_record("s1", 2))
    (logs / "c.txt").write_text(own_record("s1", 3))
    async with pipelines.run(FOLDER) as work:
        await work.taken(3)
        (logs / "d.log").write_text(own_record("s1", 4))
        with (logs / "a.log").open("a") as out:
            out.write(own_record("s2", 5))
        await work.taken(5)
        stats = await work.get("/stats")

    assert (stats["accepted"], stats["duplicates"], stats["sensors"]) == (5, 0, 2)
