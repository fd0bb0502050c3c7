"""A prediction beside the truth: the first moment at which they part, and why."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from climb.gantt.model import Row, Span
from climb.systems.scheduler.model import Schedule
from climb.systems.scheduler.output.rows import rows_of
from climb.systems.scheduler.quiz.answer import Ticks
from climb.systems.scheduler.quiz.moment import Moment, moment_at
from climb.systems.scheduler.quiz.question import Question
from climb.systems.scheduler.quiz.reason import reason

__all__ = ["ASKED", "Parting", "WrongNumber", "part", "rows_said", "ticks_of", "wrong_numbers"]

ASKED = ("timeline", "waiting", "turnaround", "response")


class Parting(msgspec.Struct, frozen=True):
    """The first tick at which another task runs than was said, the state then, and the reason."""

    moment: Moment
    right: str | None
    said: str | None
    why: str

    @property
    def tick(self) -> int:
        return self.moment.tick


class WrongNumber(msgspec.Struct, frozen=True):
    """A task's measure that is another one, and how it comes about."""

    task: str
    said: int
    right: int
    why: str


def part(question: Question, truth: Schedule, said: Sequence[Ticks]) -> Parting | None:
    """Where the prediction parts from the truth; which processor a task runs on does not matter. None if nowhere."""
    lanes = ticks_of(truth, question.workload.cpus)
    for tick in range(max(len(lane) for lane in [*lanes, *said])):
        right = {lane[tick] for lane in lanes if tick < len(lane)} - {None}
        guessed = {lane[tick] for lane in said if tick < len(lane)} - {None}
        if right != guessed:
            missing = _first(right - guessed, question)
            wrong = _first(guessed - right, question)
            at = moment_at(question.workload, question.options, tick)
            why = reason(question.workload, question.options, at, missing, wrong)
            return Parting(at, missing, wrong, why)
    return None


def ticks_of(truth: Schedule, cpus: int) -> list[Ticks]:
    """Who runs in each tick on each processor."""
    lanes: list[Ticks] = [[] for _ in range(cpus)]
    for segment in truth.timeline:
        lane = lanes[segment.cpu]
        lane += [None] * (segment.start - len(lane)) + [segment.task] * (segment.end - segment.start)
    return lanes


def rows_said(said: Sequence[Ticks], truth: Schedule, cpus: int) -> list[Row]:
    """Both as rows of one chart."""
    name = "you" if cpus == 1 else "you, "
    yours = [Row(name if cpus == 1 else f"{name}cpu {cpu}", tuple(_spans(lane))) for cpu, lane in enumerate(said)]
    rules = rows_of(truth.timeline, cpus, prefix="rules, ")
    return [*yours, *(rules if cpus > 1 else [Row("rules", rules[0].spans)])]


def wrong_numbers(question: Question, truth: Schedule, measure: str, said: dict[str, int]) -> list[WrongNumber]:
    """The tasks whose ``measure`` is not what was said."""
    return [
        WrongNumber(task.id, said[task.id], right, _reckoned(question, truth, measure, task.id))
        for task in question.workload.tasks
        if (right := getattr(truth.tasks[task.id], measure)) != said[task.id]
    ]


def _reckoned(question: Question, truth: Schedule, measure: str, name: str) -> str:
    """How the number comes about, from the timeline."""
    task = next(task for task in question.workload.tasks if task.id == name)
    got = truth.tasks[name]
    if task.period is not None:
        return f"The largest of its jobs, each from its release, has {getattr(got, measure):,}."
    if measure == "response":
        return f"It runs first at {got.response + task.arrival:,} and arrives at {task.arrival:,}."
    completes = f"It completes at {got.completion:,} and arrives at {task.arrival:,}"
    if measure == "turnaround":
        return f"{completes}."
    return f"{completes}; its bursts take {sum(task.bursts):,} of these {got.turnaround:,} ticks."


def _first(names: set[str | None], question: Question) -> str | None:
    return next((task.id for task in question.workload.tasks if task.id in names), None)


def _spans(lane: Ticks) -> list[Span]:
    spans: list[Span] = []
    for tick, who in enumerate(lane):
        if who is None:
            continue
        if spans and spans[-1].end == tick and spans[-1].label == who:
            spans[-1] = Span(spans[-1].start, tick + 1, who)
        else:
            spans.append(Span(tick, tick + 1, who))
    return spans
