"""The workbench with a full home: ``python benchmarks/workbench.py [--rounds N] [--runs N] [--keep FOLDER]``.

Every page is asked for again and again, interleaved with the same bytes from ``python -m http.server``, each time over a
connection of its own; a page's time is from the first byte sent to the last one received. Then a run's events are written one by
one, and timed from the write to the bytes that reach the page. Exits with 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import page_scripts
import race
import stored_home

from climb.judge import runs
from climb.judge.event_log import EventLog
from climb.judge.events import CheckDone, RunStarted, StageStarted
from climb.judge.project import load as load_project
from climb.judge.submission import load as load_submission
from climb.judge.verdict import CheckResult, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE_MS = 50.0  # a page's median, as its reader's browser sees it
FIRST_MS = 1000.0  # the first page after the start, with the index to be made
EVENT_MS = 100.0  # 99 of 100 events
SCRIPT_BYTES = 150_000  # of one page
READY_S = 30.0
DOCUMENTS = {"/journal/export"}


@dataclass
class Page:
    """A page's times in milliseconds, ours and the static server's in pairs, and what its scripts weigh."""

    address: str
    size: int = 0
    script: int = 0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether it keeps its budgets; a document to be saved is no page, and has none."""
        quick = statistics.median(self.ours) < PAGE_MS
        return self.address in DOCUMENTS or (quick and self.script <= SCRIPT_BYTES)

    def line(self) -> str:
        """Its row of the table."""
        ratios = sorted(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))
        spread = f"{statistics.median(ratios):5.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        server = f"{statistics.median(self.server):7.1f}" if self.server else f"{'':7}"
        return (
            f"{self.address[:44]:44}{statistics.median(self.ours):8.1f}{max(self.ours):8.1f}{server}"
            f"{statistics.median(self.theirs):9.1f}   {spread:22}{self.size / 1000:7.1f}{self.script / 1000:7.1f}"
            f"  {'' if self.kept else 'MISSED'}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a home, measure, print."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="climb-bench-") as made:
        place = Path(options.keep or made).resolve()
        place.mkdir(parents=True, exist_ok=True)
        home = place / "home"
        os.environ["CLIMB_HOME"] = str(home)
        addresses = _fill(place, home, options.runs)
        print(f"{race.machine()}\n{options.runs:,} runs in {place}\n", flush=True)
        (home / "index.sqlite").unlink(missing_ok=True)
        began = time.perf_counter()
        with _served([sys.executable, "-m", "climb", "up", "--no-browser", "--port", "0"], place) as ours:
            start = time.perf_counter() - began
            return _measure(ours, place, addresses, start * 1000, options.rounds)


def _measure(ours: tuple[str, int], place: Path, addresses: list[str], start_ms: float, rounds: int) -> int:
    first_ms, _, _ = _get(ours, "/")
    second_ms, _, _ = _get(ours, "/")
    pages = [Page(address) for address in addresses]
    copies = place / "copies"
    copies.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        _, body, _ = _get(ours, page.address)
        page.size, page.script = len(body), page_scripts.script_bytes(body.decode())
        (copies / str(number)).write_bytes(body)
    with _static_server(copies) as theirs:
        for _ in range(rounds):
            for number, page in enumerate(pages):
                took, _, server = _get(ours, page.address)
                page.ours.append(took)
                page.server += server
                page.theirs.append(_get(theirs, f"/{number}")[0])
    latencies = _latencies(ours, place)
    print(
        f"{'page':44}{'median':>8}{'worst':>8}{'server':>7}{'static':>9}   {'ours / static':22}{'kB':>7}{'script':>7}"
    )
    print("\n".join(page.line() for page in pages))
    p99 = statistics.quantiles(latencies, n=100)[98]
    print(f"\nthe command begins to serve   {start_ms:7.1f} ms after its start")
    print(f"first page, without an index  {first_ms:7.1f} ms, then {second_ms:.1f} ms")
    print(f"an event reaches its page     {statistics.median(latencies):7.1f} ms (median), {p99:.1f} ms (p99)")
    print(
        f"budgets: a page's median {PAGE_MS:.0f} ms, its scripts {SCRIPT_BYTES // 1000} kB, the first {FIRST_MS:.0f} ms, p99 of events {EVENT_MS:.0f} ms"
    )
    kept = all(page.kept for page in pages) and p99 < EVENT_MS and first_ms < FIRST_MS
    print("all kept" if kept else "MISSED")
    return 0 if kept else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The workbench's pages with a full home.")
    parser.add_argument("--rounds", type=int, default=15, help="times that each page is asked for (default: 15)")
    parser.add_argument("--runs", type=int, default=1000, help="stored runs (default: 1000)")
    parser.add_argument("--keep", metavar="FOLDER", help="fill this new folder and leave it there, to look at")
    return parser.parse_args(arguments)


