"""The report of a failure as text."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from climb.cli.console import Symbols
from climb.cli.report import Reporter, sparkline
from climb.judge.difference import compare
from climb.judge.evidence import Comparison, Evidence, Output, Series, Transcript
from climb.judge.expect import Failure, within
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

FULL = Symbols("✓", "✗", "?", "·", "·")
ASCII = Symbols("+", "x", "?", "-", "-")
HOME = Path("/home/learner/scanner")


class Page:
    """A reporter, and what it has printed."""

    def __init__(self, width: int = 80, signs: Symbols = FULL) -> None:
        self._out = io.StringIO()
        console = Console(file=self._out, width=width, highlight=False, markup=False, emoji=False, color_system=None)
        self.reporter = Reporter(console, signs, HOME)

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def check(*evidence: Evidence, status: Status = Status.FAILED, claim: str = "It holds.") -> CheckResult:
    return CheckResult(id="c", number="1.1", status=status, claim=claim, evidence=evidence, choices=(1,))


def stage(*checks: CheckResult, status: Status = Status.FAILED, number: int = 1) -> StageResult:
    return StageResult(
        id="open-port", number=number, title="One open port", status=status, concepts=("sockets",), checks=checks
    )


def verdict(*stages: StageResult, passed: int = 0) -> Verdict:
    return Verdict(
        project="scanner",
        submission=str(HOME),
        language="python",
        seed="41c2",
        judge="0",
        run="20260314T150926-41c2",
        started_at="",
        build_seconds=None,
        stages=stages,
        passed=passed,
        total=len(stages),
    )


def failure(*evidence: Evidence, status: Status = Status.FAILED, width: int = 80, hints_left: int = 3) -> Page:
    page = Page(width)
    failed = check(*evidence, status=status)
    page.reporter.failure(stage(failed), failed, verdict(stage(failed)), hints_left=hints_left)
    return page


def different(expected: object, received: object) -> Comparison:
    found = compare(expected, received)
    return Comparison(
        subject="port 7",
        expected=found.expected,
        received=found.received,
        difference=found.lines,
        mark=found.mark,
        why="because",
    )


def under_the_caret(page: Page) -> str:
    """The text above the line of carets."""
    at = next(number for number, line in enumerate(page.lines) if set(line.strip()) == {"^"})
    start, end = page.lines[at].index("^"), len(page.lines[at])
    return page.lines[at - 1][start:end]


def test_the_caret_stands_under_the_wrong_value() -> None:
    """Exactly the value that differs is underlined."""
    page = failure(different({"port": 7, "state": "filtered"}, {"port": 7, "state": "closed"}))

    assert under_the_caret(page) == '"closed"'


def test_the_caret_stands_right_after_characters_that_are_made_visible() -> None:
    """A bidirectional override before the difference is shown as six characters, and the caret moves along."""
    page = failure(different({"title": "a\u202e", "port": 1}, {"title": "a\u202e", "port": 2}))

    assert under_the_caret(page) == "2"


def test_the_caret_stands_right_after_wide_characters() -> None:
    """CJK characters take two columns, so the caret is that much further right."""
    page = failure(different({"title": "漢字", "port": 1}, {"title": "漢字", "port": 2}))
    carets = next(line for line in page.lines if set(line.strip()) == {"^"})
    received = next(line for line in page.lines if "received" in line)

    assert carets.index("^") == received.rindex("2") + len("漢字")


def test_a_value_too_long_for_a_line_is_wrapped_without_a_caret() -> None:
    """A caret would point nowhere, so there is none; nothing is lost."""
    page = failure(different({"title": "x" * 200, "port": 1}, {"title": "x" * 200, "port": 2}))

    assert "^" not in page.text
    assert '"port": 2' in page.text


@pytest.mark.parametrize("width", [40, 60, 80, 110, 300])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """All prose is wrapped, at 110 columns at most, and continued under its beginning."""
    words = "A port that answers nothing is filtered and not closed, since something dropped the packet. " * 3
    page = failure(Comparison(subject="it", expected=words, received=words, why=words), width=width)

    assert max(map(len, page.lines)) <= min(width, 110)
    assert all(line.startswith(" " * 8) for line in page.lines if line.strip() and "1.1" not in line)


def test_the_learner_can_not_steer_our_terminal() -> None:
    """Escapes in received values, output lines and arguments are shown, not obeyed."""
    evil = "\x1b[2J\x07"
    transcript = Transcript(
        number=1,
        argv=("./p", evil),
        stdin=None,
        stdout="",
        stdout_bytes=0,
        stderr="",
        stderr_bytes=0,
        ended="exit code 0",
        seconds=1,
        peak_memory=1,
    )
    page = failure(
        Comparison(subject="it", expected="x", received=evil, saw=evil),
        Output(title="lines", lines=(evil,)),
        transcript,
    )

    assert "\x1b" not in page.text
    assert "\x07" not in page.text
    assert r"\x1b[2J" in page.text


def test_markup_in_output_is_text() -> None:
    """Square brackets and emoji names are what they are."""
    page = failure(Output(title="lines", lines=("[red]x[/red] :smile: [/]",)))

    assert "| [red]x[/red] :smile: [/]" in page.text


def test_a_failure_ends_with_what_to_do_next() -> None:
    """Replay, shrink, hint and the run's folder, relative to the submission."""
    page = failure(different(1, 2))

    assert "again     climb replay 41c2-1.1" in page.text
    assert "smallest  climb shrink 41c2-1.1" in page.text
    assert "hint      climb hint (3 left)" in page.text
    assert "run       .climb/runs/20260314T150926-41c2" in page.text


