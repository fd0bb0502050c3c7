"""climb sched import, as a command: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from climb.systems.scheduler import schedule
from climb.systems.scheduler.imports import SAMPLE
from climb.systems.scheduler.model import Options
from climb.systems.scheduler.reading import read_workload


def imported(
    *words: str, path: str | None = None, text: bytes | None = None, columns: int = 100
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "climb", "sched", "import", *words],
        capture_output=True,
        input=text,
        env={**os.environ, "COLUMNS": str(columns), **({} if path is None else {"PATH": path})},
        timeout=60,
    )


def test_the_sample_is_summarised() -> None:
    """What was found, what is left open, and what to do next."""
    call = imported("--sample")

    assert call.returncode == 0
    assert "the sample: 73 tasks, 2.512 s, 2 processors" in call.stdout.decode()
    assert "gzip-1009" in call.stdout.decode()
    assert "What the recording leaves open:" in call.stdout.decode()
    assert "next: climb sched import --sample --output gantt\n" in call.stdout.decode()
    assert "      climb sched import --sample --workload workload.json\n" in call.stdout.decode()


def test_the_workload_can_be_scheduled(tmp_path: Path) -> None:
    """What is written is a workload of the contract, and under eevdf each task gets its work."""
    target = tmp_path / "workload.json"

    call = imported("--sample", "--to", "0.5", "--workload", str(target))

    workload = read_workload(target.read_bytes())
    answer = schedule(workload, Options(policy="eevdf", quantum=3000))
    worked = sum(segment.end - segment.start for segment in answer.timeline)
    assert call.returncode == 0
    assert worked == sum(sum(task.bursts[::2]) for task in workload.tasks)


def test_the_actual_schedule_is_a_schedule(tmp_path: Path) -> None:
    """It has the form of what the emulator writes, with a name of its own for the policy."""
    target = tmp_path / "actual.json"

    call = imported("--sample", "--output-file", str(target))

    assert call.stderr.decode() == f"wrote {target}: the schedule as JSON\n"
    found = msgspec.json.decode(target.read_bytes())
    assert found["policy"] == "recorded"
    assert set(found) == {"policy", "timeline", "tasks", "summary"}
    assert set(found["timeline"][0]) == {"cpu", "task", "start", "end"}


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("gantt", "  recorded: the sample, 73 tasks, 2 processors\n"),
        ("json", '{"policy":"recorded"'),
        ("svg", "<?xml"),
        ("html", "<!doctype html>"),
        ("perfetto", '{"displayTimeUnit":"ms","otherData":{"policy":"recorded"}'),
    ],
)
def test_what_the_kernel_did_is_drawn(kind: str, begin: str) -> None:
    """In every form in which a schedule of ours is, and nothing beside it."""
    call = imported("--sample", "--output", kind)

    assert (call.returncode, call.stderr) == (0, b"")
    assert call.stdout.decode().startswith(begin)


def test_a_trace_of_the_kernel_is_in_its_own_time(tmp_path: Path) -> None:
    """A span's microseconds are those of the recording, whatever a tick is; what is ready is not told, as bursts are rounded."""
    target = tmp_path / "trace.json"
    imported("--sample", "--tick-us", "100", "--output", "perfetto", "--output-file", str(target))

    events = json.loads(target.read_bytes())["traceEvents"]
    ends = [event["ts"] + event["dur"] for event in events if event["ph"] == "X"]
    assert 2_500_000 < max(ends) < 2_520_000
    assert {event["ph"] for event in events} == {"M", "X"}


def test_suggested_commands_can_be_copied() -> None:
    """They are whole lines on a narrow terminal too, say again what was asked for, and no line ends in spaces."""
    call = imported("--sample", "--from", "1", "--only", "cc1*", "--cpus", "0,1", "--tick-us", "10", columns=40)

    lines = call.stdout.decode().splitlines()
    assert "next: climb sched import --sample --from 1 --only 'cc1*' --cpus 0,1 --tick-us 10 --output gantt" in lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_recording_can_come_from_a_pipe() -> None:
    """perf script | climb sched import - --workload -"""
    text = subprocess.run(["gzip", "-dc", str(SAMPLE)], capture_output=True, check=True).stdout

    call = imported("-", "--workload", "-", text=text)

    assert len(json.loads(call.stdout)["tasks"]) == 73
    assert b"next: climb sched import" in call.stderr


def test_the_summary_as_json() -> None:
    """Everything that the table shows, for scripts."""
    call = imported("--sample", "--cpus", "1", "--rename", "--json")

    found = json.loads(call.stdout)
    assert found["cpus"] == [1]
    assert "t1" in found["tasks"]
    assert found["tick_us"] == 1


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ([], "name one recording"),
        (["--sample", "x"], "name one recording"),
        (["/etc/passwd"], "no line of it is a sched_switch event"),
        (["--sample", "--from", "2", "--to", "1"], "--to 1 is not after --from 2"),
        (["--sample", "--only", "none"], "no task named none"),
        (["--sample", "--cpus", "7"], "no line of it is a sched_switch event of processor 7"),
        (["--sample", "--cpus", "a-b"], "is no list of processors"),
        (["--sample", "--workload", "-", "--json"], "both print to standard output"),
        (["--sample", "--output", "svg", "--json"], "--output svg and --json both print to standard output"),
        (["--sample", "--workload", "/proc/none/x"], "--workload /proc/none/x: No such file"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], fault: str) -> None:
    """Wrong usage ends with 2, one message, and nothing on standard output."""
    call = imported(*words)

    assert call.returncode == 2
    assert call.stdout == b""
    assert fault in " ".join(call.stderr.decode().split())


def test_a_perf_data_file_without_perf(tmp_path: Path) -> None:
    """Only perf reads its own format; without it the message says what to do where it is."""
    data = tmp_path / "perf.data"
    data.write_bytes(b"PERFILE2" + bytes(100))

    call = imported(str(data), path=str(tmp_path))

    assert call.returncode == 3
    assert b"perf is not installed here" in call.stderr


def test_perf_is_asked_for_its_own_format(tmp_path: Path) -> None:
    """What perf script prints of it is read like any text."""
    data, perf = tmp_path / "perf.data", tmp_path / "perf"
    data.write_bytes(b"PERFILE2" + bytes(100))
    gzip = shutil.which("gzip")
    perf.write_text(f'#!/bin/sh\n[ "$*" = "script -i {data} --ns --show-lost-events" ] && exec {gzip} -dc {SAMPLE}\n')
    perf.chmod(perf.stat().st_mode | stat.S_IXUSR)

    call = imported(str(data), "--json", path=str(tmp_path))

    assert len(json.loads(call.stdout)["tasks"]) == 73


def test_what_perf_can_not_read_is_refused(tmp_path: Path) -> None:
    """Its reason is passed on."""
    data, perf = tmp_path / "perf.data", tmp_path / "perf"
    data.write_bytes(b"PERFILE2" + bytes(100))
    perf.write_text("#!/bin/sh\necho 'incompatible file format' >&2\nexit 1\n")
    perf.chmod(perf.stat().st_mode | stat.S_IXUSR)

    call = imported(str(data), path=str(tmp_path))

    assert call.returncode == 2
    assert b"perf can't read" in call.stderr
    assert b"incompatible file format" in call.stderr
