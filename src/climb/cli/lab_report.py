"""What a lab shows in the terminal: its question, what a run found, what earlier ones found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from climb.cli.plots import draw, signs_for
from climb.cli.prose import Prose, rendered
from climb.counted import times
from climb.labs.explained import Explained, medians, over_time
from climb.labs.lab import Knob, Knobs, Lab, Value
from climb.labs.result import Machine, Result
from climb.labs.scale import figure
from climb.labs.words import number, with_interval, with_unit

__all__ = ["LabReport"]

_WIDEST = 80
_INDENT = 2


def _knob_words(knobs: Knobs) -> str:
    """The knobs as a command sets them."""
    return " ".join(f"{name}={_value(value)}" for name, value in knobs.items())


class LabReport:
    """Prints about one lab on a console; with ``ascii_only`` in signs that every terminal has."""

    def __init__(self, console: Console, lab: Lab, *, ascii_only: bool) -> None:
        self._console = console
        self._lab = lab
        self._signs = signs_for(ascii_only=ascii_only)
        self._width = max(min(console.width, _WIDEST) - _INDENT, 24)

    def question(self) -> None:
        """What the lab is about, before anything is predicted."""
        self._head(self._lab.title)
        self._flow(self._lab.question)
        self._line()
        self._flow(self._lab.about)
        self._line()

    def finding(self, seen: Explained) -> None:
        """What a finished run found, and how far to trust it; what is left of one that did not finish."""
        if seen.explanation is None:
            self._unexplained(seen.result)
            return
        self._line(Text(self._words(seen.explanation.headline), style="bold"))
        if seen.verdict:
            self._line(Text(self._words(seen.verdict)))
        if seen.result.predicted is not None and seen.result.predicted.because:
            self._line(Text(self._words(f"You thought: {seen.result.predicted.because}"), style="dim"))
        for plot in seen.explanation.plots:
            self._line()
            self._all(draw(plot, self._width, self._signs))
        self._line()
        self._flow(seen.explanation.text)
        self._section("How far to trust it")
        self._flow("\n".join(f"- {remark}" for remark in seen.trust))

    def conditions(self, result: Result) -> None:
        """Where a run was measured, with which knobs, and the command that changes one."""
        self._section("Measured")
        fields = {"on": _machine(result.machine)} if result.machine is not None else {}
        fields["at"] = f"{_moment(result.started_at)}, in {result.seconds:.1f} s"
        fields |= {name: fact if isinstance(fact, str) else figure(fact) for name, fact in result.facts.items()}
        for knob in self._lab.knobs:
            value = result.knobs.get(knob.name, knob.default)
            fields[f"{knob.name}={_value(value)}"] = f"{knob.meaning}{_others(knob, value)}"
        self._fields(fields)

    def again(self, result: Result) -> None:
        """The commands that go on from here."""
        self._section("Next")
        changed = next((f" --set {knob.name}={_other(knob, result)}" for knob in self._lab.knobs), "")
        self._fields(
            {
                "again": f"climb lab {self._lab.slug}{changed}",
                "this run": f"climb lab {self._lab.slug} --show {result.id}",
            }
        )

    def earlier(self, seen: Sequence[Explained], now: Result) -> None:
        """The runs before ``now`` with the same knobs."""
        ids = [each.result.id for each in seen]
        older = seen[: ids.index(now.id)] if now.id in ids else ()
        before = [each for each in older if each.result.knobs == now.knobs]
        others = len(older) > len(before)
        if before:
            self._section("Earlier, with these knobs")
            for each in before[-5:]:
                self._line(Text(self._told(each)))
        if others:
            self._line(Text(f"With other knobs: climb lab {self._lab.slug} --history", style="dim"))

    def history(self, seen: Sequence[Explained]) -> None:
        """Every finished run, the newest last, and their course."""
        self._head(self._lab.title)
        if not seen:
            self._flow(f"Not run yet. Begin: climb lab {self._lab.slug}")
        for each in seen:
            self._line(Text(self._told(each)))
            self._line(Text(f"  --show {each.result.id}   {_knob_words(each.result.knobs)}".rstrip(), style="dim"))
        course = over_time(self._lab, seen)
        if course is not None:
            self._line()
            self._all(draw(course, self._width, self._signs))

    def recording_of(self, machine: Machine | None) -> None:
        """That what follows was measured elsewhere."""
        where = f": {_machine(machine)}" if machine is not None else ""
        self._flow(f"A run that was recorded on another machine{where}")
        self._line()

    def _told(self, each: Explained) -> str:
        said, unit = each.result.predicted, self._lab.prediction.unit
        predicted = f"predicted {with_unit(said.value, unit)}" if said is not None else "no prediction"
        answer = "not explained any more" if each.explanation is None else with_interval(each.explanation.answer, unit)
        return self._signs.plain(f"{_moment(each.result.started_at)}   {predicted:<18} measured {answer}")

    def _unexplained(self, result: Result) -> None:
        if not result.finished:
            self._flow(f"This run has no result: {result.failed or 'it was cut short, or is still going on'}")
            if result.predicted is not None:
                self._flow(f"Predicted before it: {number(result.predicted.value)} {self._lab.prediction.unit}")
            return
        self._flow("The lab has changed since: this version can't explain the result any more. These are its medians.")
        for row in medians(result):
            at = "" if row.at is None else f" at {figure(row.at)}"
            self._line(
                Text(self._words(f"{row.series}{at}: {figure(row.median)} {row.unit}, measured {times(row.count)}"))
            )

    def _head(self, title: str) -> None:
        self._line()
        self._line(Text(self._words(title), style="bold"))
        self._line()

    def _section(self, title: str) -> None:
        self._line()
        self._line(Text(title, style="dim"))

    def _fields(self, fields: Mapping[str, str]) -> None:
        """Names and values in two columns; a name that is too long has a line of its own."""
        column = min(max(cell_len(name) for name in fields) + 2, self._width // 3)
        for name, value in fields.items():
            head = Text(self._words(name), style="dim")
            pieces = Text(self._words(value)).wrap(self._console, self._width - column)
            if head.cell_len + 2 > column:
                self._line(head)
                head = Text()
            for piece in pieces:
                piece.rstrip()
                self._all([head + Text(" " * (column - head.cell_len)) + piece])
                head = Text()

    def _flow(self, markdown: str) -> None:
        click.echo(rendered(Prose(markdown), width=self._width), nl=False)

    def _words(self, text: str) -> str:
        return self._signs.words(text)

    def _all(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self._console.print(Text(" " * _INDENT) + line, soft_wrap=True)

    def _line(self, text: Text | None = None) -> None:
        if text is None:
            self._console.print()
            return
        pieces = text.wrap(self._console, self._width)
        for piece in pieces:
            piece.rstrip()
        self._all(pieces)


def _moment(text: str) -> str:
    return dt.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _machine(machine: Machine) -> str:
    cores = "1 core" if machine.cores == 1 else f"{machine.cores} cores"
    memory = f"{machine.memory_bytes / 2**30:.1f} GiB of memory"
    return f"{machine.processor}, {cores}, {memory}, {machine.system}, Python {machine.python}"


def _value(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _others(knob: Knob, value: Value) -> str:
    left = [_value(choice) for choice in knob.choices if choice != value]
    return f"; it can also be {', '.join(left)}" if left else ""


def _other(knob: Knob, result: Result) -> str:
    """A value that the knob did not have, the next one if there is one."""
    value = result.knobs.get(knob.name, knob.default)
    at = knob.choices.index(value) if value in knob.choices else -1
    return _value(knob.choices[(at + 1) % len(knob.choices)])
