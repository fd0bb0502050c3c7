"""What a quiz shows: the question, where a prediction parts from the rule, and the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from climb.cli.console import symbols
from climb.gantt.text import chart
from climb.systems.scheduler.model import Options, Schedule, Task, Workload
from climb.systems.scheduler.output.measures import Facts, task_facts
from climb.systems.scheduler.output.rows import rows_of
from climb.systems.scheduler.output.terminal import coloured, table_lines
from climb.systems.scheduler.policies import POLICY
from climb.systems.scheduler.quiz.answer import Ticks
from climb.systems.scheduler.quiz.judging import Parting, WrongNumber, rows_said
from climb.systems.scheduler.quiz.moment import Moment, State, TaskNow
from climb.systems.scheduler.quiz.question import LEVELS, Question, random_numbers
from climb.systems.scheduler.weights import inverse_of, weight_of

__all__ = ["QuizReport"]

_INDENT = "  "
_DRAWN = 20  # random numbers of a lottery; a question needs fewer
_WIDEST = 98

_OWN = {  # what a policy looks at in a task, besides its bursts
    "priority": "priority", "lottery": "tickets", "stride": "tickets", "cfs": "nice", "eevdf": "nice", "edf": "period",
    "rm": "period",
}  # fmt: skip


class QuizReport:
    """Prints about one question on a console; with ``ascii_only`` in signs that every terminal has."""

    def __init__(self, console: Console, question: Question, *, ascii_only: bool) -> None:
        self._console = console
        self._question = question
        self._ascii = ascii_only
        self._width = max(min(console.width, _WIDEST) - len(_INDENT), 24)

    @property
    def _workload(self) -> Workload:
        return self._question.workload

    @property
    def _options(self) -> Options:
        return self._question.options

    def question(self, ask: str) -> None:
        """What is asked, and how to answer."""
        policy = self._options.policy
        self._line(Text(f"{policy}, quiz {self._question.seed}, level {self._question.level}", style="bold"))
        self._flow(POLICY[policy].rule)
        self._line()
        self._lines(table_lines(_asked(self._workload, policy), self._width, ascii_only=self._ascii))
        self._line()
        self._flow(" ".join(_conditions(self._workload, self._options)))
        self._flow(_how(ask, self._workload))
        self._line()

    def how_to_answer(self, ask: str) -> None:
        """The command that answers, for where nobody can type."""
        self._line(f"answer: climb sched quiz {self.words(ask)} --answer TEXT")

    def words(self, ask: str) -> str:
        """The options that ask the same again."""
        asked = f" --ask {ask}" if ask != "timeline" else ""
        level = f" --level {self._question.level}" if self._question.level > 1 else ""
        return f"--policy {self._options.policy} --seed {self._question.seed}{level}{asked}"

    def truth(self, found: Schedule) -> None:
        """What the rules make of it."""
        self._chart(chart(rows_of(found.timeline, self._workload.cpus), width=self._width, ascii=self._ascii))
        self._line()
        self._lines(table_lines(task_facts(self._workload, found, most=20), self._width, ascii_only=self._ascii))

    def right(self, found: Schedule, ask: str) -> None:
        """The prediction holds: what was predicted, and the next step."""
        self._line()
        self._line(Text(f"{symbols().passed} ", style="green") + Text(f"Right: {_held(found, ask)}", style="bold"))
        self._line()
        self.truth(found)
        self._line()
        level = self._question.level
        harder = f" --level {level + 1}" if level < LEVELS else " --level 4"
        self._line(f"next: climb sched quiz --policy {self._options.policy}{harder}")

    def parting(self, found: Parting, said: Sequence[Ticks], truth: Schedule) -> None:
        """Both timelines with the moment marked, the reason, and the tasks as they were then."""
        self._line()
        self._line(
            Text(f"{symbols().failed} ", style="red")
            + Text(f"It parts from the rule at tick {found.tick}.", style="bold")
        )
        self._line()
        rows = rows_said(said, truth, self._workload.cpus)
        self._chart(chart(rows, width=self._width, moment=found.tick, ascii=self._ascii))
        self._line()
        self._flow(found.why)
        self._line()
        names = [task.id for task in self._workload.tasks]
        mark = names.index(found.right) if found.right is not None else None
        facts = _moment_facts(found.moment, self._options.policy)
        self._lines(table_lines(facts, self._width, ascii_only=self._ascii, mark=mark))

    def wrong_numbers(self, wrong: Sequence[WrongNumber], truth: Schedule, ask: str) -> None:
        """Each wrong number with how the right one comes about."""
        self._line()
        for each in wrong:
            self._line(
                Text(f"{symbols().failed} ", style="red")
                + Text(f"{ask} of {each.task}: {each.right}, not {each.said}.", style="bold")
            )
            self._flow(each.why)
        self._line()
        self._chart(chart(rows_of(truth.timeline, self._workload.cpus), width=self._width, ascii=self._ascii))

    def again(self, ask: str) -> None:
        """How to try the same once more, and how to see all of it."""
        self._line()
        self._line(f"again:  climb sched quiz {self.words(ask)}")
        self._line(f"answer: climb sched quiz {self.words(ask)} --reveal")

    def _chart(self, drawn: Sequence[Sequence[object]]) -> None:
        self._lines(coloured(drawn))  # type: ignore[arg-type]

    def _lines(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self._line(line)

    def _flow(self, text: str) -> None:
        for line in Text(text).wrap(self._console, self._width):
            line.rstrip()
            self._line(line)

    def _line(self, text: Text | str = "") -> None:
        self._console.print(Text(_INDENT) + text if text else "", soft_wrap=True)


def _asked(workload: Workload, policy: str) -> Facts:
    """The tasks with what the policy looks at."""
    own = _OWN.get(policy)
    rows = [
        (task.id, f"{task.arrival}", _bursts(task), *([str(getattr(task, own))] if own else []))
        for task in workload.tasks
    ]
    return Facts(("task", "arrives at", "bursts", *([own] if own else [])), rows)


def _bursts(task: Task) -> str:
    return " ".join(f"({burst})" if at % 2 else f"{burst}" for at, burst in enumerate(task.bursts))


def _conditions(workload: Workload, options: Options) -> Iterable[str]:
    """What else is to be known: the machine, the options that matter, what the brackets mean."""
    if workload.cpus > 1:
        yield f"{workload.cpus} processors with one queue."
    if any(len(task.bursts) > 1 for task in workload.tasks):
        yield "Bursts in brackets are I/O."
    if workload.until is not None:
        yield f"Jobs are released before tick {workload.until}; each is due when the next one is released."
    yield from _needed(workload, options)
    yield "The rules in full: climb read scheduler."


def _needed(workload: Workload, options: Options) -> Iterable[str]:
    """The options and numbers by which this policy decides."""
    quantum = f"The quantum is {options.quantum}"
    match options.policy:
        case "rr" | "stride":
            yield f"{quantum}."
        case "mlfq":
            yield f"{quantum}, and so is the allotment; {options.levels} levels, no boost."
        case "lottery":
            yield f"{quantum}. The random numbers are {', '.join(map(str, random_numbers(options.seed, _DRAWN)))} …"
        case "cfs":
            yield f"The latency is {options.latency}, the granularity {options.granularity}. {_weights(workload)}"
        case "eevdf":
            yield f"{quantum}. {_weights(workload)}"


def _weights(workload: Workload) -> str:
    known = sorted({task.nice for task in workload.tasks})
    said = [f"nice {nice} has weight {weight_of(nice)} and inverse {inverse_of(nice)}" for nice in known]
    return f"{'; '.join(said)}.".replace("nice", "Nice", 1)


def _how(ask: str, workload: Workload) -> str:
    if ask != "timeline":
        first = " ".join(f"{task.id}{number}" for task, number in zip(workload.tasks, (3, 0, 5, 1, 2, 4), strict=False))
        return f"What is the {ask} of each task? Write a number for each, as in {first}."
    said = "Who runs when? Write a letter for each tick or with a number for several, a dot for an idle one"
    if workload.cpus > 1:
        return f"{said}, and a slash between the processors: A3 .1 B2 / C4. Which one a task runs on does not matter."
    return f"{said}: A3 .1 B2."


def _held(found: Schedule, ask: str) -> str:
    return f"all {found.summary.makespan} ticks." if ask == "timeline" else f"the {ask} of every task."


def _moment_facts(moment: Moment, policy: str) -> Facts:
    """The tasks at a moment, with the number by which the policy picks."""
    key = POLICY[policy].key if POLICY[policy].key != "ticks left" else None
    rows = [_fact_row(task, key) for task in moment.tasks.values()]
    return Facts(("task", "at that tick", "ready since", "ticks left", *([key] if key else [])), rows)


def _fact_row(task: TaskNow, key: str | None) -> tuple[str, ...]:
    here = task.state in (State.READY, State.RUNNING)
    state = f"{task.state.value} until {task.back}" if task.state is State.AWAY else task.state.value
    since, left = (f"{task.since:,}", f"{task.left:,}") if here else ("", "")
    return (task.name, state, since, left, *([f"{task.key:,}" if here else ""] if key else []))
