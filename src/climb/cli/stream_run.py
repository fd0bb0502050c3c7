"""climb stream run and climb stream validate: a pipeline file checked, and at work until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climb.cli.console import console, print_json, printable
from climb.cli.sched_progress import progress
from climb.cli.stream_errors import told
from climb.home import home_folder

if TYPE_CHECKING:
    from climb.systems.processor.pipeline.model import Pipeline
    from climb.systems.processor.pipeline.running import Running
    from climb.systems.processor.sinks.following import SinkTally
    from climb.systems.processor.sources.source import Tally

__all__ = ["run", "validate"]

_TELL_S = 1.0
_PIPELINE = click.Path(path_type=Path, dir_okay=False, allow_dash=False)


@click.command()
@click.argument("pipeline", type=_PIPELINE, required=False)
@click.option("--check", is_flag=True, help="Check the file and start nothing, as climb stream validate does.")
@click.option(
    "--data",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where what must survive is kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what happens as JSON lines.")
def run(pipeline: Path | None, check: bool, data: Path | None, as_json: bool) -> None:
    """Run a pipeline until Ctrl-C.

    PIPELINE is a TOML file with sources, a window and sinks. Without one, readings are taken over TCP and HTTP, windows are ten
    seconds long, and the results are where the processor answers HTTP. Each line that is printed says where something is.

    Ctrl-C stops it in order: what was read is finished and acknowledged. The next run goes on where this one was.

    \b
    Examples:
      climb stream run
      climb stream run temperatures.toml
      climb stream run temperatures.toml --check
      climb stream run --data ./data
    """
    if check and pipeline is not None:
        _validate(pipeline, as_json=as_json)
        return
    with told(str(pipeline or "")):
        found = _read(pipeline)
        folder = data or Path(found.data_dir or home_folder() / "stream" / found.name)
        asyncio.run(_run(found, folder.absolute(), as_json=as_json))


@click.command()
@click.argument("pipeline", type=_PIPELINE)
@click.option("--json", "as_json", is_flag=True, help="Print the pipeline with all its defaults as JSON.")
def validate(pipeline: Path, as_json: bool) -> None:
    """Check a pipeline file without starting anything.

    A mistake is named with its place in the file, what is there, and what may be there.

    \b
    Examples:
      climb stream validate temperatures.toml
      climb stream validate temperatures.toml --json
    """
    _validate(pipeline, as_json=as_json)


def _validate(path: Path, *, as_json: bool) -> None:
    with told(str(path)):
        pipeline = _read(path)
    if as_json:
        print_json(pipeline)
        return
    window = pipeline.window
    slide = f" every {window.slide}" if window.slide and window.slide_ms != window.length_ms else ""
    lines = [
        f"{printable(str(path))} makes sense.",
        f"  windows  {window.length}{slide}, {window.lateness} of lateness, by {printable(pipeline.key)}",
        *(f"  from     {printable(_named(part))}" for part in pipeline.sources),
        *(f"  to       {printable(_named(part))}" for part in pipeline.sinks),
    ]
    click.echo("\n".join(lines))


def _read(path: Path | None) -> Pipeline:
    from climb.systems.processor.pipeline.model import HttpSink, HttpSource, Pipeline, TcpSource
    from climb.systems.processor.pipeline.reading import read_pipeline

    if path is not None:
        return read_pipeline(path)
    return Pipeline(name="default", sources=(TcpSource(), HttpSource()), sinks=(HttpSink(),))


def _named(part: object) -> str:
    from climb.systems.processor.pipeline.checking import identity

    return identity(part)  # type: ignore[arg-type]  # both tuples hold nothing else


async def _run(pipeline: Pipeline, folder: Path, *, as_json: bool) -> None:
    from climb.systems.processor.pipeline.running import run as run_pipeline

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    begun: list[Running] = []
    starting = ExitStack()
    telling = asyncio.create_task(_tell(begun, as_json=as_json))

    def started(running: Running) -> None:
        starting.close()
        _print_started(running, as_json=as_json)
        begun.append(running)

    try:
        show = starting.enter_context(progress("starting"))
        await run_pipeline(pipeline, folder, stop, started=started, tell=lambda line: show(printable(line)))
    finally:
        starting.close()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    if not as_json:
        for tally, feed in (pair for running in begun for pair in running.sources):
            bad = f", {tally.bad:,} bad, the last: {printable(tally.last_bad)}" if tally.bad else ""
            lost = f", {tally.lost:,} lost" if tally.lost else ""
            click.echo(f"{printable(tally.name)}: {tally.read:,} read, {feed.safe:,} safe{bad}{lost}")
        click.echo("Stopped. All that was acknowledged is kept.")


def _print_started(running: Running, *, as_json: bool) -> None:
    pipeline, http = running.pipeline, f"http://127.0.0.1:{running.http_port}"
    if as_json:
        document = {"pipeline": pipeline.name, "http": http, "data": str(running.data), "servers": running.servers}
        if pipeline.tcp_port:
            document["tcp"] = f"127.0.0.1:{pipeline.tcp_port}"
        print_json({"started": document})
        return
    lines = [f"{printable(pipeline.name)} is running. Ctrl-C stops it.", ""]
    if pipeline.tcp_port:
        lines.append(f"  send   127.0.0.1:{pipeline.tcp_port}   JSON lines over TCP")
    lines += [
        f"  send   {http}/ingest   the same lines by POST",
        f"  look   {http}/windows   closed windows; /stream as they close; /stats; /metrics",
        *(f"  from   {printable(tally.name)}" for tally, _feed in running.sources),
        *(f"  to     {printable(tally.name)}" for tally in running.sinks),
        *(f"  with   {line}, started here" for line in running.servers),
        f"  data   {printable(str(running.data))}",
        "",
    ]
    if pipeline.tcp_port:
        ports = f" --port {pipeline.tcp_port}" if pipeline.tcp_port != _default_tcp() else ""
        lines += [f"Readings to try it with: climb stream sensors --for 10s{ports}", ""]
    click.echo("\n".join(lines))


def _default_tcp() -> int:
    from climb.systems.processor.pipeline.model import TCP_PORT

    return TCP_PORT


async def _tell(begun: list[Running], *, as_json: bool) -> None:
    """Say what stands in the way of a source or a sink, when that changes; as JSON, tell all counts each second."""
    said: dict[str, str] = {}
    first_bad: set[str] = set()
    while True:
        await asyncio.sleep(_TELL_S)
        for running in begun:
            if as_json:
                print_json(_state(running))
                continue
            parts: list[Tally | SinkTally] = [*(tally for tally, _feed in running.sources), *running.sinks]
            for tally in parts:
                if tally.problem != said.get(tally.name, ""):
                    said[tally.name] = tally.problem
                    text = tally.problem or "is well again"
                    console(stderr=True).print(f"{printable(tally.name)}: {printable(text)}", soft_wrap=True)
            for tally, _feed in running.sources:
                if tally.bad and tally.name not in first_bad:
                    first_bad.add(tally.name)
                    console(stderr=True).print(
                        f"{printable(tally.name)}: bad record, {printable(tally.last_bad)}", soft_wrap=True
                    )


def _state(running: Running) -> dict[str, object]:
    sources = [
        {
            "name": tally.name,
            "read": tally.read,
            "safe": feed.safe,
            "bad": tally.bad,
            "lost": tally.lost,
            "problem": tally.problem,
        }
        for tally, feed in running.sources
    ]
    sinks = [{"name": tally.name, "written": tally.written, "problem": tally.problem} for tally in running.sinks]
    return {"sources": sources, "sinks": sinks}
