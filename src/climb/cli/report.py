"""The terminal report: one failure in full, the others in a line each, and what to do next."""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence as Ordered
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from climb.cli.console import Symbols, printable, symbols
from climb.cli.facts import latency_lines, sequence_lines, series_lines, table_lines, timeline_lines
from climb.cli.talk import exchange_lines
from climb.counted import counted
from climb.judge.evidence import (
    Comparison,
    Evidence,
    Exchange,
    Latencies,
    Lifetime,
    Output,
    Reading,
    Sequence,
    Series,
    Table,
    Timeline,
    Transcript,
)
from climb.judge.telling import exchange_head, life_sentence, start_line
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

__all__ = ["Reporter", "first_failure_as_text"]

_LABEL = 10
_INDENT = 8
_DEEPER = 2  # the margin of tables and timelines, from the one of the fields
_LONGEST_LINE = 500  # of a program's own output; the terminal wraps it as it would have
_STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "red",
    Status.UNKNOWN: "yellow",
    Status.JUDGE_ERROR: "yellow",
    Status.SKIPPED: "dim",
}


class Reporter:
    """Prints verdicts on a console. ``home`` is the submission's folder: paths inside it are shown relative to it."""

    def __init__(self, console: Console, symbols: Symbols, home: Path) -> None:
        self._console = console
        self._symbols = symbols
        self._home = home
        self._width = max(min(console.width, 110), 40)

    def heading(self, left: str, right: str) -> None:
        """The first line: what is judged, and how the build went."""
        text = Text("  " + left, style="bold")
        if right:
            room = self._width - len(text) - len(right) - 1
            text.append(" " * room + right if room > 0 else "\n  " + right, style="not bold dim")
        self._print(text)
        self._print("")

    def stage_line(self, stage: StageResult, *, waits_for: int | None = None) -> None:
        """One stage in one line."""
        sign = {
            Status.PASSED: self._symbols.passed,
            Status.FAILED: self._symbols.failed,
            Status.SKIPPED: self._symbols.waiting,
        }.get(stage.status, self._symbols.unknown)
        style = _STYLES[stage.status]
        line = Text("    ")
        line.append(f"{sign} {stage.number:>2} ", style=style)
        line.append(f"{stage.title:<46}", style="dim" if stage.status is Status.SKIPPED else "")
        if stage.status is Status.SKIPPED:
            line.append(f"waits for {waits_for}" if waits_for else "not asked for", style="dim")
        else:
            line.append(f"{stage.seconds:6.1f} s", style="dim")
        self._print(line)

    def checks_held(self, stage: StageResult) -> None:
        """The checks of a stage that passed, a line each: for one that was judged alone."""
        for check in stage.checks:
            if check.status is Status.PASSED:
                head = Text.assemble("    ", (f"{self._symbols.passed} {check.number:<6}", _STYLES[check.status]))
                self._wrapped(Text.assemble(head, printable(check.claim)), len(head))

    def failure(self, stage: StageResult | None, check: CheckResult, verdict: Verdict, *, hints_left: int) -> None:
        """One check that did not pass, in full."""
        self._print("")
        self._print(Text.assemble("  ", (f"{check.number}  ", _STYLES[check.status]), (printable(check.claim), "bold")))
        self._print("")
        if check.status is Status.UNKNOWN:
            self._field("verdict", "unknown: the judge could not tell, so it blames nobody")
        if check.status is Status.JUDGE_ERROR:
            self._field("verdict", "judge error: this is our mistake, not yours. Please report it with the run folder.")
        self._ran(check)
        for piece in check.evidence:
            self._evidence(piece)
        self._next_steps(stage, check, verdict, hints_left)

    def other_failures(self, verdict: Verdict, shown: CheckResult) -> None:
        """The checks that did not pass either, a line each."""
        others = [
            check
            for stage in verdict.stages
            for check in stage.checks
            if check.status not in (Status.PASSED, Status.SKIPPED) and check is not shown
        ]
        if not others:
            return
        self._print("")
        self._print(Text("  also not held:", style="dim"))
        for check in others:
            self._wrapped(
                Text.assemble("    ", (f"{check.number}  ", _STYLES[check.status]), printable(check.claim)), 9
            )

    def conclusion(self, verdict: Verdict) -> None:
        """The last line: how far, and what is next."""
        self._print("")
        if verdict.passed == verdict.total:
            self._print(Text(f"  All {verdict.total} stages of {verdict.project} hold.", style="bold"))
            return
        stages = verdict.stages
        following = stages[verdict.passed] if verdict.passed < len(stages) else None
        held = f"  {verdict.passed} of {verdict.total} stages hold."
        self._print(Text(held + (f" Next: {following.number} {following.title}" if following else ""), style="bold"))

    def piece(self, piece: Evidence) -> None:
        """One piece of evidence by itself, in the report's form."""
        self._evidence(piece)

    def _ran(self, check: CheckResult) -> None:
        transcript = next((piece for piece in check.evidence if isinstance(piece, Transcript)), None)
        if transcript is not None:
            words = [word.replace(f"{self._home}/", "./", 1) for word in transcript.argv]
            # Not wrapped: a command is there to be copied.
            self._print(Text.assemble(" " * _INDENT, (f"{'ran':<{_LABEL}}", "dim"), printable(shlex.join(words))))
            if transcript.stdin is not None:
                self._field("given", _excerpt(transcript.stdin))

        life = next((piece for piece in check.evidence if isinstance(piece, Lifetime)), None)
        if life is not None:
            command = printable(start_line(life, str(self._home)))
            self._print(Text.assemble(" " * _INDENT, (f"{'ran':<{_LABEL}}", "dim"), command))

    def _evidence(self, piece: Evidence) -> None:
        match piece:
            case Comparison():
                self._comparison(piece)
            case Output():
                self._output(piece)
            case Reading():
                """The comparison beside it says the same in words; the numbers are for scripts and plots."""
            case Sequence():
                self._drawn("sequence", piece.subject, sequence_lines(piece, self._room, ascii_only=self._ascii))
            case Series() if piece.lines or piece.spans:
                self._drawn("plot", piece.subject, series_lines(piece, self._room, ascii_only=self._ascii))
            case Series():
                self._field("over time", sparkline(piece, self._symbols))
            case Latencies():
                self._drawn("latencies", piece.subject, latency_lines(piece, self._room, ascii_only=self._ascii))
            case Table():
                self._drawn("table", piece.subject, table_lines(piece, self._room, ascii_only=self._ascii))
            case Timeline():
                self._drawn("timeline", piece.subject, timeline_lines(piece, self._room, ascii_only=self._ascii))
            case Lifetime():
                self._field("service", life_sentence(piece))
            case Exchange():
                self._drawn("exchange", exchange_head(piece), exchange_lines(piece, self._room, ascii_only=self._ascii))
                self._by_hand(piece)
            case Transcript():
                after = "" if piece.ended.startswith("stopped") else f" after {piece.seconds:.2f} s"
                self._field("answered", f"{piece.ended}{after}; {_size(piece)}")

    def _comparison(self, piece: Comparison) -> None:
        self._field("about", piece.subject)
        self._field("expected", piece.expected)
        self._marked("received", piece.received, piece.mark)
        for line in piece.difference:
            self._field("", line)
        if piece.why:
            self._field("why", piece.why)
        if piece.saw:
            self._field("saw", piece.saw)

    def _marked(self, label: str, text: str, mark: tuple[int, int] | None) -> None:
        """The received value on one line with the differing part underlined, if it can be seen whole."""
        room = self._width - _INDENT - _LABEL
        if mark is None or "\n" in text or cell_len(printable(text)) > room or mark == (0, len(text)):
            self._field(label, text, style="red")
            return
        start, length = mark
        # On the screen a character may take no column, two, or, made visible by printable(), many.
        before, marked = cell_len(printable(text[:start])), cell_len(printable(text[start : start + length]))
        line = Text(" " * _INDENT + f"{label:<{_LABEL}}", style="dim")
        line.append(printable(text[:start]), style="not dim")
        line.append(printable(text[start : start + length]), style="not dim red")
        line.append(printable(text[start + length :]), style="not dim")
        self._print(line)
        self._print(Text(" " * (_INDENT + _LABEL + before) + "^" * max(marked, 1), style="red"))

    def _output(self, piece: Output) -> None:
        self._print(Text(" " * _INDENT + f"{piece.title}:", style="dim"))
        for line in piece.lines:
            self._print(Text(" " * _INDENT + "| " + printable(line[:_LONGEST_LINE])))

    def _drawn(self, label: str, subject: str, lines: Ordered[Text]) -> None:
        """Lines whose shape depends on what was drawn: the gate knows them by their margin."""
        self._field(label, subject)
        for line in lines:
            self._print(Text(" " * (_INDENT + _DEEPER)) + line)

    def _by_hand(self, piece: Exchange) -> None:
        """Not wrapped, since it is there to be copied; with the margin of the exchange, which the gate does not compare."""
        if piece.by_hand:
            margin = " " * (_INDENT + _DEEPER)
            self._print(Text.assemble(margin, ("by hand  ", "dim"), printable(piece.by_hand)))

    @property
    def _room(self) -> int:
        return self._width - _INDENT - _DEEPER

    @property
    def _ascii(self) -> bool:
        return self._symbols.dot != "·"

    def _next_steps(self, stage: StageResult | None, check: CheckResult, verdict: Verdict, hints_left: int) -> None:
        if stage is None:
            return
        self._field("read", _to_read(stage.concepts))
        reference = f"{verdict.seed}-{check.number}"
        steps = [("again", f"climb replay {reference}")]
        if check.choices and check.status is Status.FAILED:
            steps.append(("smallest", f"climb shrink {reference}"))
        if hints_left:
            steps.append(("hint", f"climb hint ({hints_left} left)"))
        for label, text in steps:
            self._field(label, text)
        self._field("run", f"{self._home / '.climb' / 'runs' / verdict.run}".replace(f"{self._home}/", ""))

    def _field(self, label: str, text: str, style: str = "") -> None:
        body = Text(printable(text), style=style)
        line = Text.assemble(" " * _INDENT, (f"{label:<{_LABEL}}", "dim"), body)
        self._wrapped(line, _INDENT + _LABEL)

    def _wrapped(self, line: Text, hang: int) -> None:
        for piece in _wrap(line, self._width, hang, self._console):
            self._print(piece)

    def _print(self, text: Text | str) -> None:
        self._console.print(text, soft_wrap=True)