def test_without_hints_left_none_is_offered() -> None:
    """The hint line goes when all are open."""
    assert "climb hint" not in failure(different(1, 2), hints_left=0).text


@pytest.mark.parametrize(
    ("status", "words"),
    [(Status.UNKNOWN, "could not tell, so it blames nobody"), (Status.JUDGE_ERROR, "our mistake, not yours")],
)
def test_what_is_not_the_programs_fault_says_so(status: Status, words: str) -> None:
    """Unknown and judge errors blame nobody, and there is nothing to shrink."""
    page = failure(Output(title="why", lines=("because",)), status=status)

    assert words in page.text
    assert "climb shrink" not in page.text


def test_paths_in_the_submission_are_short() -> None:
    """What ran is shown as the learner would type it."""
    transcript = Transcript(
        number=1,
        argv=(f"{HOME}/target/scanner", "--ports", "1 2"),
        stdin=None,
        stdout="a\n",
        stdout_bytes=2,
        stderr="",
        stderr_bytes=0,
        ended="exit code 0",
        seconds=0.25,
        peak_memory=1,
    )
    page = failure(transcript)

    assert "ran       ./target/scanner --ports '1 2'" in page.text
    assert "answered  exit code 0 after 0.25 s; 1 line on standard output" in page.text


def test_a_measurement_says_where_its_limit_came_from() -> None:
    """The calibration is shown once, in the comparison that comes with the reading."""
    with pytest.raises(Failure) as failed:
        within(3, 2, "the time", unit="s", calibration="2 × the timeout", why="w")
    page = failure(*failed.value.evidence)

    assert page.text.count("2 × the timeout") == 1


def test_a_series_is_drawn_only_where_the_signs_are_there() -> None:
    """A sparkline on UTF-8 terminals, words on others."""
    series = Series(subject="connections", unit="open", points=((0, 1), (1, 8)), limit=4)

    assert sparkline(series, FULL) == "▁█  connections, at most 8 open, limit 4"
    assert sparkline(series, ASCII) == "connections, at most 8 open, limit 4"


@pytest.mark.parametrize(("status", "sign"), [(Status.PASSED, "+"), (Status.FAILED, "x"), (Status.UNKNOWN, "?")])
def test_a_stage_line_in_ascii(status: Status, sign: str) -> None:
    """With ASCII signs the line is ASCII."""
    page = Page(signs=ASCII)
    page.reporter.stage_line(stage(status=status))

    assert page.text.startswith(f"    {sign}  1 One open port")
    assert page.text.isascii()


def test_a_stage_that_waits_says_for_which() -> None:
    """A skipped stage names the one that it waits for."""
    page = Page()
    page.reporter.stage_line(stage(status=Status.SKIPPED, number=2), waits_for=1)

    assert page.text.rstrip().endswith("waits for 1")


def test_the_other_failures_have_a_line_each() -> None:
    """All checks that did not pass are named; the one shown in full, passed and skipped ones are not."""
    shown, other = check(claim="shown"), check(claim="other")
    rest = check(claim="held", status=Status.PASSED), check(claim="waits", status=Status.SKIPPED)
    page = Page()
    page.reporter.other_failures(verdict(stage(shown, *rest), stage(other, number=2)), shown)

    assert "also not held:" in page.text
    assert "other" in page.text
    assert not any(word in page.text for word in ("shown", "held\n", "waits"))


def test_the_conclusion_says_how_far_and_what_is_next() -> None:
    """The count of stages that hold, and the next one's title."""
    page = Page()
    page.reporter.conclusion(verdict(stage(status=Status.PASSED), stage(number=2), passed=1))

    assert page.text.strip() == "1 of 2 stages hold. Next: 2 One open port"


def test_at_the_top_there_is_no_next() -> None:
    """When all stages hold, that is said."""
    page = Page()
    page.reporter.conclusion(verdict(stage(status=Status.PASSED), passed=1))

    assert page.text.strip() == "All 1 stages of scanner hold."
