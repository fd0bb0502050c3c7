"""A whole run: in which order, with which events, and what it leaves."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from climb.errors import SetupError, UsageError
from climb.judge import runs
from climb.judge.drivers.command import Command
from climb.judge.events import CheckDone, Event, StageStarted
from climb.judge.evidence import Comparison, Output
from climb.judge.expect import CannotTell, fail
from climb.judge.project import Project
from climb.judge.run import Plan, current_stage, new_seed, run
from climb.judge.submission import Submission
from climb.judge.verdict import Status, Verdict

MakeSubmission = Callable[..., Submission]
MakeProject = Callable[..., Project]


async def holds(_command: Command, _world: Any) -> None:
    """It holds."""


async def draws(command: Command, world: Any) -> None:
    """It draws."""
    await command(str(world.draw.integer(0, 100_000)))


async def breaks(command: Command, _world: Any) -> None:
    """It breaks."""
    await command("argument", stdin=b"input")
    fail("it", expected="this", received="that", why="so")


async def raises(_command: Command, _world: Any) -> None:
    """It raises."""
    raise RuntimeError("ours")


async def unclear(_command: Command, _world: Any) -> None:
    """It can't be told."""
    raise CannotTell("busy")


class Judge:
    """Judges one submission again and again, and remembers the events of the last run."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.events: list[Event] = []

    async def __call__(self, project: Project, seed: str = "41c2", **plan: Any) -> Verdict:
        self.events = []
        return await run(self.submission, project, seed=seed, plan=Plan(**plan), on_event=self.events.append)

    @property
    def order(self) -> list[int]:
        """The stages in the order in which they were judged."""
        return [event.number for event in self.events if isinstance(event, StageStarted)]


@pytest.fixture
def judge(submission: MakeSubmission) -> Judge:
    """Judges a program that does nothing."""
    return Judge(submission("import sys; sys.stdin.read(); print('out'); print('err', file=sys.stderr)"))


async def test_a_newcomer_goes_up_until_a_stage_fails(judge: Judge, project: MakeProject) -> None:
    """Stage 1, then the next ones; after the first failure nothing more is judged, and the rest is skipped."""
    verdict = await judge(project([holds], [holds], [breaks], [holds]))

    assert judge.order == [1, 2, 3]
    assert [stage.status for stage in verdict.stages] == ["passed", "passed", "failed", "skipped"]
    assert (verdict.passed, verdict.total, verdict.exit_code) == (2, 4, 1)
    assert [check.status for check in verdict.stages[3].checks] == ["skipped"]


async def test_the_stage_in_work_comes_first_then_the_earlier_ones_then_on(judge: Judge, project: MakeProject) -> None:
    """Once stage 3 was reached it is judged first, then 1 and 2 again, then 4 as all held."""
    await judge(project([holds], [holds], [breaks], [holds]))

    await judge(project([holds], [holds], [holds], [breaks], [holds]))

    assert judge.order == [3, 1, 2, 4]


async def test_nothing_new_is_judged_while_an_earlier_stage_is_broken(judge: Judge, project: MakeProject) -> None:
    """What held and was broken meanwhile stops the way up, and is the stage in work next time."""
    await judge(project([holds], [holds], [breaks], [holds]))

    verdict = await judge(project([holds], [breaks], [holds], [holds]))

    assert judge.order == [3, 1, 2]
    assert verdict.passed == 1
    assert current_stage(judge.submission, project([holds], [breaks], [holds], [holds])) == 2


async def test_once_all_stages_hold_they_are_judged_from_the_first(judge: Judge, project: MakeProject) -> None:
    """There is no stage in work any more, so all are judged in order."""
    await judge(project([holds], [holds], [holds]))

    verdict = await judge(project([holds], [holds], [holds]))

    assert judge.order == [1, 2, 3]
    assert (verdict.passed, verdict.exit_code) == (3, 0)


async def test_all_means_all(judge: Judge, project: MakeProject) -> None:
    """--all judges every stage in order, whatever fails."""
    verdict = await judge(project([holds], [breaks], [holds]), every=True)

    assert judge.order == [1, 2, 3]
    assert (verdict.passed, verdict.exit_code) == (1, 1)


@pytest.mark.parametrize("name", ["2", "stage-2"])
async def test_one_stage_alone(judge: Judge, project: MakeProject, name: str) -> None:
    """--stage judges one stage by number or id; the others are skipped."""
    verdict = await judge(project([breaks], [holds], [breaks]), only=name)

    assert judge.order == [2]
    assert [stage.status for stage in verdict.stages] == ["skipped", "passed", "skipped"]
    assert verdict.exit_code == 0


async def test_one_check_alone(judge: Judge, project: MakeProject) -> None:
    """A check judged alone is no stage that holds."""
    verdict = await judge(project([holds], [breaks, draws, unclear]), check="2.2")

    assert [check.status for check in verdict.stages[1].checks] == ["skipped", "passed", "skipped"]
    assert verdict.stages[1].status is Status.SKIPPED
    assert verdict.exit_code == 0


@pytest.mark.parametrize("plan", [{"only": "1"}, {"check": "1.1"}, {"only": "3"}])
async def test_a_part_judged_alone_does_not_move_the_stage_in_work(
    judge: Judge, project: MakeProject, plan: dict[str, str]
) -> None:
    """Who works on stage 3 and looks at stage 1 alone still works on stage 3."""
    made = project([holds], [holds], [breaks])
    await judge(made)

    await judge(made, **plan)

    assert current_stage(judge.submission, made) == 3


async def test_a_damaged_verdict_does_not_stop_the_next_run(judge: Judge, project: MakeProject) -> None:
    """Whether cut short or of another version: the run before it tells the stage in work."""
    made = project([holds], [breaks])
    await judge(made)
    last = await judge(made, seed="beef")
    path = judge.submission.climb_folder / "runs" / last.run / "verdict.json"
    path.write_bytes(path.read_bytes()[:100])

    await judge(made)

    assert judge.order == [2, 1]


async def test_events_tell_the_run_as_it_happens(judge: Judge, project: MakeProject) -> None:
    """Run, stages, checks: each begins before it ends, and the verdict comes last."""
    verdict = await judge(project([holds, draws], [breaks]))

    names = [type(event).__name__ for event in judge.events]
    assert names == [
        "RunStarted",
        *("StageStarted", "CheckDone", "CheckDone", "StageDone"),
        *("StageStarted", "CheckDone", "StageDone"),
        "RunDone",
    ]
    assert judge.events[-1].verdict == verdict  # type: ignore[union-attr]  # RunDone


async def test_a_build_has_events(submission: MakeSubmission, project: MakeProject) -> None:
    """It begins and ends before the first stage; the second time it is known to be current."""
    judge = Judge(submission(build="cp program.py copy.py"))
    made = project([holds])

    seconds = []
    for _ in range(2):
        await judge(made)
        assert [type(event).__name__ for event in judge.events[:3]] == ["RunStarted", "BuildStarted", "BuildDone"]
        seconds.append(judge.events[2].seconds)  # type: ignore[union-attr]  # BuildDone

    assert seconds[0] is not None
    assert seconds[1] is None


async def test_the_run_folder_holds_the_verdict_and_what_failed(judge: Judge, project: MakeProject) -> None:
    """The document, the events, and each call of a check that did not pass, whole; of those that passed nothing."""
    verdict = await judge(project([draws], [breaks]))

    folder = judge.submission.climb_folder / "runs" / verdict.run
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "2.1-1.argv",
        "2.1-1.stderr",
        "2.1-1.stdin",
        "2.1-1.stdout",
        "events.jsonl",
        "verdict.json",
    ]
    assert (folder / "calls" / "2.1-1.stdin").read_bytes() == b"input"
    assert (folder / "calls" / "2.1-1.stdout").read_bytes() == b"out\n"
    assert (folder / "calls" / "2.1-1.argv").read_text().endswith("\nargument\n")
    assert runs.read_verdict(folder) == verdict


async def test_the_document_is_the_contract(judge: Judge, project: MakeProject) -> None:
    """Scripts find these keys in the verdict, its stages and its checks."""
    document = msgspec.to_builtins(await judge(project([breaks])))

    assert {"project", "submission", "seed", "judge", "stages", "passed", "total"} <= document.keys()
    assert {"id", "title", "status", "checks"} <= document["stages"][0].keys()
    assert {"id", "status", "claim", "evidence"} <= document["stages"][0]["checks"][0].keys()


async def test_the_same_seed_draws_the_same_inputs(judge: Judge, project: MakeProject) -> None:
    """A run with the seed of an earlier one gives the program the same arguments."""
    made = project([draws, draws_too])
    choices = [
        [check.choices for check in (await judge(made, seed=seed)).stages[0].checks]
        for seed in ("41c2", "41c2", "beef")
    ]

    assert choices[0] == choices[1] != choices[2]
    assert choices[0][0] != choices[0][1]


async def draws_too(command: Command, world: Any) -> None:
    """It draws too."""
    await draws(command, world)


async def test_our_own_mistake_ends_with_4_and_blames_nobody(judge: Judge, project: MakeProject) -> None:
    """A check that raises is a judge error; the way up ends there."""
    verdict = await judge(project([raises], [holds]))

    assert verdict.stages[0].status is Status.JUDGE_ERROR
    assert verdict.stages[1].status is Status.SKIPPED
    assert verdict.exit_code == 4


async def test_what_can_not_be_told_ends_with_4(judge: Judge, project: MakeProject) -> None:
    """Unknown is neither held nor failed."""
    verdict = await judge(project([holds], [unclear]))

    assert (verdict.passed, verdict.exit_code) == (1, 4)


async def test_a_failed_build_is_the_verdict(submission: MakeSubmission, project: MakeProject) -> None:
    """No stage is judged; the verdict has the command, the exit code and the build's last lines."""
    judge = Judge(submission(build="seq 100 >&2; echo 'line 3: expected ;' >&2; exit 2"))

    verdict = await judge(project([holds]))

    assert judge.order == []
    assert verdict.exit_code == 1
    assert verdict.build is not None
    comparison, output = verdict.build.evidence
    assert isinstance(comparison, Comparison)
    assert isinstance(output, Output)
    assert comparison.received == "exit code 2"
    assert len(output.lines) == 32
    assert output.lines[-1] == "line 3: expected ;"


