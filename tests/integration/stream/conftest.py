"""A pipeline at work against a processor of another's making: the right program, to which the contract is all that we know."""

import asyncio
import json
import socket
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from climb.systems.processor.pipeline.reading import read_pipeline
from climb.systems.processor.pipeline.running import Running, run

ENOUGH_S = 60.0
PROGRAM = (sys.executable, str(Path(__file__).parents[2] / "right" / "processor" / "python" / "processor.py"))
WINDOW = '[window]\nlength = "10s"\n'


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AtWork:
    """A running pipeline, and what its processor says."""

    def __init__(self, running: Running) -> None:
        self.running = running

    @property
    def source(self) -> Any:
        """The tally of the first source."""
        return self.running.sources[0][0]

    @property
    def sink(self) -> Any:
        """The tally of the first sink."""
        return self.running.sinks[0]

    async def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.running.http_port}{path}"
        return await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(url, timeout=30)))

    async def taken(self, number: int) -> Self:
        """Wait until so many readings were taken, on time or late."""

        async def enough() -> bool:
            stats = await self.get("/stats")
            return bool(stats["accepted"] + stats["late"] >= number)

        await until(enough, f"{number} readings")
        return self

    async def written(self, number: int) -> Self:
        """Wait until the first sink has written so many windows since this start."""
        await until(lambda: self.sink.written >= number, f"{number} windows")
        return self


async def until(true: Callable[[], Any], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + ENOUGH_S
    while True:
        found = true()
        if await found if isinstance(found, Awaitable) else found:
            return
        assert time.monotonic() < end, f"not within {ENOUGH_S} s: {what}"
        await asyncio.sleep(0.02)


class Pipelines:
    """Writes a pipeline file into a folder, and runs it as often as asked on the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http_port = free_port()
        self.tcp_port = free_port()
        self.window = WINDOW

    def file(self, parts: str) -> Path:
        http = f'\n[[sinks]]\ntype = "http"\nport = {self.http_port}\n'
        path = self.folder / "pipeline.toml"
        path.write_text(parts + http + self.window)
        return path

    @asynccontextmanager
    async def run(self, parts: str) -> AsyncIterator[AtWork]:
        """The pipeline at work while the block lasts; then it is stopped in order."""
        pipeline = read_pipeline(self.file(parts))
        stop, started = asyncio.Event(), asyncio.get_running_loop().create_future()
        work = asyncio.create_task(
            run(pipeline, self.folder / "data", stop, started=started.set_result, command=PROGRAM)
        )
        try:
            await asyncio.wait((work, started), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
            yield AtWork(await started)
        finally:
            stop.set()
            await work


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture
def pipelines(tmp_path: Path) -> Pipelines:
    return Pipelines(tmp_path)
