"""Our processor and Apache Flink are given the same readings, and their windows are compared row by row."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from climb.cli.stream_plan import submit_command
from climb.systems.processor.flink.gateway import Gateway
from climb.systems.processor.flink.plan import plan
from climb.systems.processor.flink.submit import read_windows
from climb.systems.processor.pipeline.reading import read_pipeline

T0 = 1_700_000_000_000
READINGS = 6_000
STEP_MS = 13
FAR_MS = 1_000_000  # a last reading of each sensor, so far ahead that it closes all windows before
START_S = 120.0  # compiled code may have to be compiled first
SHOWN_S = 30.0  # the contract says a second; this only ends a test that would hang
QUERY_S = 240.0

Window = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """An input, and the windows it is cut into."""

    name: str
    sensors: int
    window_ms: int
    slide_ms: int
    lateness_ms: int
    shuffled_ms: int = 0
    quarters: bool = True  # sums of quarters are exact in any order
    start_ms: int = T0

    def __str__(self) -> str:
        return self.name


CASES = (
    Case("in order, tumbling", sensors=1, window_ms=10_000, slide_ms=10_000, lateness_ms=0),
    Case("several sensors, out of order, tumbling", 5, 10_000, 10_000, lateness_ms=4_000, shuffled_ms=2_000),
    Case("several sensors, out of order, sliding", 5, 10_000, 2_500, lateness_ms=4_000, shuffled_ms=2_000),
    Case("odd lengths, sliding", 3, 777, 111, lateness_ms=500, shuffled_ms=250),
    Case("any values, tumbling", 3, 5_000, 5_000, lateness_ms=1_000, shuffled_ms=500, quarters=False),
    Case("from 1970 on, sliding", 2, 6_000, 2_000, lateness_ms=1_000, shuffled_ms=400, start_ms=500),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_flink_has_the_same_windows(case: Case, tmp_path: Path, gateway: Gateway) -> None:
    """Each closed window of ours is a row of Flink's with the same numbers, and Flink has no other."""
    lines = readings(case, random.Random(case.name))
    theirs = windows_of_flink(case, lines, tmp_path, gateway)
    ours, error = windows_of_ours(case, lines, tmp_path, len(theirs))

    assert [identity(window) for window in ours] == [identity(window) for window in theirs]
    assert len(ours) > case.sensors * 7  # else the input was no test
    for mine, other in zip(ours, theirs, strict=True):
        assert differences(mine, other, error, exact_sums=case.quarters) == {}