async def test_a_failed_build_does_not_move_the_stage_in_work(submission: MakeSubmission, project: MakeProject) -> None:
    """A typo does not throw a learner back to stage 1."""
    made = project([holds], [breaks])
    await Judge(submission())(made)

    await Judge(submission(build="exit 1"))(made)

    assert current_stage(submission(), made) == 2


async def test_what_is_missing_here_ends_the_run_without_a_verdict(
    submission: MakeSubmission, project: MakeProject
) -> None:
    """A missing compiler or interpreter raises, and the run that began is none."""
    with pytest.raises(SetupError, match="no-such-compiler"):
        await Judge(submission(build="no-such-compiler program.py"))(project([holds]))
    with pytest.raises(SetupError, match="no-such-python"):
        await Judge(submission(run="no-such-python program.py"))(project([draws]))

    assert runs.latest(submission().climb_folder) is None


async def test_an_unknown_stage_is_answered_with_those_there_are(judge: Judge, project: MakeProject) -> None:
    """The message lists numbers and ids."""
    with pytest.raises(UsageError, match=r"no stage '9'.*\n\s+1 stage-1"):
        await judge(project([holds]), only="9")


async def test_a_folder_whose_name_is_no_text_can_be_judged(submission: MakeSubmission, project: MakeProject) -> None:
    """Names are bytes; the document is valid UTF-8 all the same."""
    judge = Judge(submission(folder="caf\udce9"))

    verdict = await judge(project([breaks]))

    assert verdict.submission.endswith(r"caf\xe9")
    assert runs.latest(judge.submission.climb_folder) is not None


