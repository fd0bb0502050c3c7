"""A run's picture: what each event changes on the page, and the same in the end from events and from the verdict."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from climb.judge.events import BuildDone, BuildStarted, CheckDone, Event, RunDone, RunStarted, StageDone, StageStarted
from climb.judge.project import Project, ProjectInfo
from climb.judge.stage import Stage
from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict, stages_held, worst
from climb.workbench.picture import Picture, State

FOLDER = Path("/home/ada/scanner")
SUBMISSION = Submission(folder=FOLDER, project="scanner", language="rust", run="./scanner", build="make")


def project(*sizes: int) -> Project:
    """A project whose stages have so many checks."""
    stages = []
    for number, size in enumerate(sizes, 1):
        stage = Stage(f"stage-{number}", f"Stage {number}", concepts=["c"], hints=["h"])
        for position in range(1, size + 1):
            stage.check(_check(f"check_{number}_{position}"))
        stages.append(stage)
    info = ProjectInfo("scanner", "A scanner", "", "1.2", "command", "ready", (), {})
    return Project(info=info, folder=Path(), stages=tuple(stages), driver=lambda command: command)


def _check(name: str):
    async def check(_driver: object, _world: object) -> None:
        """It holds."""

    check.__name__ = name
    return check


def results(of: Project, *statuses: Sequence[Status]) -> tuple[StageResult, ...]:
    """Results of all stages; those without statuses were skipped."""
    found = []
    for number, stage in enumerate(of.stages, 1):
        own = statuses[number - 1] if number <= len(statuses) else [Status.SKIPPED] * len(stage.checks)
        checks = tuple(
            CheckResult(id=check.id, number=f"{number}.{position}", status=status, claim=check.claim, seconds=0.5)
            for position, (check, status) in enumerate(zip(stage.checks, own, strict=True), 1)
        )
        seconds = sum(check.seconds for check in checks)
        found.append(
            StageResult(
                id=stage.id,
                number=number,
                title=stage.title,
                status=worst(list(own)),
                concepts=stage.concepts,
                checks=checks,
                seconds=seconds,
            )
        )
    return tuple(found)


def verdict(
    of: Project, *statuses: Sequence[Status], build: CheckResult | None = None, took: float | None = 1.5
) -> Verdict:
    """What a run concluded whose stages ended like this."""
    stages = results(of, *statuses)
    return Verdict(
        project="scanner",
        submission=str(FOLDER),
        language="rust",
        seed="41c2",
        judge="0",
        run="20260101T120000-41c2",
        started_at="2026-01-01T12:00:00+00:00",
        build_seconds=took,
        stages=stages,
        passed=stages_held(stages),
        total=len(stages),
        build=build,
    )


def events_of(concluded: Verdict) -> list[Event]:
    """What was told on the way to a verdict."""
    told: list[Event] = [
        RunStarted(SUBMISSION, "41c2", FOLDER),
        BuildStarted("make"),
        BuildDone(ok=True, seconds=concluded.build_seconds),
    ]
    for stage in concluded.stages:
        if stage.status is not Status.SKIPPED:
            told.append(StageStarted(stage.number, stage.title, len(stage.checks)))
            told += [CheckDone(stage.number, check) for check in stage.checks]
            told.append(StageDone(stage))
    return told


def as_seen(picture: Picture) -> dict[str, object]:
    """Everything that a page takes from a picture."""
    return {
        "sentence": picture.sentence,
        "announcement": picture.announcement,
        "head": (picture.seed, picture.language, picture.submission, picture.build),
        "stages": [msgspec.to_builtins(stage) for stage in picture.stages],
        "failure": msgspec.to_builtins(picture.first_failure),
        "parts": picture.all_parts,
        "done": picture.done,
    }


judged = st.sampled_from([Status.PASSED, Status.FAILED, Status.UNKNOWN, Status.JUDGE_ERROR])
outcomes = st.lists(st.lists(judged, min_size=1, max_size=3), min_size=1, max_size=4)


@given(statuses=outcomes, reached=st.integers(0, 4), took=st.sampled_from([None, 1.5]))
@settings(max_examples=50, deadline=None)
def test_events_and_verdict_give_the_same_picture(
    statuses: list[list[Status]], reached: int, took: float | None
) -> None:
    """However the stages end, and however many were judged: who followed sees what is seen afterwards."""
    of = project(*map(len, statuses))
    concluded = verdict(of, *statuses[:reached], took=took)
    followed = Picture(of)
    followed.apply([*events_of(concluded), RunDone(concluded, FOLDER)])

    assert as_seen(followed) == as_seen(Picture.of_verdict(of, concluded))


@given(statuses=outcomes)
@settings(max_examples=50, deadline=None)
def test_before_the_verdict_all_stages_stand_as_in_it(statuses: list[list[Status]]) -> None:
    """The verdict adds the last word, and changes nothing that was shown of a judged stage."""
    of = project(*map(len, statuses))
    concluded = verdict(of, *statuses)
    followed, afterwards = Picture(of), Picture.of_verdict(of, concluded)
    followed.apply(events_of(concluded))

    assert [msgspec.to_builtins(stage) for stage in followed.stages] == [
        msgspec.to_builtins(stage) for stage in afterwards.stages
    ]
    assert as_seen(followed)["failure"] == as_seen(afterwards)["failure"]
    assert as_seen(followed)["head"] == as_seen(afterwards)["head"]


@given(statuses=outcomes, cut=st.integers(0, 30))
@settings(max_examples=50, deadline=None)
def test_it_does_not_matter_how_events_are_bundled(statuses: list[list[Status]], cut: int) -> None:
    """All at once or in two parts: the same picture, and the same parts have changed."""
    of = project(*map(len, statuses))
    told = events_of(verdict(of, *statuses))
    at_once, in_parts = Picture(of), Picture(of)
    changed = at_once.apply(told)
    changed_in_parts = in_parts.apply(told[:cut]) | in_parts.apply(told[cut:])

    assert as_seen(at_once) == as_seen(in_parts)
    assert changed == changed_in_parts


def test_each_event_changes_what_it_is_about() -> None:
    """A page is sent no more than that."""
    of = project(2, 1)
    concluded = verdict(of, [Status.PASSED, Status.FAILED])
    picture = Picture(of)
    changes = [picture.apply([event]) for event in events_of(concluded)]

    assert changes == [
        {"head"},  # the run began
        {"head"},  # the build began
        {"head"},  # the build is done
        {"head", "stage-1"},
        {"head", "stage-1"},  # a check passed
        {"head", "stage-1", "report"},  # a check failed
        {"head", "say", "stage-1"},
    ]
    assert picture.apply([RunDone(concluded, FOLDER)]) == {"head", "say", "report", "stage-1", "stage-2"}


def test_the_sentence_says_what_happens_now() -> None:
    """From the start over the build and the checks to the end."""
    of = project(2, 1)
    concluded = verdict(of, [Status.PASSED, Status.PASSED], [Status.FAILED])
    picture = Picture(of)
    sentences = [picture.sentence]
    for event in [*events_of(concluded)[:6], RunDone(concluded, FOLDER)]:
        picture.apply([event])
        sentences.append(picture.sentence)

    assert sentences == [
        "Starting.",
        "Starting.",
        "Building: make",
        "Starting.",
        "Stage 1, Stage 1: 0 of 2 checks done.",
        "Stage 1, Stage 1: 1 of 2 checks done.",
        "Stage 1, Stage 1: 2 of 2 checks done.",
        "1 of 2 stages hold. Next: 2 Stage 2.",
    ]


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ([[Status.PASSED], [Status.PASSED]], "All 2 stages hold."),
        ([[Status.FAILED]], "0 of 2 stages hold. Next: 1 Stage 1."),
        ([[Status.SKIPPED], [Status.PASSED]], "1 of 1 judged stage held."),
        ([[Status.SKIPPED], [Status.UNKNOWN]], "0 of 1 judged stage held."),
    ],
)
def test_the_conclusion_counts_what_was_judged(statuses: list[list[Status]], sentence: str) -> None:
    """A run of one stage alone says nothing of the others."""
    of = project(1, 1)

    assert Picture.of_verdict(of, verdict(of, *statuses)).sentence == sentence


def test_a_build_that_failed_says_that_nothing_was_judged() -> None:
    """Then there is no stage to speak of."""
    of = project(1)
    failed = CheckResult(id="build", number="0.1", status=Status.FAILED, claim="The program builds: make")
    picture = Picture.of_verdict(of, verdict(of, build=failed))

    assert picture.sentence == "The build failed, so nothing was judged."
    assert picture.build == "the build failed"
    assert picture.first_failure is None


def test_a_verdict_of_another_version_shows_its_own_stages() -> None:
    """The project has had more stages once, or fewer."""
    concluded = verdict(project(1, 1, 1), [Status.PASSED], [Status.FAILED])
    picture = Picture.of_verdict(project(1), concluded)

    assert [stage.state for stage in picture.stages] == [State.PASSED, State.FAILED, State.SKIPPED]


def test_events_of_a_version_with_more_stages_are_passed_over() -> None:
    """Such a run was cut short; what is left of it can still be looked at."""
    told = events_of(verdict(project(1, 1), [Status.PASSED], [Status.FAILED]))
    picture = Picture(project(1))
    picture.apply(told)

    assert [stage.state for stage in picture.stages] == [State.PASSED]
