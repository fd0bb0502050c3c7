"""Which prompts are shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from climb.course.model import Course, Module
from climb.journal import agenda as agendas, entries as journal
from climb.journal.agenda import SHOWN, agenda, choose, open_prompts
from climb.journal.evidence import lab_results, learner_runs
from climb.journal.prompts import Occasion, Prompt, from_modules
from climb.labs import store
from climb.labs.lab import Explanation, Lab
from climb.labs.statistics import Estimate

Make = Callable[..., Any]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The runs that are found; filled by the test."""
    found: list[Any] = []
    monkeypatch.setattr(agendas, "learner_runs", lambda _home: found)
    return found


def events(count: int) -> list[Prompt]:
    """Prompts that runs raised."""
    return [Prompt(id=f"held/{number}", occasion=Occasion.HELD, ask="?", at="2026") for number in range(count)]


def test_an_answered_prompt_is_open_no_more(tmp_path: Path, course: Course, runs: list[Any]) -> None:
    """An entry that names it answers it."""
    journal.create(tmp_path, title="T", text="x", prompt_id="module/1.1/q1")

    assert [prompt.id for prompt in open_prompts(tmp_path, course)] == ["module/1.1/q2", "module/1.2/q1"]


def test_a_newcomer_is_asked_what_the_first_module_asks(tmp_path: Path, course: Course, runs: list[Any]) -> None:
    """Not what modules ask that are far away."""
    assert [prompt.id for prompt in agenda(tmp_path, course)] == ["module/1.1/q1", "module/1.1/q2"]


def test_what_happened_comes_before_what_modules_ask(
    tmp_path: Path, course: Course, runs: list[Any], run: Make
) -> None:
    """The newest first."""
    runs += [run(0, "x+"), run(1, "x+"), run(2, "+x")]

    assert [prompt.occasion for prompt in agenda(tmp_path, course)] == [
        Occasion.HELD,
        Occasion.FELL,
        Occasion.MODULE,
        Occasion.MODULE,
    ]


def test_a_module_has_its_own_prompts(tmp_path: Path, course: Course, runs: list[Any], run: Make) -> None:
    """Those of its projects and its own."""
    runs += [run(0, "x"), run(1, "x"), run(2, "+")]

    assert [prompt.module for prompt in agenda(tmp_path, course, "1.1")] == ["1.1"] * 4
    assert [prompt.id for prompt in agenda(tmp_path, course, "1.2")] == ["module/1.2/q1"]


@pytest.mark.parametrize(("raised", "asked", "shown"), [(20, 3, 5), (20, 0, 8), (3, 3, 3), (0, 3, 0), (6, 1, 6)])
def test_few_prompts_are_shown(raised: int, asked: int, shown: int, modules: tuple[Module, ...]) -> None:
    """At most eight; those that were raised leave room for those that are asked."""
    prompts = [*events(raised), *from_modules(modules)[:asked]]

    chosen = choose(prompts, met=["1.1", "1.2"])

    assert sum(prompt.occasion is Occasion.HELD for prompt in chosen) == shown
    assert len(chosen) == min(SHOWN, raised + asked)


def test_our_own_systems_raise_nothing(tmp_path: Path, run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their runs are not the learner's."""
    learners = run(0, "+")
    ours = msgspec.structs.replace(learners, folder=tmp_path / "reference" / "scanner" / ".climb" / "runs" / "x")
    monkeypatch.setattr("climb.journal.evidence.run_summaries", lambda _home: [ours, learners])

    assert learner_runs(tmp_path) == [learners]


def test_results_that_can_not_be_explained_are_left_out(tmp_path: Path, result: Make, handshake: Lab) -> None:
    """So are those without a prediction; the newest few of a lab are enough."""
    made = [result(3.0, 5.1, 4.8, 5.5, minute=minute)[0] for minute in range(8)]
    for each in made:
        store.save(tmp_path, each)
    store.save(tmp_path, result(None, 5.1, 4.8, 5.5, minute=10)[0])
    store.save(tmp_path, result(3.0, 5.1, 4.8, 5.5, lab="no-such-lab")[0])

    assert lab_results(tmp_path) == []

    means = Estimate(5, 4, 6)
    handshake.explain(lambda result: Explanation(answer=means, headline=result.id, text="", plots=()))
    for each in made:
        store.save(tmp_path, msgspec.structs.replace(each, seconds=1.0))  # other results: what one means is remembered

    assert [explanation.headline for _, explanation in lab_results(tmp_path)] == [each.id for each in made[-3:]]
