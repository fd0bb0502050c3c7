"""climb sched quiz: a small workload, your prediction, and the first moment at which it parts from the rule."""

from __future__ import annotations

import secrets
import sys

import click

from climb.cli.console import console, print_json, symbols
from climb.cli.sched_options import PolicyType, whole
from climb.cli.sched_quiz_report import QuizReport
from climb.errors import UsageError
from climb.systems.scheduler.model import Policy
from climb.systems.scheduler.quiz.answer import AnswerError, Ticks, read_numbers, read_timeline
from climb.systems.scheduler.quiz.judging import ASKED, Parting, WrongNumber, part, wrong_numbers
from climb.systems.scheduler.quiz.question import LEVELS, Question, draw

__all__ = ["quiz"]

_LARGEST_SEED = 999_999
_DRAWN_SEED = 9999  # a seed that we draw is short, so that it can be told


@click.command()
@click.option("--policy", type=PolicyType(), help="Which rule to predict.  [default: one that fits the level]")
@click.option("--seed", type=whole(1, _LARGEST_SEED), metavar="N", help="Ask this one again.  [default: a new one]")
@click.option(
    "--level",
    type=whole(1, LEVELS),
    default=1,
    show_default=True,
    metavar="N",
    help="1: three tasks, 2: four, 3: with I/O, 4: two processors.",
)
@click.option("--ask", type=click.Choice(ASKED), default="timeline", show_default=True, help="What to predict.")
@click.option("--answer", metavar="TEXT", help="Your prediction, instead of typing it.")
@click.option("--reveal", is_flag=True, help="Show the answer.")
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def quiz(
    policy: Policy | None, seed: int | None, level: int, ask: str, answer: str | None, reveal: bool, json: bool
) -> int:
    """Predict what a policy does with a small workload.

    A timeline is typed with a letter for each tick, or with numbers: AAB and A2 B1 are the same, and so is A 0-2 B 2-3. A dot
    is an idle tick; a slash stands between processors. Where it parts from the rule, both are drawn, and the numbers are named
    that decided there. The exit code is 0 for a right prediction and 1 for another one.

    \b
    Examples:
      climb sched quiz
      climb sched quiz --policy mlfq --level 3
      climb sched quiz --policy srtf --seed 7 --answer "A3 B2 C1"
      climb sched quiz --policy rr --seed 7 --ask waiting
      climb sched quiz --policy rr --seed 7 --reveal
    """
    if answer is not None and reveal:
        raise UsageError("--answer and --reveal contradict each other")
    seed = seed or secrets.randbelow(_DRAWN_SEED) + 1
    question = draw(seed, level, policy)
    asking = _Asking(question, ask, QuizReport(console(), question, ascii_only=symbols().dot != "·"))
    if json:
        return asking.document(answer, reveal=reveal)
    asking.report.question(ask)
    if reveal:
        asking.report.truth(question.answer())
        return 0
    if answer is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        asking.report.how_to_answer(ask)
        return 0
    return asking.judged(asking.typed() if answer is None else asking.read(answer))


_Answer = list[Ticks] | dict[str, int]


class _Asking:
    """One question to one learner."""

    def __init__(self, question: Question, ask: str, report: QuizReport) -> None:
        self._question = question
        self._ask = ask
        self.report = report

    def read(self, text: str) -> _Answer:
        """What was typed. Raises UsageError if it can't be read."""
        try:
            return self._read(text)
        except AnswerError as error:
            raise UsageError(str(error), next_step=f"climb sched quiz {self._again()} --answer TEXT") from error

    def typed(self) -> _Answer:
        """What is typed now; what can't be read is asked for once more."""

        def read(text: str) -> _Answer:
            try:
                return self._read(text)
            except AnswerError as error:
                raise click.UsageError(str(error)) from error

        answer: _Answer = click.prompt(f"  your {self._ask}", value_proc=read)
        return answer

    def judged(self, answer: _Answer) -> int:
        truth, (parting, wrong) = self._question.answer(), self._faults(answer)
        if parting is None and not wrong:
            self.report.right(truth, self._ask)
            return 0
        if parting is not None and isinstance(answer, list):
            self.report.parting(parting, answer, truth)
        else:
            self.report.wrong_numbers(wrong, truth, self._ask)
        self.report.again(self._ask)
        return 1

    def document(self, text: str | None, *, reveal: bool) -> int:
        """The question as JSON, with the judgement if there was an answer, and the truth if it may be known."""
        question = self._question
        document: dict[str, object] = {
            "seed": question.seed,
            "level": question.level,
            "ask": self._ask,
            "options": question.options,
            "workload": question.workload,
        }
        if reveal or text is not None:
            document["schedule"] = question.answer()
        if text is None:
            print_json(document)
            return 0
        parting, wrong = self._faults(self.read(text))
        document["right"] = parting is None and not wrong
        if parting is not None:
            document["parting"] = {
                "tick": parting.tick, "said": parting.said, "right": parting.right, "why": parting.why,
            }  # fmt: skip
        if wrong:
            document["wrong"] = wrong
        print_json(document)
        return 0 if document["right"] else 1

    def _read(self, text: str) -> _Answer:
        workload = self._question.workload
        names = [task.id for task in workload.tasks]
        return read_timeline(text, names, workload.cpus) if self._ask == "timeline" else read_numbers(text, names)

    def _faults(self, answer: _Answer) -> tuple[Parting | None, list[WrongNumber]]:
        truth = self._question.answer()
        if isinstance(answer, dict):
            return None, wrong_numbers(self._question, truth, self._ask, answer)
        return part(self._question, truth, answer), []

    def _again(self) -> str:
        return self.report.words(self._ask)
