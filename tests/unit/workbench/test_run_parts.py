"""The parts of a run's page that are sent while it is open: whatever they quote is text."""

from pathlib import Path

import msgspec

from climb.judge.project import load
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.workbench.pages import run
from climb.workbench.picture import Picture


def _picture(claim: str) -> Picture:
    check = CheckResult(id="a", number="1.1", status=Status.FAILED, claim=claim)
    stage = StageResult(id="open-port", number=1, title="One open port", status=Status.FAILED, checks=(check,))
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
        passed=0,
        total=1,
    )
    return Picture.of_verdict(load("scanner"), msgspec.convert(msgspec.to_builtins(verdict), Verdict))


def test_what_is_spoken_is_text() -> None:
    """A verdict lies in the learner's folder, where anybody may have written: its markup is not ours."""
    spoken = run._part("say", Path("/nowhere"), _picture("<img src=x onerror=alert(1)>\x1b[2J"), None, "token")

    assert "&lt;img src=x" in spoken
    assert "<img" not in spoken
    assert "\x1b" not in spoken