def _fill(place: Path, home: Path, count: int) -> list[str]:
    """Fill the home; the addresses of all kinds of pages."""
    folders = [stored_home.submission(place / f"scanner-{number}") for number in range(1, 6)]
    words = [sys.executable, "-m", "climb", "check", str(folders[0])]
    subprocess.run(words, check=False, stdout=subprocess.DEVNULL, timeout=60)
    real = runs.latest(folders[0] / ".climb")
    assert real is not None
    names = stored_home.fill_runs(home, folders, runs.read_verdict(real), count)
    entry = stored_home.fill_journal(home, names, 100)
    results = stored_home.fill_labs(home, 10)
    lab, result = next(iter(results.items()))
    return [
        *("/", "/runs", "/runs?from=500", f"/runs/{names[0]}", f"/runs/{names[-1]}", "/projects/scanner"),
        *("/modules/1.1", "/concepts/tcp-ip", "/pages/how-to-learn"),
        *("/labs", *(f"/labs/{slug}" for slug in results), f"/labs/{lab}/{result}"),
        *("/journal", "/journal/new", f"/journal/{entry}", f"/journal/{entry}/edit", "/journal/export"),
        *("/search?q=port", "/search?q=nothing-like-it", "/no-such-page", "/static/site.css"),
    ]


@contextlib.contextmanager
def _served(words: list[str], folder: Path) -> Iterator[tuple[str, int]]:
    """A server's address, as it prints it; it is ended afterwards."""
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://([\d.]+):(\d+)", process.stdout.readline())
            assert found is not None, "the server did not start"
            yield found[1], int(found[2])
        finally:
            process.terminate()


@contextlib.contextmanager
def _static_server(folder: Path) -> Iterator[tuple[str, int]]:
    """``python -m http.server`` on a free port of an address of its own."""
    host = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "http.server", str(port), "--bind", host, "--directory", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + READY_S
            while not _answers(host, port):
                assert time.monotonic() < end, "http.server did not start"
                time.sleep(0.02)
            yield host, port
        finally:
            process.terminate()


def _answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _get(server: tuple[str, int], address: str) -> tuple[float, bytes, list[float]]:
    """One request over a connection of its own: milliseconds, the bytes, and what the server says it took."""
    began = time.perf_counter()
    with contextlib.closing(http.client.HTTPConnection(*server, timeout=READY_S)) as connection:
        connection.request("GET", address)
        answer = connection.getresponse()
        body = answer.read()
    took = (time.perf_counter() - began) * 1000
    told = re.findall(r"dur=([\d.]+)", answer.headers.get("Server-Timing", ""))
    return took, body, [float(each) for each in told]


def _latencies(ours: tuple[str, int], place: Path, count: int = 200) -> list[float]:
    """Write events as a judge does, and wait for each on the page: milliseconds from the write to the bytes."""
    submission = load_submission(place / "scanner-1")
    stage = load_project("scanner").stages[0]
    folder = runs.new_run(submission.climb_folder, "20300101T000000", "41c2")
    draw, times = random.Random(1), []
    with contextlib.closing(EventLog(folder)) as log, contextlib.closing(http.client.HTTPConnection(*ours)) as page:
        log(RunStarted(submission, "41c2", folder))
        log(StageStarted(1, stage.title, count))
        page.request("GET", f"/runs/{folder.name}/events")
        told = page.getresponse()
        _wait_for(told, "stage-9")  # the last part of what catches up
        for number in range(count):
            time.sleep(draw.uniform(0, 0.03))  # so that writes meet the server at any moment of its round
            result = CheckResult(id=f"c-{number}", number=f"1.{number + 1}", status=Status.PASSED, claim="It holds.")
            written = time.perf_counter()
            log(CheckDone(1, result))
            _wait_for(told, "stage-1")
            times.append((time.perf_counter() - written) * 1000)
    return times


def _wait_for(stream: http.client.HTTPResponse, name: str) -> None:
    """Read up to the end of the event ``name``."""
    while stream.readline() != f"event: {name}\n".encode():
        pass
    while stream.readline() != b"\n":
        pass


if __name__ == "__main__":
    sys.exit(main())
