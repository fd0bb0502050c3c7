"""A pipeline at work: the processor in a process of its own, and beside it the sources and sinks, as clients of its contract."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from climb.stack.errors import StackError
from climb.stack.ports import free_port
from climb.stack.server import Kept, Order, kept
from climb.systems.processor.pipeline.checking import identity
from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import HttpSink, HttpSource, Pipeline, Sink, Source, TcpSource
from climb.systems.processor.pipeline.parts import make_sink, make_source
from climb.systems.processor.pipeline.servers import Servers
from climb.systems.processor.sinks.following import SinkTally, follow
from climb.systems.processor.sources.feed import Feed
from climb.systems.processor.sources.places import Places
from climb.systems.processor.sources.source import Ground, Tally

__all__ = ["PROCESSOR", "Running", "run"]

PROCESSOR = (sys.executable, "-m", "climb.systems.processor")
_READY_WITHIN_S = 120.0  # after a crash it recovers first, and the first start ever compiles the parser
_STOP_WITHIN_S = 12.0  # the contract gives 10
_SETTLE_WITHIN_S = 5.0
_LOOK_S = 0.2


@dataclass
class Running:
    """A pipeline at work: where it is reached, and what its parts count."""

    pipeline: Pipeline
    data: Path
    http_port: int
    tcp_port: int
    servers: list[str] = field(default_factory=list)
    """what was started here for it, a line each"""
    sources: list[tuple[Tally, Feed]] = field(default_factory=list)
    sinks: list[SinkTally] = field(default_factory=list)


async def run(
    pipeline: Pipeline,
    data: Path,
    stop: asyncio.Event,
    *,
    started: Callable[[Running], None] = lambda _running: None,
    tell: Callable[[str], None] = lambda _line: None,
    command: Sequence[str] = PROCESSOR,
) -> None:
    """Run a pipeline until ``stop`` is set, then let it finish what it has read; raise EdgeError if it can't go on.

    ``started`` is called when the processor is ready and all sources and sinks are at work; until then ``tell`` gets what it says.
    """
    with _locked(data), ExitStack() as stack:
        try:
            tcp_port = pipeline.tcp_port or free_port()
            running = Running(pipeline, data, pipeline.http_port, tcp_port)
            servers = Servers(stack, data)
            processor = await asyncio.to_thread(stack.enter_context, _processor(running, command, stop, tell))
            async with _parts(running, servers):
                running.servers = servers.started()
                if not stop.is_set():
                    started(running)
                await _until(stop, processor)
        except StackError as error:
            raise EdgeError(str(error)) from error
        finally:
            await asyncio.to_thread(stack.close)


async def _until(stop: asyncio.Event, processor: Kept) -> None:
    while not stop.is_set():
        processor.check()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await stop.wait()


@contextmanager
def _processor(
    running: Running, command: Sequence[str], stop: asyncio.Event, tell: Callable[[str], None]
) -> Iterator[Kept]:
    folder = running.data / "processor"
    folder.mkdir(parents=True, exist_ok=True)
    log = running.data / "processor.log"
    log.unlink(missing_ok=True)
    window = running.pipeline.window
    settings = {
        "PORT": running.http_port,
        "INGEST_PORT": running.tcp_port,
        "DATA_DIR": folder,
        "WINDOW_MS": window.length_ms,
        "SLIDE_MS": window.slide_ms,
        "LATENESS_MS": window.lateness_ms,
        "IDLE_MS": window.idle_ms,
        "WORKERS": running.pipeline.workers,
    }
    order = Order(
        name="the processor",
        command=command,
        folder=Path.cwd(),
        log=log,
        step_s=_STOP_WITHIN_S,
        environment={**os.environ, **{name: str(value) for name, value in settings.items()}},
    )

    def ready() -> bool:
        with contextlib.suppress(OSError, IndexError):
            tell(log.read_text(errors="replace").splitlines()[-1])
        return stop.is_set() or _is_ready(running.http_port)

    with kept(order, ready, within_s=_READY_WITHIN_S) as processor:
        processor.check()  # what answered may be another program on that port
        yield processor


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """The data folder for this run alone."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with (data / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise EdgeError(f"{data} is in use by another run of this pipeline") from error
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(data)):
            raise
        raise EdgeError(f"{data} can't be used: {error.strerror}") from error


# --- sources and sinks ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _parts(running: Running, servers: Servers) -> AsyncIterator[None]:
    """Sources and sinks at work while the block lasts; then sources end first, and what they have read gets its time."""
    try:
        async with asyncio.TaskGroup() as group:
            ends = [await _begin_source(group, running, source, servers) for source in _fed(running.pipeline)]
            ends += [await _begin_sink(group, running, sink, servers) for sink in _following(running.pipeline)]
            yield
            for end in ends:
                await end()
    except BaseExceptionGroup as errors:
        expected = errors.subgroup((EdgeError, StackError))
        if expected is None:
            raise
        raise _first(expected) from errors


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _fed(pipeline: Pipeline) -> list[Source]:
    return [source for source in pipeline.sources if not isinstance(source, TcpSource | HttpSource)]


def _following(pipeline: Pipeline) -> list[Sink]:
    return [sink for sink in pipeline.sinks if not isinstance(sink, HttpSink)]


async def _begin_source(
    group: asyncio.TaskGroup, running: Running, part: Source, servers: Servers
) -> Callable[[], Awaitable[None]]:
    feed, tally = Feed(running.tcp_port), Tally(identity(part))
    places = Places(running.data / "sources" / f"{_file_name(part)}.jsonl")
    source = await make_source(part, running.pipeline, Ground(feed, places, tally), servers)
    running.sources.append((tally, feed))
    feeding, reading = group.create_task(feed.run()), group.create_task(source.run())

    async def end() -> None:
        reading.cancel()
        await asyncio.wait((reading,))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(feed.settled(), _SETTLE_WITHIN_S)
        feeding.cancel()

    return end


async def _begin_sink(
    group: asyncio.TaskGroup, running: Running, part: Sink, servers: Servers
) -> Callable[[], Awaitable[None]]:
    tally = SinkTally(identity(part))
    sink = await make_sink(part, running.pipeline, running.data / "sinks" / f"{_file_name(part)}.json", servers)
    running.sinks.append(tally)
    writing = group.create_task(follow(sink, running.http_port, tally))

    async def end() -> None:
        tally.caught_up = False
        until = time.monotonic() + _SETTLE_WITHIN_S
        while not (tally.caught_up or tally.problem or time.monotonic() > until):  # noqa: ASYNC110 - three things end it
            await asyncio.sleep(_LOOK_S / 4)
        writing.cancel()

    return end


def _file_name(part: Source | Sink) -> str:
    """A name for what belongs to a part, told from others by all that makes it the same."""
    name = identity(part)
    kind, _, what = name.partition(" ")
    readable = re.sub(r"[^A-Za-z0-9]+", "-", what)[-32:].strip("-")
    return f"{kind}-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
