"""Which stages are known to hold, and what a race needs of them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from climb.errors import UsageError
from climb.judge import runs
from climb.judge.project import load, slugs
from climb.judge.submission import Submission
from climb.judge.verdict import StageResult, Status, Verdict
from climb.races.document import Standing
from climb.races.known import chosen, races_of
from climb.races.running import lacking, waiting
from climb.races.stages import known_stages

MakeSubmission = Callable[..., Submission]
RACED = [slug for slug in slugs() if races_of(load(slug))]


def judged(submission: Submission, seed: str, at_s: int = 0, **statuses: Status) -> Path:
    """A run with these stages, which ended so many seconds after the program was last changed."""
    stages = tuple(
        StageResult(id=name, number=n, title="", status=s) for n, (name, s) in enumerate(statuses.items(), 1)
    )
    passed = next((n for n, stage in enumerate(stages) if stage.status is not Status.PASSED), len(stages))
    verdict = Verdict(
        project="scanner",
        submission="",
        language="",
        seed=seed,
        judge="",
        run="",
        started_at="",
        build_seconds=None,
        stages=stages,
        passed=passed,
        total=len(stages),
    )
    folder = runs.new_run(submission.climb_folder, "20260314T150926", seed)
    runs.save_verdict(folder, verdict)
    changed = (submission.folder / "program.py").stat().st_mtime + at_s
    os.utime(folder / "verdict.json", (changed, changed))
    return folder


def test_nothing_is_known_without_a_run(submission: MakeSubmission) -> None:
    """A program that was never judged may be anything."""
    assert known_stages(submission(), "scanner") == {}


def test_the_newest_run_of_a_stage_counts(submission: MakeSubmission) -> None:
    """A stage that held once and was broken since does not hold."""
    made = submission()
    judged(made, "aaaa", 1, one=Status.PASSED, two=Status.PASSED)
    judged(made, "bbbb", 2, one=Status.SKIPPED, two=Status.FAILED)

    assert known_stages(made, "scanner") == {"one": Status.PASSED, "two": Status.FAILED}


def test_runs_before_the_last_change_are_forgotten(submission: MakeSubmission) -> None:
    """What held before a change need not hold behind it."""
    made = submission()
    judged(made, "aaaa", -5, one=Status.PASSED)

    assert known_stages(made, "scanner") == {}


def test_a_whole_run_knows_of_the_stages_that_it_did_not_come_to(submission: MakeSubmission) -> None:
    """They wait for an earlier one, so there is no need to judge them."""
    made = submission()
    judged(made, "aaaa", 1, one=Status.FAILED, two=Status.SKIPPED)

    assert known_stages(made, "scanner") == {"one": Status.FAILED, "two": Status.SKIPPED}


def test_runs_of_another_project_say_nothing(submission: MakeSubmission) -> None:
    """A folder may have had another project before."""
    made = submission()
    judged(made, "aaaa", 1, one=Status.PASSED)

    assert known_stages(made, "scheduler") == {}


@pytest.mark.parametrize("slug", RACED)
def test_races_of_a_project_have_names_of_their_own(slug: str) -> None:
    """Ids are unique, and each race says what it tells."""
    races = races_of(load(slug))

    assert len({race.id for race in races}) == len(races)
    assert all(race.tells.endswith(".") and race.stages for race in races)


@pytest.mark.parametrize("slug", RACED)
def test_a_race_waits_for_its_last_stage(slug: str) -> None:
    """With one stage missing it is not run, and says for which stage it waits; with all of them it is."""
    project = load(slug)
    for race in races_of(project):
        known = dict.fromkeys(race.stages, Status.PASSED)
        held = waiting(race, project, {**known, race.stages[-1]: Status.FAILED})

        assert waiting(race, project, known) is None
        assert held is not None
        assert held.standing is Standing.WAITING
        assert project.stage(race.stages[-1]).title in held.says


def test_only_unknown_stages_are_judged_first() -> None:
    """Each of them once, in the order in which races name them."""
    races = races_of(load("scanner"))

    assert lacking((*races, *races), {"open-port": Status.PASSED}) == [
        "port-lists",
        "closed-or-filtered",
        "concurrency",
    ]


def test_a_race_that_waits_anyway_needs_nothing_judged() -> None:
    """Once one of its stages is known not to hold, the others don't matter."""
    assert lacking(races_of(load("scanner")), {"port-lists": Status.FAILED}) == []


def test_an_unknown_race_is_refused_with_the_list() -> None:
    """Whoever mistypes a race reads which there are."""
    with pytest.raises(UsageError, match="range "):
        chosen(load("scanner"), "rnage")
