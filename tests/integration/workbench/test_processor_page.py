"""The processor's page as the server sends it: complete without scripts, live by events, and a way to this machine's processors only."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PAGE = "/systems/processor"
PROGRAM = Path(__file__).parents[2] / "right" / "processor" / "python" / "processor.py"
ENOUGH_S = 60.0
WINDOW_MS = 1000


class Processor:
    """A processor that others wrote to the contract, on ports of its own."""

    def __init__(self, data: Path) -> None:
        self.port, self.ingest_port = _free_port(), _free_port()
        self.at = f"127.0.0.1:{self.port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.port),
            "INGEST_PORT": str(self.ingest_port),
            "DATA_DIR": str(data),
            "WINDOW_MS": str(WINDOW_MS),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, str(PROGRAM)], env=self._environment)
        end = time.monotonic() + ENOUGH_S
        while True:
            assert time.monotonic() < end, "the processor is not ready"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(ENOUGH_S)

    def send(self, sensor: str, numbers: range) -> None:
        """A reading for each window of these numbers, acknowledged."""
        with socket.create_connection(("127.0.0.1", self.ingest_port), ENOUGH_S) as client:
            for number in numbers:
                reading = {"sensor": sensor, "seq": number + 1, "ts": number * WINDOW_MS, "value": number + 0.25}
                client.sendall(json.dumps(reading).encode() + b"\n")
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def processor(tmp_path: Path) -> Iterator[Processor]:
    data = tmp_path / "processor"
    data.mkdir()
    started = Processor(data)
    started.start()
    yield started
    started.kill()


def ticks(browser: Any, address: str) -> Any:
    """The page's events, read as JSON while the block lasts."""

    @contextlib.contextmanager
    def reading() -> Iterator[Iterator[dict[str, Any]]]:
        stream = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Accept": "text/event-stream"}
        with browser.client.stream("GET", address, headers=stream) as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()
            yield (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))

    return reading()


def until(events: Iterator[dict[str, Any]], holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + ENOUGH_S
    for event in events:
        if holds(event):
            return event
        assert time.monotonic() < end, event
    raise AssertionError("the events ended")


def starts(event: dict[str, Any]) -> list[int]:
    return [row[0] for curve in event["curves"] for row in curve["rows"]]


def test_where_nothing_runs_the_page_teaches_how_to_start_one(browser: Any) -> None:
    """With the commands, and what was asked where."""
    page = browser.read(f"{PAGE}?at=127.0.0.1:9")

    assert "Nothing answers at http://127.0.0.1:9." in page
    assert "./climb stream run" in page
    assert "./climb stream sensors" in page
    assert re.search(r"<section data-live [^>]* hidden>", page)
    assert not re.search(r"<section data-empty [^>]* hidden>", page)


def test_without_scripts_the_numbers_of_now_are_there(browser: Any, processor: Processor) -> None:
    """Counters and the newest window of a sensor, with a link that reads them again."""
    processor.send("lamp", range(5))
    page = browser.waits_for(f"{PAGE}?at={processor.at}&sensors=lamp", "3.25")

    assert "<dt>accepted</dt><dd>5</dd>" in page
    assert '<th scope="row">lamp</th>' in page
    assert re.search(rf'href="{PAGE}\?at=[^"]+sensors=lamp" data-reload', page)
    assert re.search(r"<section data-empty [^>]* hidden>", page)


def test_events_bring_numbers_and_windows(browser: Any, processor: Processor) -> None:
    """Those of the sensors that were asked for, all since the beginning and then the new ones, each once."""
    processor.send("lamp", range(5))
    with ticks(browser, f"{PAGE}/events?at={processor.at}&sensors=lamp") as events:
        first = until(events, starts)
        processor.send("lamp", range(5, 8))
        second = until(events, starts)

    assert first["known"]
    assert first["phase"] == "running"
    assert starts(first) == [0, 1000, 2000, 3000]
    assert starts(second)[0] == 4000
    assert '<th scope="row">lamp</th>' in first["parts"]["rows"]


def test_sensors_are_chosen_if_nobody_chooses(browser: Any, processor: Processor) -> None:
    """As soon as some have closed windows."""
    with ticks(browser, f"{PAGE}/events?at={processor.at}") as events:
        before = next(events)
        processor.send("lamp", range(5))
        event = until(events, starts)

    assert before["curves"] == []
    assert [curve["sensor"] for curve in event["curves"]] == ["lamp"]


def test_a_processor_that_stops_and_comes_back_is_followed(browser: Any, processor: Processor) -> None:
    """The page says that it is gone, then that it was started again, and no window is missing or comes twice."""
    processor.send("lamp", range(5))
    with ticks(browser, f"{PAGE}/events?at={processor.at}&sensors=lamp") as events:
        seen = starts(until(events, starts))
        processor.kill()
        gone = until(events, lambda event: event["phase"] == "gone")
        processor.start()
        processor.send("lamp", range(5, 8))
        back = until(events, lambda event: event["phase"] == "running")
        while len(seen) < 7:
            seen += starts(back)
            back = next(events)

    assert "No answer since" in gone["parts"]["state"]
    assert gone["rate"] is None
    assert back["starts"] == 1
    assert seen == [number * WINDOW_MS for number in range(7)]


def test_whoever_leaves_the_page_leaves_the_processor(browser: Any, processor: Processor) -> None:
    """No connection to it stays open."""
    processor.send("lamp", range(5))
    with ticks(browser, f"{PAGE}/events?at={processor.at}&sensors=lamp") as events:
        until(events, starts)
        during = _connections(processor.port)
    end = time.monotonic() + ENOUGH_S
    while _connections(processor.port):
        assert time.monotonic() < end, "a connection stays"
        time.sleep(0.05)

    assert during


@pytest.mark.parametrize("host", ["127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "user@127.0.0.1"])
def test_nobody_else_is_asked(browser: Any, processor: Processor, host: str) -> None:
    """The page says so, and there are no events."""
    query = f"at={host}:{processor.port}"
    page = browser.read(f"{PAGE}?{query}")

    assert 'id="at-problem"' in page
    assert "data-processor" not in page
    assert browser.open(f"{PAGE}/events?{query}").status_code == 400


def test_foreign_pages_cannot_read_the_events(browser: Any, processor: Processor) -> None:
    """The guard holds for them as for all pages."""
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}

    assert browser.client.get(f"{PAGE}/events?at={processor.at}", headers=foreign).status_code == 403


def test_what_another_program_says_is_not_shown(browser: Any) -> None:
    """The workbench itself answers at its port, and is no processor."""
    page = browser.read(f"{PAGE}?at={browser.origin.removeprefix('http://')}")

    assert "answers, but not as a processor: HTTP status 404" in page
    assert re.search(r"<section data-live [^>]* hidden>", page)


def test_the_project_leads_here(browser: Any) -> None:
    """Whoever builds a processor finds the page."""
    assert f'href="{PAGE}"' in browser.read("/projects/processor")


def _connections(port: int) -> list[str]:
    """Connections to a port that are open, as the kernel lists them."""
    wanted = f"0100007F:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return [row[1] for row in rows if row[2] == wanted and row[3] == "01"]
