"""Prompts from what happened."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from climb.course.model import Module
from climb.journal.prompts import Occasion, Prompt, from_labs, from_modules, from_runs
from climb.labs.lab import Lab
from climb.progress.summaries import RunSummary

Make = Callable[..., Any]


def raised(runs: list[RunSummary], occasion: Occasion) -> list[Prompt]:
    """The prompts of one sort."""
    return [prompt for prompt in from_runs(runs) if prompt.occasion is occasion]


def history(run: Make, stages: list[str], **more: Any) -> list[RunSummary]:
    """Runs a minute apart with these stages."""
    return [run(minute, each, **more) for minute, each in enumerate(stages)]


def test_a_stage_that_held_after_failures_is_asked_about(run: Make) -> None:
    """How often it failed is said, and the run in which it held is what the prompt is about."""
    (prompt,) = raised(history(run, ["x.", "x.", "?.", ".x", "x.", "x.", "+x"]), Occasion.HELD)

    assert prompt.ask == (
        "Stage 1 ‘Title 1’ failed four times, then held. What did you believe before that turned out wrong?"
    )
    assert prompt.about == ("climb:run/20260314T120600-0006#1",)
    assert prompt.id == "held/20260314T120600-0006#1"
    assert prompt.at == "2026-03-14T12:06:00+00:00"


@pytest.mark.parametrize(
    "stages",
    [
        ["x", "+"],
        ["x", "x"],
        ["+", "+"],
        ["x", "x", "."],
        ["x", "x", "?"],
        ["x", "+", "x", "+"],
        ["?", "!", "+"],
    ],
)
def test_other_courses_of_events_are_not_asked_about(run: Make, stages: list[str]) -> None:
    """One failure, no end of it, a run that did not judge the whole stage, or failures that were not the program's."""
    assert raised(history(run, stages), Occasion.HELD) == []


def test_a_stage_counts_as_held_where_it_was_judged_whole(run: Make) -> None:
    """Even if nothing else was judged in that run."""
    runs = [*history(run, ["+x.", "+x."]), run(5, ".+.", whole=False)]

    assert [prompt.about for prompt in raised(runs, Occasion.HELD)] == [("climb:run/20260314T120500-0005#2",)]


def test_a_stage_that_failed_after_it_held_is_asked_about(run: Make) -> None:
    """The newest fall of a stage, at the check that failed."""
    runs = history(run, ["+", "x", "+", "+", ".", "x", "x"], check="2")

    (prompt,) = raised(runs, Occasion.FELL)

    assert prompt.about == ("climb:run/20260314T120500-0005#1.2",)
    assert prompt.ask.startswith("Stage 1 ‘Title 1’ held, and later failed again.")


def test_a_check_that_fails_on_is_asked_about(run: Make) -> None:
    """Its claim and how often it failed since the stage last held; the first failure names the prompt."""
    runs = history(run, ["x", "+", "x", "x", "x", "x", "x"], check="2")

    (prompt,) = raised(runs, Occasion.STUCK)
    (later,) = raised([*runs, run(30, "x", check="2")], Occasion.STUCK)

    assert "Check 1.2, “Claim 2 of stage 1”, has failed in five runs and still fails." in prompt.ask
    assert prompt.about == ("climb:run/20260314T120600-0006#1.2",)
    assert prompt.id == later.id == "stuck/20260314T120200-0002#1.2"
    assert "six runs" in later.ask


@pytest.mark.parametrize("newest", ["+", "?"])
def test_a_check_that_failed_often_enough_must_still_fail(run: Make, newest: str) -> None:
    """Not if the stage held since, and not by failures that were the judge's."""
    assert raised(history(run, ["x"] * 4 + [newest]), Occasion.STUCK) == []


def test_another_check_that_fails_now_begins_to_count_anew(run: Make) -> None:
    """Five failures of one check say nothing of another."""
    runs = [*history(run, ["x"] * 5), run(20, "x", check="2")]

    assert raised(runs, Occasion.STUCK) == []


