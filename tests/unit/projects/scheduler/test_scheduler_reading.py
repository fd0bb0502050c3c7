"""A scheduler's answer is read with clear failures, and a refusal must name the very place."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from climb.judge.evidence import Comparison
from climb.judge.expect import Failure, fail
from climb.judge.program import Stopped
from climb.projects.scheduler.schedule import Schedule, Scheduler
from climb.projects.scheduler.stages.faults import Fault, place
from climb.projects.scheduler.workload import Options, Task, Workload

WORKLOAD = Workload(tasks=(Task(id="A", bursts=(2,)),))
SEGMENT = {"cpu": 0, "task": "A", "start": 0, "end": 2}


def read(text: str) -> Schedule:
    call: Any = SimpleNamespace(stdout=text)
    return Schedule(call, WORKLOAD, Options(policy="fcfs"))


def answer(**fields: Any) -> str:
    return json.dumps({"policy": "fcfs", "timeline": [SEGMENT], "tasks": {}, "summary": {}} | fields)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("", "standard output"),
        ("[]", "standard output"),
        ("[" * 100_000, "standard output"),
        (answer(policy="rr"), "policy"),
        (answer(timeline=None), "timeline"),
        (answer(timeline=[SEGMENT, {"cpu": 0}]), "timeline[1]"),
        (answer(timeline=[SEGMENT | {"task": "Z"}]), "timeline[0]"),
        (answer(timeline=[SEGMENT | {"cpu": 1}]), "timeline[0]"),
        (answer(timeline=[SEGMENT | {"start": -1}]), "timeline[0]"),
        (answer(timeline=[SEGMENT | {"end": 1.5}]), "timeline[0]"),
        (answer(timeline=[SEGMENT | {"start": 3}]), "timeline[0]"),
    ],
)
def test_what_is_no_schedule_fails_by_its_place(text: str, subject: str) -> None:
    """The failure names what could not be read."""
    with pytest.raises(Failure) as raised:
        read(text)

    assert raised.value.subject == subject


async def test_a_scheduler_that_takes_too_long_hears_of_the_clock() -> None:
    """What a program that is stopped after its time has to change is named: how its clock moves."""

    class TooSlow:
        calls = (SimpleNamespace(outcome=SimpleNamespace(ending=SimpleNamespace(stopped=Stopped.TIME))),)

        async def __call__(self, *_args: str, **_options: Any) -> Any:
            fail("how the program ended", expected="exit code 0", received="stopped", why="it took too long")

    command: Any = TooSlow()
    with pytest.raises(Failure) as raised:
        await Scheduler(command)(WORKLOAD, Options(policy="fcfs"))

    (comparison,) = raised.value.evidence
    assert isinstance(comparison, Comparison)
    assert comparison.why.startswith("The clock should jump")


@pytest.mark.parametrize("tasks", [None, [], {}, {"A": 3}])
def test_missing_measures_fail_by_the_task(tasks: Any) -> None:
    """The failure names the task whose measures are not there."""
    with pytest.raises(Failure) as raised:
        read(answer(tasks=tasks)).measures("A")

    assert raised.value.subject == 'tasks["A"]'


class Saying:
    """A program that refuses everything with the same line."""

    def __init__(self, line: str, code: int = 2) -> None:
        self._line, self._code = line, code
        self.command = self

    async def __call__(self, *_words: str, **_given: Any) -> Any:
        ending = SimpleNamespace(code=self._code)
        return SimpleNamespace(stderr=self._line, stdout="", outcome=SimpleNamespace(ending=ending))


@pytest.mark.parametrize("line", ["tasks[1].bursts: no", "error at tasks[1].bursts.", '"tasks[1].bursts" is empty\n'])
async def test_the_place_may_stand_anywhere_in_the_line(line: str) -> None:
    """A refusal names the place in words of its own."""
    await place(Saying(line), Fault(b"{}", "tasks[1].bursts", "it is wrong"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line", ["tasks[1].bursts[0]: no", "tasks[11].bursts", "bursts", "tasks[1]", "x.tasks[1].bursts", ""]
)
async def test_another_place_is_not_the_place(line: str) -> None:
    """A longer or a shorter path is another one."""
    with pytest.raises(Failure) as raised:
        await place(Saying(line), Fault(b"{}", "tasks[1].bursts", "it is wrong"))  # type: ignore[arg-type]

    assert raised.value.subject == "the place that the refusal names"


async def test_an_answer_is_no_refusal() -> None:
    """Exit code 0 fails, whatever was said."""
    with pytest.raises(Failure) as raised:
        await place(Saying("tasks[1].bursts", code=0), Fault(b"{}", "tasks[1].bursts", "it is wrong"))  # type: ignore[arg-type]

    assert raised.value.subject == "what is refused"
