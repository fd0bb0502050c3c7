"""Races in the terminal: a line of progress as heats end, the table, what each race says, and its plots."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from rich.status import Status as Spinner
from rich.text import Text

from climb.cli.console import console, printable, symbols
from climb.cli.facts import table_lines
from climb.cli.plots import draw, signs_for
from climb.cli.report import Reporter
from climb.judge.events import Event, RunDone, StageDone, StageStarted
from climb.judge.submission import Submission
from climb.judge.verdict import Status
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Racing, Standing
from climb.races.race import Race
from climb.races.telling import figure, in_words, table_of

__all__ = ["Progress", "StagesLive", "print_racing"]

_MARGIN = 4
_WIDEST = 110
_STYLES = {
    Standing.HELD: "bold",
    Standing.NOISY: "yellow",
    Standing.WRONG: "red",
    Standing.WAITING: "dim",
    Standing.UNKNOWN: "yellow",
    Standing.JUDGE_ERROR: "yellow",
}


class Progress:
    """One line on standard error that follows the heats; where that is no terminal, a line for each heat."""

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._spinner: Spinner | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner = self._console.status("", spinner="line")
            self._spinner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._spinner is not None:
            self._spinner.stop()

    def __call__(self, race: Race, heats: tuple[Heat, ...], ratio: Estimate | None) -> None:
        text = f"  {race.id}: {_how_far(race, heats, ratio)}"
        if self._spinner is not None:
            self._spinner.update(Text(text))
        else:
            self._console.print(text, soft_wrap=True)


def _how_far(race: Race, heats: tuple[Heat, ...], ratio: Estimate | None) -> str:
    if not heats:
        return "warming up"
    last = heats[-1]
    said = f"heat {len(heats)}, {last.side} {figure(last.value)} {race.unit}"
    return said if ratio is None else f"{said}; yours is {in_words(ratio)} times as good so far"


class StagesLive:
    """Shows the stages that are judged before a race, a line each, and in full what did not hold."""

    def __init__(self, submission: Submission, *, quiet: bool) -> None:
        self._console = console(stderr=quiet)
        self._report = Reporter(self._console, symbols(), submission.folder)
        self._quiet = quiet

    def __call__(self, event: Event) -> None:
        if self._quiet:
            return
        match event:
            case StageStarted():
                self._console.print(f"  judged first, since a race needs it: stage {event.number}", soft_wrap=True)
            case StageDone() if event.result.status is not Status.SKIPPED:
                self._report.stage_line(event.result)
            case RunDone() if event.verdict.first_failure is not None:
                stage, check = event.verdict.first_failure
                self._report.failure(stage, check, event.verdict, hints_left=0)


def print_racing(racing: Racing, folder: Path) -> None:
    """All races: the table, then each with what it says, what it tells, and its plots."""
    out, dot = console(), symbols().dot
    where = f"{racing.machine.cores} processors, {racing.machine.processor}"
    out.print("")
    out.print(Text(f"  {racing.project} {dot} {racing.language} {dot} seed {racing.seed} {dot} {where}", style="bold"))
    out.print("")
    table = table_of(racing)
    if table is not None:
        _print_lines(table_lines(table, _room(), ascii_only=_ascii()))
        _print_words("Above 1, yours is ahead, whichever way the unit goes. In parentheses the 95 % interval.", "dim")
    for race in racing.races:
        _print_race(race, folder)


def _print_race(race: Held, folder: Path) -> None:
    out = console()
    out.print("")
    out.print(Text(f"  {race.id}   {race.title}", style="bold"))
    _print_words(race.says, _STYLES[race.standing])
    _print_words(race.tells, "dim")
    reporter = Reporter(out, symbols(), folder)
    for piece in race.evidence:
        reporter.piece(piece)
    for plot in race.plots:
        _print_words(plot.title, "bold")
        _print_lines(draw(msgspec.structs.replace(plot, title=""), _room(), signs_for(ascii_only=_ascii())))


def _print_words(text: str, style: str) -> None:
    _print_lines([Text(line, style=style) for line in textwrap.wrap(printable(text), _room())])


def _print_lines(lines: list[Text]) -> None:
    for line in lines:
        console().print(Text(" " * _MARGIN) + line, soft_wrap=True)


def _room() -> int:
    return max(min(console().width, _WIDEST), 40) - _MARGIN


def _ascii() -> bool:
    return symbols().dot != "·"
