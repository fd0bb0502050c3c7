"""climb lab: predict, measure on this machine, and see what it means."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import msgspec
from rich.table import Column, Table
from rich.text import Text

from climb.cli.complete import labs
from climb.cli.console import console, print_json, symbols
from climb.cli.lab_report import LabReport
from climb.cli.prose import rendered
from climb.errors import SetupError, UsageError
from climb.home import home_folder
from climb.labs import running, store
from climb.labs.explained import Explained, earlier, explained
from climb.labs.lab import Lab, find, slugs
from climb.labs.messages import Progress
from climb.labs.predicting import read_prediction
from climb.labs.result import Predicted, Result
from climb.labs.words import with_unit

__all__ = ["lab"]

_COMPARED = 20  # earlier results that are looked through; each takes a moment to explain
_MISSING = 3
_WIDTH = 98


class _Setting(click.ParamType[tuple[str, str]]):
    """A knob with its value."""

    name = "setting"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, sign, text = value.partition("=")
        if not (name and sign and text):
            self.fail(f"{value!r} is no KNOB=VALUE, such as size=64", param, ctx)
        return name, text


@click.command()
@click.argument("name", required=False, shell_complete=labs)
@click.option("--predict", metavar="VALUE", help="Your prediction: one positive number.")
@click.option("--because", metavar="TEXT", default="", help="Why you think so; it is kept with the result.")
@click.option("--no-prediction", is_flag=True, help="Measure without a prediction.")
@click.option(
    "--set", "settings", multiple=True, type=_Setting(), metavar="KNOB=VALUE", help="Change a knob; may be repeated."
)
@click.option("--history", is_flag=True, help="List all results of this lab.")
@click.option("--show", metavar="ID", help="Show an earlier result again.")
@click.option("--recording", is_flag=True, help="Show the run that was recorded on another machine.")
@click.option("--json", is_flag=True, help="Print a JSON document and nothing else.")
def lab(
    name: str | None,
    predict: str | None,
    because: str,
    no_prediction: bool,
    settings: tuple[tuple[str, str], ...],
    history: bool,
    show: str | None,
    recording: bool,
    json: bool,
) -> int:
    """Run the experiment NAME on this machine; without NAME, list them.

    A lab asks for your prediction first, then measures, and shows both.

    \b
    Examples:
      climb lab
      climb lab handshake
      climb lab handshake --predict 3 --because "one more round trip"
      climb lab handshake --predict 3 --set answer=1000
      climb lab handshake --history
    """
    views = {"--history": history, "--show": show is not None, "--recording": recording}
    measuring = {"--predict": predict is not None, "--no-prediction": no_prediction, "--set": bool(settings)}
    _must_agree(name, *([each for each, given in words.items() if given] for words in (views, measuring)))
    if name is None:
        _list(json=json)
        return 0
    found = find(name)
    report = LabReport(console(), found, ascii_only=symbols().dot != "·")
    if history:
        return _history(found, report, json=json)
    if show is not None:
        return _show(report, found, store.find_result(home_folder(), name, show), json=json)
    if recording:
        return _recording(report, found, json=json)
    knobs = found.settings(dict(settings))
    if (reason := found.why_not()) is not None:
        click.echo(f"climb: this machine can't run the lab {name}: {reason}", err=True)
        if store.recording(name) is not None:
            _recording(report, found, json=json)
        return _MISSING
    predicted = read_prediction(found, predict, because) if predict is not None else None
    if predicted is None and not no_prediction:
        predicted = _asked(report, found, because, json=json)
    elif not json:
        report.question()
    begun = running.begin(home_folder(), found, knobs, predicted)
    return _measured(report, found, begun, json=json)


def _must_agree(name: str | None, views: list[str], measuring: list[str]) -> None:
    """Raise UsageError for options that say nothing without a lab, or that contradict each other."""
    given = views + measuring
    if name is None and given:
        raise UsageError(f"{given[0]} is about one lab; name it", next_step="climb lab   (lists them)")
    if len(views) > 1:
        raise UsageError(f"{' and '.join(views)} show different things; take one of them")
    if views and measuring:
        raise UsageError(f"{views[0]} measures nothing, so {measuring[0]} has no place there")
    if len(set(measuring) - {"--set"}) > 1:
        raise UsageError("--predict and --no-prediction contradict each other")


def _list(*, json: bool) -> None:
    rows = [(each, store.results(home_folder(), each.slug)) for each in map(find, slugs())]
    if json:
        print_json(
            [
                {
                    "slug": each.slug,
                    "title": each.title,
                    "question": each.question,
                    "seconds": each.seconds,
                    "runs": len(runs),
                }
                for each, runs in rows
            ]
        )
        return
    table = Table.grid(Column(no_wrap=True), Column(), padding=(0, 3, 0, 0))
    for each, runs in rows:
        table.add_row(each.slug, Text(each.question))
        table.add_row("", Text(_so_far(each, runs), style="dim"))
    click.echo(rendered(Text(), table, Text(), Text("begin: climb lab NAME"), Text(), width=_WIDTH), nl=False)


def _so_far(found: Lab, runs: list[Result]) -> str:
    """How long a lab takes, or what its last run answered."""
    if not runs:
        return f"about {found.seconds} s, not run yet"
    times = "once" if len(runs) == 1 else f"{len(runs)} times"
    return f"about {found.seconds} s, run {times}; last answer: {_last(explained(found, runs[-1]), found)}"


def _last(seen: Explained, found: Lab) -> str:
    if seen.explanation is None:
        return "not explained any more"
    return with_unit(seen.explanation.answer.value, found.prediction.unit)


def _asked(report: LabReport, found: Lab, because: str, *, json: bool) -> Predicted:
    """The prediction that is typed. Raises UsageError if nobody is there to type one."""
    if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            f"a lab begins with a prediction. {found.prediction.ask}",
            next_step=f"climb lab {found.slug} --predict NUMBER   or --no-prediction",
        )
    report.question()

    def read(typed: str) -> Predicted:
        try:
            return read_prediction(found, typed)
        except UsageError as error:
            raise click.UsageError(str(error)) from error

    predicted: Predicted = click.prompt(f"  {found.prediction.ask} [{found.prediction.unit}]", value_proc=read)
    reason = because or click.prompt("  Why do you think so? (Enter to skip)", default="", show_default=False)
    click.echo()
    return msgspec.structs.replace(predicted, because=reason.strip())


def _measured(report: LabReport, found: Lab, begun: Result, *, json: bool) -> int:
    home = home_folder()
    progress = _ProgressLine(sys.stderr.isatty() and not json)
    try:
        result = asyncio.run(running.run(home, found, begun, progress))
    except KeyboardInterrupt:
        progress.close()
        if begun.predicted is not None:
            click.echo(f"\nstopped; your prediction is kept: climb lab {found.slug} --show {begun.id}", err=True)
        raise
    progress.close()
    if result.failed is not None:
        raise SetupError(f"the lab {found.slug} has no result: {result.failed}", next_step=_kept(found, begun))
    seen = explained(found, result)
    if json:
        print_json(_document(seen))
        return 0
    _tell(report, seen, home, found)
    return 0


def _kept(found: Lab, begun: Result) -> str:
    return f"climb lab {found.slug} --show {begun.id}   (your prediction is kept)"


def _tell(report: LabReport, seen: Explained, home: Path, found: Lab) -> None:
    report.finding(seen)
    report.conditions(seen.result)
    report.earlier(earlier(home, found, _COMPARED), seen.result)
    report.again(seen.result)


def _history(found: Lab, report: LabReport, *, json: bool) -> int:
    seen = [explained(found, result) for result in store.results(home_folder(), found.slug)]
    if json:
        print_json([_document(each) for each in seen])
    else:
        report.history(seen)
    return 0


def _show(report: LabReport, found: Lab, result: Result, *, json: bool) -> int:
    seen = explained(found, result)
    if json:
        print_json(_document(seen))
    elif result.finished:
        report.question()
        _tell(report, seen, home_folder(), found)
    else:
        report.finding(seen)
    return 0


def _recording(report: LabReport, found: Lab, *, json: bool) -> int:
    """Raises SetupError if there is no recording."""
    result = store.recording(found.slug)
    if result is None:
        raise SetupError(f"there is no recording of the lab {found.slug}", next_step=f"climb lab {found.slug}")
    seen = explained(found, result)
    if json:
        print_json(_document(seen, recorded=True))
        return 0
    report.question()
    report.recording_of(result.machine)
    report.finding(seen)
    report.conditions(result)
    return 0


def _document(seen: Explained, *, recorded: bool = False) -> dict[str, object]:
    return {
        "result": seen.result,
        "explanation": seen.explanation,
        "verdict": seen.verdict,
        "trust": seen.trust,
        "recorded": recorded,
    }


class _ProgressLine:
    """How far the measurement is, on one line of a terminal.

    It is written only when there is news: a spinner that turns by itself would disturb what is measured.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown

    def __call__(self, progress: Progress) -> None:
        if self._shown:
            line = f"  {progress.share:4.0%}  {progress.doing}"[: max(console(stderr=True).width - 1, 10)]
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