def test_the_first_time_that_all_held_is_asked_about(run: Make) -> None:
    """Once, whatever comes later."""
    (prompt,) = raised(history(run, ["+x", "++", "+x", "++"]), Occasion.ALL_HELD)

    assert prompt.ask.startswith("All two stages of scanner hold for the first time.")
    assert prompt.about == ("climb:run/20260314T120100-0001",)


def test_programs_are_told_apart(run: Make) -> None:
    """The failures of one submission are not those of another."""
    runs = [run(0, "x", submission="/a"), run(1, "x", submission="/b"), run(2, "+", submission="/a")]

    assert raised(runs, Occasion.HELD) == []


def test_the_newest_prompt_comes_first_in_any_order_of_runs(run: Make) -> None:
    """The same runs make the same prompts."""
    runs = history(run, ["xx", "xx", "+x", "++"])

    made = [from_runs(list(order)) for order in permutations(runs)]

    assert all(prompts == made[0] for prompts in made)
    assert [prompt.at for prompt in made[0]] == sorted((prompt.at for prompt in made[0]), reverse=True)
    assert len(made[0]) == len({prompt.id for prompt in made[0]}) == 3


def test_the_module_of_a_project_is_that_of_its_prompts(run: Make, modules: tuple[Module, ...]) -> None:
    """Of a project that no module names it is not known."""
    runs = history(run, ["+"])

    assert [prompt.module for prompt in from_runs(runs, modules)] == ["1.1"]
    assert [prompt.module for prompt in from_runs(runs)] == [None]


def test_no_runs_raise_nothing() -> None:
    """A newcomer has the modules' questions alone."""
    assert from_runs([]) == from_labs([]) == []


@pytest.mark.parametrize(
    ("predicted", "value", "low", "high", "asked"),
    [
        (3.0, 6.0, 5.8, 6.2, True),  # a factor of two
        (12.4, 6.2, 6.0, 6.4, True),
        (8.1, 6.0, 5.8, 6.4, True),  # more than a quarter above the interval
        (4.3, 6.0, 5.8, 6.4, True),
        (7.9, 6.0, 5.8, 6.4, False),
        (4.4, 6.0, 5.8, 6.4, False),
        (12.0, 5.0, 1.0, 20.0, False),  # within what the run can tell apart
        (2.0, 0.0, 0.0, 0.0, True),
        (0.0, 0.0, 0.0, 0.0, False),
        (1.0, -4.0, -5.0, -3.0, True),
        (-3.5, -4.0, -5.0, -3.0, False),
    ],
)
def test_a_prediction_far_off_is_asked_about(
    result: Make, predicted: float, value: float, low: float, high: float, asked: bool
) -> None:
    """By a factor of two, or by more than a quarter beyond the interval."""
    assert bool(from_labs([result(predicted, value, low, high)])) is asked


def test_the_prompt_of_a_lab_has_the_figures(result: Make, handshake: Lab, modules: tuple[Module, ...]) -> None:
    """The lab's title and unit, the prediction and the interval; the module is that of its concepts."""
    (prompt,) = from_labs([result(2.0, 5.1, 4.8, 5.5)], modules)

    assert prompt.ask.startswith(f"In the lab “{handshake.title}” you predicted 2 ×, and measured 5.1 × (4.8 to 5.5).")
    assert (prompt.about, prompt.module) == (("climb:lab/handshake/20260314T120000",), "1.2")


def test_a_lab_has_the_newest_prompt_only(result: Make) -> None:
    """Results without a prediction, or with a good one, raise nothing and hide nothing."""
    results = [
        result(2.0, 5.0, 4.9, 5.1, minute=1),
        result(20.0, 5.0, 4.9, 5.1, minute=2),
        result(5.0, 5.0, 4.9, 5.1, minute=3),
        result(None, 5.0, 4.9, 5.1, minute=4),
    ]

    assert [prompt.id for prompt in from_labs(results)] == ["prediction/handshake/20260314T120200"]


def test_modules_ask_their_reflections(modules: tuple[Module, ...]) -> None:
    """In their order, each with an id of its own."""
    prompts = from_modules(modules)

    assert [prompt.ask for prompt in prompts] == ["Where does it wait?", "What is true?", "What would you measure?"]
    assert [prompt.id for prompt in prompts] == ["module/1.1/q1", "module/1.1/q2", "module/1.2/q1"]
