"""What `climb race` prints of documents."""

from pathlib import Path

import pytest

from climb.cli.race_report import print_racing
from climb.judge.evidence import Comparison
from climb.labs.result import Machine
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Racing, Standing


def printed(capsys: pytest.CaptureFixture[str], *races: Held) -> str:
    racing = Racing(
        project="http",
        submission="/s",
        language="go",
        seed="41c2",
        judge="0",
        started_at="",
        machine=Machine(system="", processor="a processor", cores=2, memory_bytes=1, python="3.11"),
        races=races,
        seconds=1.0,
    )
    print_racing(racing, Path("/s"))
    return capsys.readouterr().out


def held(
    standing: Standing, says: str, *, ratio: Estimate | None = None, heats: tuple[Heat, ...] = (), **more: object
) -> Held:
    words = {"id": "small-answers", "title": "Small answers", "unit": "answers/s", "tells": "What it is about."}
    return Held(better="higher", standing=standing, says=says, ratio=ratio, heats=heats, **words, **more)  # type: ignore[arg-type]


HEATS = (Heat("yours", 2000.0), Heat("ours", 1000.0), Heat("ours", 1100.0), Heat("yours", 2200.0))


def test_the_table_has_medians_and_the_interval(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for a race that was held."""
    text = printed(
        capsys, held(Standing.HELD, "yours is 2 times as good as ours", ratio=Estimate(2, 1.9, 2.1), heats=HEATS)
    )

    (row,) = [line.split() for line in text.splitlines() if "1.9 to 2.1" in line]
    assert row == ["small-answers", "answers/s", "2,100", "1,050", "2", "(1.9", "to", "2.1)", "2"]
    assert "yours is 2 times as good as ours" in text


def test_noise_is_told_instead_of_a_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    """The table says noisy, and the reason stands below."""
    text = printed(capsys, held(Standing.NOISY, "too noisy: another process used 0.8 of a processor", heats=HEATS))

    (row,) = [line.split() for line in text.splitlines() if "2,100" in line]
    assert row == ["small-answers", "answers/s", "2,100", "1,050", "noisy", "2"]
    assert "too noisy: another process used 0.8 of a processor" in text


def test_a_race_that_waits_has_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Without heats there is no table, and the reason is told."""
    text = printed(capsys, held(Standing.WAITING, "waits for stage 4 Keep-alive"))

    assert "times as good" not in text
    assert "waits for stage 4 Keep-alive" in text


def test_a_wrong_program_is_shown_its_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    """As a report shows it."""
    evidence = (Comparison(subject="status", expected="200", received="500", why="It must be."),)
    text = printed(capsys, held(Standing.WRONG, "your program did the work wrongly: status", evidence=evidence))

    assert "expected  200" in text
    assert "received  500" in text


def test_what_comes_from_elsewhere_is_made_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """No control character reaches the terminal."""
    text = printed(capsys, held(Standing.WRONG, "\x1b[2Jgone"))

    assert "\x1b" not in text
