"""climb reflect: the journal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
import msgspec
from click.shell_completion import CompletionItem

from climb.cli.console import console, print_json, printable
from climb.cli.prose import in_locale
from climb.course.loader import course
from climb.errors import SetupError, UsageError
from climb.home import home_folder
from climb.journal import entries as journal
from climb.journal.agenda import agenda
from climb.journal.drafts import Draft, draft_path
from climb.journal.editor import edit, editor
from climb.journal.entries import Conflict, Saved
from climb.journal.export import HEAD, export
from climb.journal.files import journal_folder, path_of
from climb.journal.prompts import Occasion, Prompt
from climb.journal.words import day
from climb.journal.writing import abandon, begin, begin_again, conclude, name_of, unfinished

__all__ = ["reflect"]

_WIDTH = 100
_FREELY = "n"


def _names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The modules and the entries."""
    known = {module.id: module.title for module in course().modules.values()}
    known |= {entry.id: entry.title for entry in journal.entries(home_folder())}
    return [CompletionItem(name, help=title) for name, title in known.items() if name.startswith(incomplete)]


@click.command()
@click.argument("name", metavar="[MODULE|ENTRY]", required=False, shell_complete=_names)
@click.option("--prompt", "chosen", metavar="N", help="Answer this one: its number, d1 for a draft, n for no prompt.")
@click.option("--list", "list_them", is_flag=True, help="List the entries.")
@click.option("--export", "target", metavar="FILE", help="Write the whole journal as one Markdown file; - prints it.")
@click.option("--json", is_flag=True, help="Print the prompts, or with --list the entries, as a JSON document.")
def reflect(name: str | None, chosen: str | None, list_them: bool, target: str | None, json: bool) -> int:
    """Write in your journal: answer a prompt of a MODULE, or one that your own runs and labs raise; or edit an ENTRY.

    Entries are Markdown files in the folder journal of CLIMB_HOME (by default ~/.climb); they are yours to edit, to move and
    to keep under git. Your editor is the one in VISUAL or EDITOR; one that opens a window needs its option to wait, as in
    EDITOR='code --wait'. If it ends early, what you wrote stays as a draft and is offered the next time.

    \b
    Examples:
      climb reflect                           the open prompts, and which one to answer
      climb reflect 1.1 --prompt 2            the second one of module 1.1
      climb reflect 2026-03-14-who-waited     edit that entry
      climb reflect --export journal.md       all of it in one file, with the evidence in words
    """
    if (chosen is not None) + list_them + (target is not None) > 1:
        raise UsageError("--prompt, --list and --export are three things; take one of them")
    if json and (chosen is not None or target is not None):
        raise UsageError("--json prints the prompts, or with --list the entries")
    if name is not None and (list_them or target is not None):
        raise UsageError("--list and --export are about the whole journal; leave the name out")
    home = home_folder()
    if target is not None:
        _export(home, target)
    elif list_them:
        _list(home, json=json)
    elif name is not None and name not in course().modules:
        _edit_entry(home, name, alone=chosen is None and not json)
    else:
        _prompts(home, name, chosen, json=json)
    return 0


def _prompts(home: Path, module: str | None, chosen: str | None, *, json: bool) -> None:
    prompts, drafts = agenda(home, course(), module), unfinished(home)
    if json:
        print_json([{"number": number, **msgspec.to_builtins(each)} for number, each in enumerate(prompts, 1)])
        return
    if chosen is None:
        _show(prompts, drafts)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            _how_to_answer(module, len(prompts))
            return
        chosen = _ask(len(prompts), len(drafts))
    if chosen:
        editor()  # before anything is begun: there may be none
        _write(home, _begun(home, prompts, drafts, chosen, module))


def _show(prompts: Sequence[Prompt], drafts: Sequence[Draft]) -> None:
    """The prompts in their groups, then what was begun and not finished."""
    numbered = list(enumerate(prompts, 1))
    for title, group in groupby(numbered, key=lambda pair: _group(pair[1])):
        click.echo(f"\n  {click.style(title, bold=True)}")
        for number, prompt in group:
            _line(str(number), prompt.ask)
    if not prompts:
        click.echo("\n  No prompt is open: each one here has its entry.")
    if drafts:
        click.echo(f"\n  {click.style('Not finished', bold=True)}")
        for number, draft in enumerate(drafts, 1):
            _line(
                f"d{number}",
                f"{name_of(draft)} ({day(draft.changed)})",
            )