def test_a_submitted_pipeline_writes_the_same_windows(tmp_path: Path, gateway: Gateway) -> None:
    """What `climb stream submit` starts writes Flink's windows, the same ones, through the pipeline's file sink."""
    case = CASES[1]
    lines = readings(case, random.Random("submitted"))

    answer = CliRunner().invoke(
        submit_command, [str(pipeline_file(case, lines, tmp_path)), "--once", "--json", "--gateway", gateway.url]
    )
    job = json.loads(answer.stdout)["job_id"]
    wait_until_finished(job, gateway)
    written = "".join(part.read_text() for part in sorted((tmp_path / "out").iterdir()))
    theirs = closed(case, [json.loads(line) for line in written.splitlines()])
    ours, error = windows_of_ours(case, lines, tmp_path, len(theirs))

    assert [identity(window) for window in ours] == [identity(window) for window in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert differences(mine, other, error, exact_sums=case.quarters) == {}


# --- the input ------------------------------------------------------------------------------------------------------


def readings(case: Case, chance: random.Random) -> list[bytes]:
    """Lines with readings of all sensors, some twice and some broken; the same order for both sides."""
    lines, seqs = [], dict.fromkeys((f"s{n}" for n in range(case.sensors)), 0)
    for number in range(READINGS):
        sensor = chance.choice(list(seqs))
        ts = max(0, case.start_ms + number * STEP_MS + chance.randint(-case.shuffled_ms, case.shuffled_ms))
        value = chance.randint(-400, 400) / 4 if case.quarters else chance.gauss(0, 1e6)
        seqs[sensor] += chance.choice((1, 1, 3))
        line = json.dumps({"sensor": sensor, "seq": seqs[sensor], "ts": ts, "value": value}).encode()
        lines += [line, line] if chance.random() < 0.03 else [line]
        if chance.random() < 0.02:
            lines.append(broken(chance, ts))
    far = case.start_ms + READINGS * STEP_MS + FAR_MS
    for sensor, seq in seqs.items():
        lines.append(json.dumps({"sensor": sensor, "seq": seq + 1, "ts": far, "value": 0.25}).encode())
    return lines


def broken(chance: random.Random, ts: int) -> bytes:
    """A line that is no reading, and that would move the watermark or add to a window if it were taken."""
    return chance.choice(
        (
            b"{nonsense",
            b'{"sensor": "s0", "seq": 1.5, "ts": %d, "value": 1}' % (ts + 50_000_000),
            b'{"sensor": "s 0", "seq": 900000, "ts": %d, "value": 1}' % (ts + 50_000_000),
            b'{"sensor": "s0", "seq": 0, "ts": %d, "value": 1}' % ts,
            b'{"sensor": "s0", "seq": 900000, "ts": "soon", "value": 1}',
            b'{"sensor": "s0", "seq": 900000, "ts": %d}' % ts,
            b'{"seq": 900000, "ts": %d, "value": 1}' % ts,
        )
    )


def closed(case: Case, rows: list[Window]) -> list[Window]:
    """Flink's windows without those that only the end of the input has closed, in the contract's order."""
    return sorted((row for row in rows if row["end"] <= last_watermark(case)), key=identity)


def last_watermark(case: Case) -> int:
    """Where the last readings bring the watermark."""
    return case.start_ms + READINGS * STEP_MS + FAR_MS - case.lateness_ms


def identity(window: Window) -> tuple[int, str, int]:
    return window["start"], window["sensor"], window["end"]


def differences(ours: Window, theirs: Window, error: float, *, exact_sums: bool) -> dict[str, tuple[Any, Any]]:
    """The aggregates of a window that are further apart than they may be."""
    allowed = dict.fromkeys(theirs, 0.0)
    largest = max(abs(theirs["min"]), abs(theirs["max"]))  # with a count: a bound of the sum of absolute values
    if not exact_sums:
        allowed |= {"sum": 1e-9 * largest * theirs["count"], "mean": 1e-9 * largest}
    else:
        allowed["mean"] = 1e-12 * largest
    allowed |= {name: error * abs(theirs[name]) * (1 + 1e-9) for name in ("p50", "p95", "p99")}
    texts = {name: (ours[name], theirs[name]) for name in ("sensor",) if ours[name] != theirs[name]}
    numbers = {
        name: (ours[name], theirs[name])
        for name in theirs
        if name != "sensor" and not abs(ours[name] - theirs[name]) <= allowed[name]
    }
    return texts | numbers


# --- Flink ----------------------------------------------------------------------------------------------------------


def windows_of_flink(case: Case, lines: list[bytes], folder: Path, gateway: Gateway) -> list[Window]:
    pipeline = read_pipeline(pipeline_file(case, lines, folder))
    found = read_windows(plan(pipeline, follow=False), gateway, timeout_s=QUERY_S)
    return closed(case, [dict(zip(found.columns, row, strict=True)) for row in found.rows])


def pipeline_file(case: Case, lines: list[bytes], folder: Path) -> Path:
    (folder / "readings.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    path = folder / "pipeline.toml"
    path.write_text(
        f"""
        [window]
        length = "{case.window_ms}ms"
        slide = "{case.slide_ms}ms"
        lateness = "{case.lateness_ms}ms"

        [[sources]]
        type = "file"
        path = "readings.jsonl"
        fields = {{ seq = "seq" }}

        [[sinks]]
        type = "file"
        path = "out"
        """
    )
    return path


def wait_until_finished(job: str, gateway: Gateway) -> None:
    end = time.monotonic() + QUERY_S
    status = ""
    while status != "FINISHED":
        with gateway.session() as session:
            jobs = session.run("SHOW JOBS")
        status = {row[0]: row[2] for row in jobs.rows}[job]
        assert status not in ("FAILED", "CANCELED")
        assert time.monotonic() < end
        time.sleep(0.2)


# --- ours -----------------------------------------------------------------------------------------------------------


def windows_of_ours(case: Case, lines: list[bytes], folder: Path, count: int) -> tuple[list[Window], float]:
    """Start the processor, send it the lines, and return its closed windows with the error that it states."""
    with processor(case, folder) as (url, ingest_port):
        assert len(acked(lines, ingest_port)) == case.sensors
        stats = get(f"{url}/stats")
        assert stats["late"] == 0
        assert stats["duplicates"] > 0
        assert stats["rejected"] > 0
        return settled(url, count), stats["percentile_error"]


def acked(lines: list[bytes], port: int) -> dict[str, int]:
    """Send the lines over one connection, and return what is acknowledged when the server has closed it."""
    found: dict[str, int] = {}
    with socket.create_connection(("127.0.0.1", port), timeout=SHOWN_S) as connection:

        def send() -> None:
            connection.sendall(b"\n".join(lines) + b"\n")
            connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        with connection.makefile("rb") as answers:
            for line in answers:
                found |= json.loads(line).get("ack", {})
        sender.join()
    return found


def settled(url: str, count: int) -> list[Window]:
    """All windows, once as many are shown as there should be, or none has come for a while: then the comparison says which."""
    end = time.monotonic() + SHOWN_S
    while True:
        windows = get(f"{url}/windows?limit=10000")["windows"]
        if len(windows) >= count or time.monotonic() > end:
            return windows
        time.sleep(0.05)


@contextlib.contextmanager
def processor(case: Case, folder: Path) -> Iterator[tuple[str, int]]:
    ports = free_ports()
    (folder / "data").mkdir()
    environment = {
        **os.environ,
        "PORT": str(ports[0]),
        "INGEST_PORT": str(ports[1]),
        "DATA_DIR": str(folder / "data"),
        "WINDOW_MS": str(case.window_ms),
        "SLIDE_MS": str(case.slide_ms),
        "LATENESS_MS": str(case.lateness_ms),
        "IDLE_MS": "60000",
        "WORKERS": "2",
    }
    command = [sys.executable, "-m", "climb.systems.processor"]
    with (folder / "processor.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{ports[0]}"
        wait_until_ready(url, process, folder / "processor.log")
        yield url, ports[1]
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return
        time.sleep(0.05)


def free_ports() -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        return [one.getsockname()[1] for one in taken]


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)
