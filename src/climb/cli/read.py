"""climb read: the course in the terminal."""

from __future__ import annotations

import sys

import click
from rich.console import RenderableType
from rich.text import Text

from climb.cli.complete import readables
from climb.cli.console import print_json
from climb.cli.prose import Prose, rendered, show
from climb.cli.question import ask, question_of, question_parts, told
from climb.cli.readable import Readable, document, find_readable
from climb.cli.reading_list import reading_list, reading_list_text
from climb.course.loader import course
from climb.course.model import Concept
from climb.errors import UsageError
from climb.home import home_folder
from climb.progress.answers import answers, record

__all__ = ["read"]


@click.command()
@click.argument("name", nargs=-1, metavar="[NAME]", shell_complete=readables)
@click.option("--answer", "given", metavar="NUMBER", help="Answer the question at the end of a page.")
@click.option("--no-pager", is_flag=True, help="Print the text, however long it is.")
@click.option("--json", is_flag=True, help="Print a JSON document.")
def read(name: tuple[str, ...], given: str | None, no_pager: bool, json: bool) -> int:
    """Read a concept, a module, a page, a track, or the brief of a project. Without a NAME: what there is to read.

    A concept's page ends with a question. --answer says whether the answer is right, and why; the exit code is 0 or 1. On a terminal
    a long text goes through the program in PAGER, by default less.

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
        from climb.cli.not_found import nothing_called  # the search takes long to load

        raise nothing_called(home_folder(), " ".join(name))
    if given is not None:
        return _answer(found, given, json=json)
    if json:
        print_json(document(home_folder(), found))
    elif found.concept is None or found.concept.question is None:
        show(rendered(*_text(found)), pager=not no_pager)
    else:
        _with_question(found, found.concept, pager=not no_pager)
    return 0


def _list(given: str | None, *, json: bool) -> int:
    if given is not None:
        raise UsageError("which page's question? Name it", next_step="climb read sockets --answer 2")
    if json:
        print_json(reading_list(home_folder()))
    else:
        click.echo(reading_list_text(home_folder()), nl=False)
    return 0


def _text(found: Readable) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(), Text(found.title, style="bold"), Text()]
    for text in filter(None, (found.summary, found.text, found.more)):
        parts += [Prose(text), Text()]
    return parts


def _with_question(found: Readable, concept: Concept, *, pager: bool) -> None:
    home = home_folder()
    earlier = answers(home).get(concept.slug)
    asking = sys.stdin.isatty() and sys.stdout.isatty() and not (earlier and earlier.right)
    question = rendered(*question_parts(concept, earlier, how=not asking))
    after = course().following(concept)
    end = f"  Next page: climb read {after.slug}\n" if after else ""
    paged = show(rendered(*_text(found)) + question + ("" if asking else end), pager=pager)
    if asking:
        click.echo(f"\n{question}" if paged else "", nl=False)  # the pager took it away with the page
        ask(home, concept)
        click.echo(f"\n{end}" if end else "", nl=False)


def _answer(found: Readable, given: str, *, json: bool) -> int:
    if found.concept is None:
        raise UsageError(f"{found.name} has no question to answer", next_step=f"climb read {found.name}")
    answer = record(home_folder(), found.concept.slug, question_of(found.concept), given)
    if json:
        print_json(answer)
    else:
        click.echo(told(answer), nl=False)
    return 0 if answer.right else 1
