"""The parts of a run's page that are sent while it is open: whatever they quote is text."""

from pathlib import Path

import msgspec
import pytest

from climb.judge.project import load
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.workbench.pages import run
from climb.workbench.picture import Picture
from climb.workbench.templating import fragment


def _held() -> Picture:
    return _picture("it holds", Status.PASSED)


def _picture(claim: str, status: Status = Status.FAILED) -> Picture:
    check = CheckResult(id="a", number="1.1", status=status, claim=claim)
    stage = StageResult(id="open-port", number=1, title="One open port", status=status, checks=(check,))
    verdict = Verdict(
        project="scanner",
        submission="/somewhere",
        language="python",
        seed="41c2",
        judge="0",
        run="20260314T120000-41c2",
        started_at="2026-03-14T12:00:00+00:00",
        build_seconds=None,
        stages=(stage,),
        passed=int(status is Status.PASSED),
        total=1,
    )
    return Picture.of_verdict(load("scanner"), msgspec.convert(msgspec.to_builtins(verdict), Verdict))


def test_what_is_spoken_is_text() -> None:
    """A verdict lies in the learner's folder, where anybody may have written: its markup is not ours."""
    spoken = run._part("say", Path("/nowhere"), _picture("<img src=x onerror=alert(1)>\x1b[2J"), None, "token")

    assert "&lt;img src=x" in spoken
    assert "<img" not in spoken
    assert "\x1b" not in spoken


@pytest.mark.parametrize(("own", "offered"), [(True, True), (False, False)])
def test_how_ours_does_it_is_offered_after_a_program_of_the_learners(own: bool, offered: bool) -> None:
    """Not after watching our own system: its tour is shown once the learner's program holds every stage."""
    values = {"failure": None, "hints_open": (), "hints_left": 0, "smallest": None, "actions": True, "own": own}

    report = fragment("parts/run.html", "report", run="r", picture=_held(), token="token", **values)

    assert ("/projects/scanner" in report) is offered
