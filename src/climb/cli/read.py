"""climb read: the course in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from rich.text import Text

from climb.cli.complete import readables
from climb.cli.console import symbols
from climb.cli.prose import Prose, rendered, show
from climb.cli.readable import Readable, find_readable, following
from climb.cli.reading_list import print_reading_list, reading_list
from climb.cli.unread import no_such_page
from climb.course.model import ChoiceQuestion, Concept
from climb.errors import UsageError
from climb.home import home_folder
from climb.progress.answers import Answer, answers, record

__all__ = ["read"]


@click.command()
@click.argument("name", nargs=-1, metavar="[NAME]", shell_complete=readables)
@click.option("--answer", "given", metavar="ANSWER", help="Answer the question at a page's end: the choice's number, or a number.")
@click.option("--no-pager", is_flag=True, help="Print everything at once.")
@click.option("--json", is_flag=True, help="Print a JSON document.")
def read(name: tuple[str, ...], given: str | None, no_pager: bool, json: bool) -> int:
    """Read a concept, a module, a page, a track, or the brief of a project. Without a NAME: what there is to read.

    A concept's page ends with a question; --answer answers it, and says why that is right or not. On a terminal texts go through
    the program in PAGER, by default less.

    \b
    Examples:
      climb read
      climb read sockets
      climb read sockets --answer 2
      climb read 1.1
    """
    if not name:
        return _list(given, json=json)
    found = find_readable(" ".join(name))
    if found is None:
        raise no_such_page(home_folder(), " ".join(name))
    if given is not None:
        return _answered(_with_question(found), given, json=json)
    if json:
        _print_json(_document(found))
        return 0
    return _read(found, pager=not no_pager)


def _list(given: str | None, *, json: bool) -> int:
    if given is not None:
        raise UsageError("which question? Name its page", next_step="climb read sockets --answer 2")
    if json:
        _print_json(reading_list(home_folder()))
    else:
        print_reading_list(home_folder())
    return 0


def _read(found: Readable, *, pager: bool) -> int:
    concept, home = found.concept, home_folder()
    head = [Text(found.title, style="bold"), Text(), Prose(found.summary), Text(), Prose(found.text)]
    if concept is None or concept.question is None:
        show(rendered(Text(), *head), pager=pager)
        return 0
    earlier = answers(home).get(concept.slug)
    asking = sys.stdin.isatty() and sys.stdout.isatty() and not (earlier and earlier.right)
    question = _question(concept, earlier, how=not asking)
    paged = show(rendered(Text(), *head, Text()) + question, pager=pager)
    if asking:
        _ask(concept, home, question if paged else "")
    return 0


def _question(concept: Concept, earlier: Answer | None, *, how: bool) -> str:
    """The question with its numbered answers, and what became of it; ``how`` to answer it, if that is not asked anyway."""
    question = concept.question
    assert question is not None
    lines = [f"## A question\n\n{question.ask}"]
    if isinstance(question, ChoiceQuestion):
        lines += ["\n".join(f"{number}. {each.text}" for number, each in enumerate(question.choices, 1))]
    parts = [Prose("\n\n".join(lines)), Text()]
    if earlier is not None and earlier.right:
        parts += [_verdict(earlier, f"You answered: {earlier.given}")]
    elif how:
        unit = "" if isinstance(question, ChoiceQuestion) or not question.unit else f"   (in {question.unit})"
        parts += [Text(f"climb read {concept.slug} --answer NUMBER{unit}")]
    after = following(concept)
    if after is not None:
        parts += [Text(f"Next page: climb read {after.slug}", style="dim")]
    return rendered(*parts)


def _ask(concept: Concept, home: Path, question: str) -> None:
    """Ask on the terminal until the answer is right or the reader has enough; the pager took the question away with the page."""
    click.echo("\n" + question if question else "", nl=not question)
    while True:
        try:
            given = input("  Your answer (Enter skips): ").strip()
        except EOFError:
            given = ""
            click.echo()
        if not given:
            return
        try:
            answer = record(home, concept.slug, _question_of(concept), given)
        except UsageError as error:
            click.echo(f"  {error}")
            continue
        click.echo(_told(answer), nl=False)
        if answer.right:
            return


def _answered(concept: Concept, given: str, *, json: bool) -> int:
    answer = record(home_folder(), concept.slug, _question_of(concept), given)
    if json:
        _print_json(answer)
    else:
        click.echo(_told(answer), nl=False)
    return 0 if answer.right else 1


def _told(answer: Answer) -> str:
    return rendered(Text(), _verdict(answer, answer.given), Text(), Prose(answer.because), Text())


def _verdict(answer: Answer, said: str) -> Text:
    sign, word, style = (symbols().passed, "Right.", "green") if answer.right else (symbols().failed, "Not that.", "red")
    return Text.assemble((f"{sign} {word}", style), f" {said}")


def _with_question(found: Readable) -> Concept:
    if found.concept is None or found.concept.question is None:
        raise UsageError(f"{found.name} has no question to answer", next_step=f"climb read {found.name}")
    return found.concept


def _question_of(concept: Concept) -> object: ...


def _document(found: Readable) -> dict[str, object]: ...


def _print_json(document: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")
