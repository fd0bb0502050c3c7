"""The question at the end of a page, asked and answered in the terminal."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import RenderableType
from rich.text import Text

from climb.cli.console import symbols
from climb.cli.prose import Prose, rendered
from climb.course.model import ChoiceQuestion, Concept, Question
from climb.errors import UsageError
from climb.progress.answers import Answer, record

__all__ = ["ask", "question_of", "question_parts", "told"]


def question_of(concept: Concept) -> Question:
    """The concept's question. Raises UsageError if it has none."""
    if concept.question is None:
        raise UsageError(f"{concept.slug} has no question yet", next_step=f"climb read {concept.slug}")
    return concept.question


def question_parts(concept: Concept, earlier: Answer | None, *, how: bool) -> list[RenderableType]:
    """The question and what can be answered, by number; then what was answered, or, with ``how``, what to type for it."""
    question = question_of(concept)
    lines = [f"## A question\n\n{question.ask}"]
    if isinstance(question, ChoiceQuestion):
        lines.append("\n".join(f"{number}. {each.text}" for number, each in enumerate(question.choices, 1)))
    parts: list[RenderableType] = [Prose("\n\n".join(lines)), Text()]
    if earlier is not None and earlier.right:
        parts += [_verdict(earlier), Text()]
    elif how:
        unit = "" if isinstance(question, ChoiceQuestion) or not question.unit else f"   (in {question.unit})"
        parts += [Text(f"To answer: climb read {concept.slug} --answer NUMBER{unit}"), Text()]
    return parts


def ask(home: Path, concept: Concept) -> None:
    """Ask on the terminal, until the answer is right or nothing is typed."""
    while True:
        given = _typed()
        if not given:
            return
        try:
            answer = record(home, concept.slug, question_of(concept), given)
        except UsageError as error:
            click.echo(f"  {error}")
            continue
        click.echo(told(answer), nl=False)
        if answer.right:
            return
        click.echo()


def told(answer: Answer) -> str:
    """Whether an answer is right, and why."""
    return rendered(Text(), _verdict(answer), Text(), Prose(answer.because))


def _typed() -> str:
    try:
        return input("  Your answer (Enter skips): ").strip()
    except EOFError:
        click.echo()
        return ""


def _verdict(answer: Answer) -> Text:
    sign, word, style = (
        (symbols().passed, "Right.", "green") if answer.right else (symbols().failed, "Not that.", "red")
    )
    return Text.assemble((f"{sign} {word}", style), f" You answered: {answer.given}")
