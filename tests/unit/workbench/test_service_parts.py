"""A failed check of a service on the page of its run: how it was started, how its life went, what was said."""

from climb.judge.evidence import Exchange, Lifetime, Message
from climb.judge.project import load
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.workbench.picture import Picture
from climb.workbench.templating import fragment

EVIL = "<img src=x>\x1b[2J"


def report(text: str) -> str:
    """The report of a run whose service was told and said ``text``."""
    life = Lifetime(
        number=1,
        argv=("/somewhere/processor", text),
        env=(("PORT", "4000"), ("NAME", text)),
        folders=(),
        started=0.0,
        ready=0.5,
        ended="killed by SIGSEGV",
        seconds=2.0,
        peak_memory=1024,
    )
    message = Message(direction="received", at=1.0, offset=0, size=len(text), text=text)
    exchange = Exchange(peer=text, messages=(message,), left_out=0, gap=1, sent_bytes=0, received_bytes=1)
    check = CheckResult(id="a", number="1.1", status=Status.FAILED, claim="It holds.", evidence=(life, exchange))
    stage = StageResult(id="a", number=1, title="One", status=Status.FAILED, checks=(check,))
    verdict = Verdict(
        project="scanner", submission="/somewhere", language="python", seed="41c2", judge="0", run="r",
        started_at="2026-03-14T12:00:00+00:00", build_seconds=None, stages=(stage,), passed=0, total=1,
    )  # fmt: skip
    picture = Picture.of_verdict(load("scanner"), verdict)
    values = {"hints_open": (), "hints_left": 0, "smallest": None, "actions": True, "own": True}
    failure = picture.first_failure
    return fragment("parts/run.html", "report", run="r", picture=picture, token="t", failure=failure, **values)


def test_it_can_be_repeated_by_hand() -> None:
    """The line that starts the program, relative to the submission, and its life in a sentence."""
    page = report("word")

    assert "PORT=4000 NAME=word ./processor word" in page
    assert "start 1 of this check; ready after 0.50 s; killed by SIGSEGV after 2.00 s" in page


def test_what_it_was_told_and_said_is_text() -> None:
    """No markup of a program's becomes the page's, and nothing steers what shows it."""
    page = report(EVIL)

    assert "&lt;img" in page
    assert "<img" not in page
    assert "\x1b" not in page
