"""A world with real servers, a service that stands on them, and proof that nothing of them is left."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from climb.judge.choices import Choices
from climb.judge.dependencies import Cache, Database
from climb.judge.dependencies.servers import end_all
from climb.judge.drivers.http1 import Answer
from climb.judge.drivers.instance import Instance
from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.service import Service, healthy
from climb.judge.history import Recorder
from climb.judge.world import World
from climb.stack.leftovers import descendants

KEEPING = Path(__file__).parents[1] / "services" / "keeping.py"


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    """The servers of this process end with each file of tests; no process of theirs lives afterwards."""
    yield
    end_all()
    assert [line for pid in descendants(os.getpid()) if "climb.stack.keeper" in (line := command_line(pid))] == []


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address of the environment replaces the servers."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("CACHE_URL", raising=False)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world of its own for each test."""
    async with World(Choices("41c2")) as opened:
        yield opened
    assert opened.mishaps == []


class Kept:
    """A running service that keeps texts, with what it stands on and a client."""

    def __init__(self, service: Service, instance: Instance, database: Database, cache: Cache) -> None:
        self.service = service
        self.instance = instance
        self.database = database
        self.cache = cache
        self.recorder = Recorder(service.now)
        self._client: JsonClient | None = None
        instance.follow("PORT", self._moved)

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def _moved(self, port: int) -> None:
        if self._client is not None:
            self._client.close()
        self._client = JsonClient(("127.0.0.1", port), self.service.record, self.service.now)

    def asking(self, method: str, target: str, body: bytes | None = None) -> Callable[[], Awaitable[Answer]]:
        """A request that is sent once, whatever comes back."""

        async def ask() -> Answer:
            assert self._client is not None
            return await self._client.ask(method, target, body=body, status=None, once=True)

        return ask


Keeping = Callable[..., contextlib.AbstractAsyncContextManager[Kept]]


@pytest.fixture
def keeping(world: World, tmp_path: Path) -> Keeping:
    """Starts the service with a fresh database and cache; it does ``wrong``, if anything."""

    @contextlib.asynccontextmanager
    async def start(wrong: str = "", *, alone: bool = True) -> AsyncIterator[Kept]:
        async with Service([sys.executable, "-B", str(KEEPING)], tmp_path, world) as service:
            database, cache = await world.database(alone=alone), await world.cache()
            env = {"DATABASE_URL": database.url, "CACHE_URL": cache.url, "WRONG": wrong}
            instance = await service.start(env, ports=("PORT",), ready=healthy("PORT", "/readyz"))
            kept = Kept(service, instance, database, cache)
            try:
                yield kept
            finally:
                kept.close()

    return start


def command_line(pid: int) -> str:
    """What a process was started with; empty if it has gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    return ""
