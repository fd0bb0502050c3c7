"""Sequences and plots of a service in a terminal report: within the width, in the signs that the terminal has."""

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from climb.cli.console import Symbols
from climb.cli.facts import series_lines
from climb.cli.report import Reporter
from climb.judge.evidence import Curve, Evidence, Sequence, Series
from climb.judge.verdict import CheckResult, Status, Verdict
from climb.sequence.model import Arrow, Note, Shade

DRAWN = Sequence(
    subject="what led to it",
    actors=("client 1", "program"),
    steps=(
        Arrow(at=0.104, sender="client 1", receiver="program", label="s1 1…40"),
        Note(at=0.2, actor="program", label="killed", state="down"),
        Arrow(at=0.9, sender="program", receiver="client 1", label="200, count 39"),
    ),
    shades=(Shade(0.1, 0.3, "stall"),),
    mark=2,
)
PLOT = Series(
    subject="readings",
    unit="readings",
    lines=(
        Curve(label="sent", points=tuple((at / 10, 100.0 * at) for at in range(50))),
        Curve(label="acknowledged", points=tuple((at / 10, 90.0 * at) for at in range(50))),
    ),
    spans=(Shade(1.0, 2.0, "stall"), Shade(3.0, 3.0, "killed and restarted"), Shade(4.0, 4.5, "stall")),
)


def report(*evidence: Evidence, width: int = 80, signs: str = "✓✗?··") -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, color_system=None)
    verdict = Verdict(
        project="p", submission="/s", language="l", seed="41c2", judge="0", run="r", started_at="", build_seconds=None,
        stages=(), passed=0, total=0,
    )  # fmt: skip
    check = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="It holds.", evidence=evidence)
    Reporter(console, Symbols(*signs), Path("/s")).failure(None, check, verdict, hints_left=0)
    return out.getvalue().splitlines()


def test_a_sequence_is_drawn_below_its_subject() -> None:
    """The point has its arrow at the left."""
    shown = report(DRAWN)

    assert "        sequence  what led to it" in shown
    assert any(line.strip().startswith("→   0.900") for line in shown)
    assert any("✗ killed" in line or "killed ✗" in line for line in shown)


@pytest.mark.parametrize("width", [40, 60, 110])
@pytest.mark.parametrize("piece", [DRAWN, PLOT], ids=["sequence", "series"])
def test_a_report_keeps_its_width_and_its_signs(piece: Evidence, width: int) -> None:
    """No line is wider than the terminal, and a terminal of ASCII gets ASCII."""
    assert all(cell_len(line) <= width for line in report(piece, width=width))
    assert all(line.isascii() for line in report(piece, width=width, signs="+x?.."))


def test_a_series_with_lines_is_a_plot() -> None:
    """Both lines have their names, and faults a band each, those with one name together."""
    shown = [line.plain for line in series_lines(PLOT, 70, ascii_only=False)]

    assert any("sent: 4,900 readings at the end" in line for line in shown)
    assert any("acknowledged: 4,410 readings at the end" in line for line in shown)
    assert any(line.strip() == "stall (2 times)" for line in shown)
    assert any("killed and restarted" in line and line.count("░") == 1 for line in shown)


def test_shades_are_behind_the_lines() -> None:
    """In the columns of a fault the empty cells are shaded, the points are not covered."""
    shown = [line.plain for line in series_lines(PLOT, 70, ascii_only=False)]
    rows = [line.partition("│")[2] for line in shown if "│" in line]
    shaded = {at for row in rows for at, sign in enumerate(row) if sign == "░"}

    assert shaded
    assert all(row[at] in "░●■·" for row in rows for at in shaded if at < len(row))


def test_a_series_of_one_line_stays_one_line() -> None:
    """Without faults and names a sparkline says enough."""
    shown = report(Series(subject="connections", unit="open", points=((0, 1), (1, 8)), limit=4))

    assert any("connections, at most 8 open, limit 4" in line for line in shown)
