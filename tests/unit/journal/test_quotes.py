"""Evidence in words."""

from collections.abc import Callable
from typing import Any

import msgspec

from climb.journal.quotes import lab_in_words, quote_lab, quote_run, run_in_words
from climb.journal.references import references
from climb.judge.runs import save_verdict
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.labs.lab import Lab
from climb.progress.summaries import RunSummary

Make = Callable[..., Any]


def with_verdict(summary: RunSummary) -> RunSummary:
    """Store a verdict with two checks in stage 1: 1.1 passed, 1.2 failed."""
    checks = (
        CheckResult(id="a", number="1.1", status=Status.PASSED, claim="One [port] opens"),
        CheckResult(id="b", number="1.2", status=Status.FAILED, claim="Two"),
    )
    stage = StageResult(id="stage-1", number=1, title="Title 1", status=Status.FAILED, checks=checks)
    fields = {
        name: getattr(summary, name) for name in ("project", "submission", "language", "seed", "run", "started_at")
    }
    summary.folder.mkdir(parents=True)
    save_verdict(summary.folder, Verdict(judge="0", build_seconds=None, stages=(stage,), passed=0, total=1, **fields))
    return summary


def test_a_run_is_quoted_with_what_held(run: Make) -> None:
    """How far it came, which program, when."""
    assert quote_run(run(7, "++x")) == (
        "> [Run 0007](climb:run/20260314T120700-0007): 2 of 3 stages held (scanner, rust, 14 March 2026)"
    )


def test_a_stage_is_quoted_with_its_title(run: Make) -> None:
    """And how it ended."""
    assert quote_run(run(7, "+x"), "2") == (
        "> [Run 0007, stage 2](climb:run/20260314T120700-0007#2): “Title 2” failed (scanner, rust, 14 March 2026)"
    )


def test_a_check_is_quoted_with_its_claim(run: Make) -> None:
    """Any check of the run's verdict, with its claim as written text."""
    summary = with_verdict(run(7, "x"))

    assert "check 1.1](climb:run/20260314T120700-0007#1.1): held: “One \\[port\\] opens” (" in quote_run(summary, "1.1")
    assert ": failed: “Two” (" in quote_run(summary, "1.2")


def test_a_check_is_quoted_from_the_summary_if_the_verdict_is_gone(run: Make) -> None:
    """The first failure of a stage is known; of others it is said that they are not."""
    assert ": failed: “Claim 1 of stage 2” (" in quote_run(run(7, "+x"), "2.1")
    assert ": no longer known (" in quote_run(run(7, "+x"), "2.2")
    assert ": no longer known (" in quote_run(run(7, "+x"), "9")


def test_a_run_of_one_stage_says_no_more_than_it_judged(run: Make) -> None:
    """It does not say that nothing else held."""
    assert ": 1 of 1 stage judged held (" in quote_run(run(7, "..+", whole=False))
    assert ": no whole stage was judged (" in quote_run(run(7, "...", whole=False))


def test_a_failed_build_is_quoted_as_one(run: Make) -> None:
    """No stage was judged then."""
    assert ": the build failed (" in quote_run(msgspec.structs.replace(run(7, ".."), build_failed=True, whole=False))


def test_a_lab_is_quoted_with_prediction_and_interval(result: Make, handshake: Lab) -> None:
    """Figures as text, with the link."""
    assert quote_lab(*result(3.0, 5.1, 4.8, 5.5)) == (
        f"> [Lab “{handshake.title}”](climb:lab/handshake/20260314T120000): predicted 3 ×, measured 5.1 × (4.8 to 5.5)"
    )
    assert quote_lab(*result(None, 5.1, 5.1, 5.1)).endswith(": measured 5.1 ×")
    assert quote_lab(*result(None, 44.0, 43.99, 44.01)).endswith(": measured 44 ×")


def test_a_lab_that_is_gone_is_quoted_by_its_name(result: Make) -> None:
    """The figures are still there, without a unit."""
    assert quote_lab(*result(3.0, 5.1, 4.8, 5.5, lab="no-such-lab")).startswith(
        "> [Lab “no-such-lab”](climb:lab/no-such"
    )


def test_a_quote_is_a_reference(run: Make, result: Make) -> None:
    """What one inserts is what one finds."""
    assert [each.address for each in references(quote_run(run(7, "+x"), "2.1"))] == [
        "climb:run/20260314T120700-0007#2.1"
    ]
    assert [each.address for each in references(quote_lab(*result(3.0, 5.1, 4.8, 5.5)))] == [
        "climb:lab/handshake/20260314T120000"
    ]


def test_a_run_in_words_has_all_that_identifies_it(run: Make) -> None:
    """Project, language, seed, date, stage, claim, and how far the run came."""
    assert run_in_words(with_verdict(run(7, "x")), "1.2") == (
        "Run of scanner in rust, seed 0007, 14 March 2026, check 1.2 (stage 1 “Title 1”): failed: “Two”; 0 of 1 stages held."
    )
    assert run_in_words(run(8, "+x")) == "Run of scanner in rust, seed 0008, 14 March 2026: 1 of 2 stages held."


def test_a_lab_in_words_has_question_answer_and_machine(result: Make, handshake: Lab) -> None:
    """And says so if the answer can't be told any more."""
    made, explanation = result(3.0, 5.1, 4.8, 5.5)

    assert lab_in_words(made, explanation) == (
        f"Lab “{handshake.title}”, 14 March 2026. {handshake.question} Predicted 3 ×, measured 5.1 × (4.8 to 5.5), "
        "on Linux 6.1, A \\[fast\\] one, 4 cores, 8 GiB of memory."
    )
    assert "can no longer be read" in lab_in_words(made, None)