def test_seeds_are_short_and_differ() -> None:
    """Four hexadecimal digits, seldom the same."""
    seeds = {new_seed() for _ in range(50)}

    assert all(len(seed) == 4 and int(seed, 16) >= 0 for seed in seeds)
    assert len(seeds) > 40


def side_by_side(project: Project, number: int, *, timed: bool = False) -> Project:
    """The project with so many checks of a stage at the same time."""
    for stage in project.stages:
        stage.timed = timed
    return msgspec.structs.replace(project, info=msgspec.structs.replace(project.info, side_by_side=number))


def meeting() -> list[Callable[..., Any]]:
    """Two checks that hold only while both are judged; the first ends last."""
    second_is_there, second_has_ended = asyncio.Event(), asyncio.Event()

    async def first(_command: Command, _world: Any) -> None:
        """It meets the second."""
        if not await seen(second_is_there) or not await seen(second_has_ended):
            fail("the other", expected="there", received="not there", why="so")

    async def second(_command: Command, _world: Any) -> None:
        """It says that it is there."""
        second_is_there.set()
        second_has_ended.set()

    async def seen(event: asyncio.Event) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), 1)
        return event.is_set()

    return [first, second]


async def test_checks_side_by_side_are_told_in_order(
    judge: Judge, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project may have its checks judged at the same time; their results come in the order of the stage."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})

    verdict = await judge(side_by_side(project(meeting()), 2))

    assert verdict.exit_code == 0
    assert [event.result.number for event in judge.events if isinstance(event, CheckDone)] == ["1.1", "1.2"]


@pytest.mark.parametrize(("number", "timed", "processors"), [(1, False, {0, 1}), (2, True, {0, 1}), (2, False, {0})])
async def test_checks_are_alone_where_times_count(
    judge: Judge,
    project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    *,
    number: int,
    timed: bool,
    processors: set[int],
) -> None:
    """Without that word, in a timed stage, or with one processor, one check ends before the next begins."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: processors)

    verdict = await judge(side_by_side(project(meeting()), number, timed=timed))

    assert [check.status for check in verdict.stages[0].checks] == ["failed", "passed"]


@pytest.mark.parametrize(
    ("processors", "order"), [({0, 1}, ["third", "first", "second"]), ({0}, ["first", "second", "third"])]
)
async def test_what_waits_for_long_begins_early(
    judge: Judge, project: MakeProject, monkeypatch: pytest.MonkeyPatch, *, processors: set[int], order: list[str]
) -> None:
    """Where checks are judged side by side an early one is begun first, and told in its place all the same."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: processors)
    begun: list[str] = []

    def named(name: str) -> Callable[..., Any]:
        async def check(_command: Command, _world: Any) -> None:
            """It begins."""
            begun.append(name)

        check.__name__ = name
        return check

    of_three = side_by_side(project([named("first"), named("second"), named("third")]), 2)
    of_three.stages[0].checks[-1] = msgspec.structs.replace(of_three.stages[0].checks[-1], early=True)

    await judge(of_three)

    assert begun == order
    assert [event.result.id for event in judge.events if isinstance(event, CheckDone)] == ["first", "second", "third"]
