"""What climb stream top shows, at any width and in any locale."""

import json

import msgspec
import pytest
from rich.console import Console

from climb.cli import stream_top_view
from climb.cli.console import Symbols
from climb.cli.stream_top_view import Scene, document, line, sparkline
from climb.systems.processor.watching.address import USUAL
from climb.systems.processor.watching.told import Closed, Stats, Worker
from climb.systems.processor.watching.watch import Phase, View

WORKER = Worker(
    readings=9, readings_per_second=600_000.0, connections=4, sensors=500, open_windows=500, commits=1234, unacknowledged_bytes=0
)  # fmt: skip
STATS = Stats(
    accepted=123_456_789, late=12, duplicates=34, rejected=56, sensors=1000, windows_closed=2_345_678,
    watermark=1_700_000_000_000, workers=2, percentile_error=0.01, uptime_seconds=65.0, readings_per_second=1_000_000.0,
    connections=8, open_windows=1000, lag_p50_ms=2.0, lag_p99_ms=12.0, window_ms=10_000, slide_ms=10_000, durable=True,
    by_worker=(WORKER, msgspec.structs.replace(WORKER, readings_per_second=300_000.0)),
)  # fmt: skip
RUNNING = View(Phase.RUNNING, 1_700_000_002_300, 1_700_000_000_000, STATS, 1_000_000.0)
WINDOWS = [
    Closed(f"s{number:04}", start, start + 10_000, 10, 1.25, -1.0, 99.5, 1.0, 2.0, 3.0)
    for start in (1_699_999_980_000, 1_699_999_990_000)
    for number in range(50)
]


def shown(width: int, height: int = 24, *, live: bool = True, view: View = RUNNING) -> list[str]:
    scene = Scene(USUAL)
    scene.windows = WINDOWS
    for _ in range(300):
        scene.add(view)
    console = Console(width=width, height=height)
    return scene.picture(console.options, live=live).plain.split("\n")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("height", [5, 24, 60])
def test_nothing_is_larger_than_the_terminal(width: int, height: int) -> None:
    """However many readings, workers and windows there are."""
    lines = shown(width, height)

    assert max(map(len, lines)) <= width
    assert len(lines) < height


def test_a_usual_terminal_has_it_all() -> None:
    """Rate, lag, watermark, counters, workers and newest windows."""
    text = "\n".join(shown(80, 40))

    for part in ("1,000,000", "p50 2 ms   p99 12 ms", "2.3 s behind now", "123,456,789", "600,000", "s0000", "q ends"):
        assert part in text


def test_only_windows_that_start_last_are_newest() -> None:
    """As many as there is room for, and how many there are is said."""
    text = "\n".join(shown(100, live=False))

    assert text.count("s0000") == 1
    assert "8 of 50" in text


def test_ascii_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the locale can't do more, no sign of a picture needs more."""
    monkeypatch.setattr(stream_top_view, "symbols", lambda: Symbols("+", "x", "?", "-", "-"))

    assert "\n".join(shown(80, 40)).isascii()


def test_a_processor_that_is_gone_is_said_to_be() -> None:
    """Its last numbers stay."""
    gone = msgspec.structs.replace(RUNNING, phase=Phase.GONE, rate=None)
    text = "\n".join(shown(80, 40, view=gone))

    assert "No answer since" in text
    assert "123,456,789" in text
    assert "No answer since" in line(gone)


def test_heights_are_shares_of_the_largest() -> None:
    """From 0; what is not known is a gap, and only the last values fit."""
    assert sparkline([8.0, 0.0, None, 4.0, 8.0], 4, ascii_only=False) == "▁ ▅█"
    assert sparkline([0.0, 0.0], 4, ascii_only=False) == "▁▁"
    assert sparkline([1.0], 0, ascii_only=False) == ""


def test_a_line_has_what_matters() -> None:
    """For a pipe."""
    for part in (
        "1,000,000 readings/s",
        "lag p50 2 ms, p99 12 ms",
        "watermark 2.3 s behind now",
        "late 12",
        "rejected 56",
    ):
        assert part in line(RUNNING)


def test_a_document_has_the_numbers_of_now_only() -> None:
    """A script must not take old numbers for new ones."""
    running = json.loads(msgspec.json.encode(document(USUAL, RUNNING)))
    gone = document(USUAL, msgspec.structs.replace(RUNNING, phase=Phase.GONE))

    assert running["state"] == "running"
    assert running["behind_ms"] == 2300
    assert running["stats"]["by_worker"][0]["commits"] == 1234
    assert (gone["state"], gone["stats"]) == ("gone", None)
