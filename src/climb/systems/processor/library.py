"""The service from Python: started as a process of its own, so that what surrounds it can't slow or break it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from climb.systems.processor.settings import Settings

__all__ = ["NotStarted", "Running", "running"]

_START_S = 120.0  # the first start ever compiles the engine
_STOP_S = 12.0


class NotStarted(Exception):
    """The service ended before it was ready; it has said why on standard error."""


@dataclass(frozen=True)
class Running:
    """A service that is ready."""

    settings: Settings
    process: asyncio.subprocess.Process

    @property
    def ingest(self) -> tuple[str, int]:
        """Where readings go, as lines over TCP."""
        return "127.0.0.1", self.settings.ingest_port

    @property
    def url(self) -> str:
        """Where its HTTP is."""
        return f"http://127.0.0.1:{self.settings.port}"

    async def ended(self) -> int:
        """Wait until the service ends by itself, which it should not; return its exit code."""
        return await self.process.wait()


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Start the service, and stop it in order in the end. It ends with the calling process, however that ends.

    Raises NotStarted.
    """
    environment = {**os.environ, **settings.environment(), "END_WITH": str(os.getpid())}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "climb.systems.processor", env=environment, start_new_session=True
    )
    try:
        await _ready(process, settings.port)
        yield Running(settings, process)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.returncode is not None:
            raise NotStarted(f"the processor ended with exit code {process.returncode}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return  # it listens only once it is ready
        await asyncio.sleep(0.02)
    raise NotStarted(f"the processor was not ready within {_START_S:.0f} s")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()