def first_failure_as_text(verdict: Verdict) -> str:
    """The report of the first failure as a learner reads it on a terminal 100 columns wide; there must be one."""
    failed = verdict.first_failure
    assert failed is not None
    stage, check = failed
    out = io.StringIO()
    console = Console(file=out, width=100, highlight=False, markup=False, emoji=False, color_system=None)
    Reporter(console, symbols(), Path(verdict.submission)).failure(stage, check, verdict, hints_left=0)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n") + "\n"


def _wrap(line: Text, width: int, hang: int, console: Console) -> list[Text]:
    """``line`` in pieces no wider than ``width``; all but the first begin at column ``hang``."""
    head, body = line[:hang], line[hang:]
    pieces = [
        piece for part in body.split("\n", allow_blank=True) for piece in part.wrap(console, max(width - hang, 20))
    ]
    if not pieces:
        return [head]
    for piece in pieces:
        piece.rstrip()
    return [head + pieces[0], *(Text(" " * hang) + piece for piece in pieces[1:])]


def sparkline(series: Series, symbols: Symbols) -> str:
    """A series in one line: its course in eight steps, then what it is and its largest value."""
    largest = max((value for _, value in series.points), default=0)
    limit = f", limit {series.limit:g}" if series.limit is not None else ""
    note = f"{series.subject}, at most {largest:g} {series.unit}{limit}"
    if symbols.dot != "·" or not largest:
        return note
    steps = "▁▂▃▄▅▆▇█"
    return "".join(steps[min(int(value / largest * 7.99), 7)] for _, value in series.points[:60]) + "  " + note


def _to_read(concepts: Ordered[str]) -> str:
    """What to type for the first concept, and which others have a page."""
    first, *others = concepts or ("",)
    return f"climb read {first}".rstrip() + (f"   (also: {', '.join(others)})" if others else "")


def _excerpt(text: str, lines: int = 6) -> str:
    """The first lines of what was sent on standard input; the run folder has all of it."""
    first, *rest = text.splitlines() or ["(nothing)"]
    shown = [first, *rest[: lines - 1]]
    left = len(rest) + 1 - len(shown)
    return "\n".join([line[:_LONGEST_LINE] for line in shown] + ([f"… and {left} more lines"] if left else []))


def _size(piece: Transcript) -> str:
    lines = piece.stdout.count("\n")
    if piece.stdout_bytes >= 4000:
        return f"{counted(piece.stdout_bytes, 'byte')} on standard output"
    return f"{counted(lines, 'line')} on standard output"