def _line(label: str, text: str) -> None:
    """One thing to choose, wrapped below itself."""
    width = min(console().width, _WIDTH)
    words = in_locale(f"{label:<3} {printable(text)}")
    click.echo(click.wrap_text(words, width, initial_indent="  ", subsequent_indent=" " * 6))


def _group(prompt: Prompt) -> str:
    if prompt.occasion is not Occasion.MODULE or prompt.module is None:
        return "From your runs and labs"
    return f"{prompt.module} {course().modules[prompt.module].title}"


def _ask(prompts: int, drafts: int) -> str:
    numbers = [f"1 to {prompts}"] if prompts > 1 else ["1"] if prompts else []
    kept = ["d1" if drafts == 1 else f"d1 to d{drafts}"] if drafts else []
    said = ", ".join([*numbers, *kept, f"{_FREELY} for no prompt", "Enter for none"])
    answer: str = click.prompt(f"\n  Which one? ({said})", default="", show_default=False, prompt_suffix=" ")
    return answer.strip()


def _how_to_answer(module: str | None, count: int) -> None:
    words = f"climb reflect {module}" if module else "climb reflect"
    if count:
        click.echo(f"\n  Answer one in your editor:  {words} --prompt 1")
    click.echo(f"{'' if count else chr(10)}  Write without a prompt:     {words} --prompt {_FREELY}")


def _begun(home: Path, prompts: Sequence[Prompt], drafts: Sequence[Draft], chosen: str, module: str | None) -> Path:
    """The draft to write in."""
    if chosen == _FREELY:
        return begin(home, None, module)
    known = {str(number): prompt for number, prompt in enumerate(prompts, 1)}
    if chosen in known:
        return begin(home, known[chosen])
    kept = {f"d{number}": draft for number, draft in enumerate(drafts, 1)}
    if chosen in kept:
        return draft_path(home, kept[chosen].window, kept[chosen].entry)
    raise UsageError(f"there is no {chosen!r} here; there is: {', '.join([*known, *kept, _FREELY])}")


def _edit_entry(home: Path, name: str, *, alone: bool) -> None:
    if not _is_entry(home, name):
        raise UsageError(
            f"{name!r} is neither a module nor an entry; the modules are {', '.join(course().modules)}",
            next_step="climb reflect --list   (names the entries)",
        )
    if not alone:
        raise UsageError("an entry is edited without --prompt and --json", next_step=f"climb reflect {name}")
    editor()
    _write(home, begin_again(home, name))


def _is_entry(home: Path, name: str) -> bool:
    try:
        return path_of(home, name).is_file()
    except UsageError:
        return False


def _write(home: Path, path: Path) -> None:
    """Let the learner write, then keep what was written."""
    try:
        edit(path)
    except (SetupError, KeyboardInterrupt):
        if abandon(home, path):
            click.echo(f"\nWhat you wrote stays in {path}; climb reflect offers it again.", err=True)
        raise
    outcome = conclude(home, path)
    match outcome:
        case None:
            click.echo("Nothing was written, so nothing is kept.")
        case Saved(entry):
            click.echo(f"Kept in {path_of(home, entry.id)}")
        case Conflict(_, other):
            raise _both_kept(home, other.id)


def _both_kept(home: Path, other: str) -> UsageError:
    """Where both texts are, and what to do with them."""
    name = other.rpartition(".other-")[0]
    theirs, yours = path_of(home, name), path_of(home, other)
    return UsageError(
        f"the entry changed while you wrote, so nothing was written over.\n  there   {theirs}\n  yours   {yours}",
        next_step="bring both together in the first file, then remove the second",
    )


def _list(home: Path, *, json: bool) -> None:
    entries = journal.entries(home)
    if json:
        print_json(entries)
        return
    for entry in entries:
        others = len(journal.others(home, entry.id))
        note = f"   {others} more to be merged beside it" if others else ""
        click.echo(
            f"  {day(entry.created):<18} {printable(entry.title)}\n{'':<21}climb reflect {printable(entry.id)}{note}"
        )
    if not entries:
        click.echo(f"  There is no entry yet in {journal_folder(home)}. Begin one: climb reflect")
    for problem in journal.problems(home):
        click.echo(f"  left out: {printable(problem.reason)}", err=True)


def _export(home: Path, target: str) -> None:
    document = export(home, course())
    if target == "-":
        click.echo(document, nl=False)
        return
    path = Path(target)
    try:
        if path.exists() and not path.read_bytes().startswith(HEAD.encode()):
            raise UsageError(f"{path} was not written by climb reflect --export; nothing was written over it")
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error}") from error
    click.echo(f"The journal is in {path}")
