"""The notes service as a process, started as others start it, and databases of its own."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import httpx
from redis import Redis

from climb.stack.ports import held_port
from climb.stack.server import Kept

HERE = Path(__file__).parent
READY_S = 30


def new_database(server: Kept) -> str:
    """The address of an empty database of its own."""
    name = f"test_{secrets.token_hex(6)}"

    async def create() -> None:
        connection = await asyncpg.connect(server.address)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    with asyncio.Runner() as runner:
        runner.run(create())
    return re.sub("/postgres$", f"/{name}", server.address)


class Service:
    """A running notes service."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.database_url = environment["DATABASE_URL"]
        self.port = int(environment["PORT"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "__main__.py")], env={**os.environ, **environment}, stderr=out
            )

    def client(self, **settings: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False, **settings)

    async def wait_for(self, path: str = "/readyz", status: int = 200, within_s: float = READY_S) -> float:
        """Until it answers so; the seconds that took."""
        began = time.monotonic()
        async with self.client() as client:
            while True:
                try:
                    if (await client.get(path)).status_code == status:
                        return time.monotonic() - began
                except httpx.TransportError:
                    pass
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() - began < within_s, self.log.read_text()
                await asyncio.sleep(0.02)

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """End it if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def services(database: Kept, cache: Kept, folder: Path) -> Iterator[Callable[..., Service]]:
    """Starts notes services on one fresh database and an empty cache; all of them have ended with the block."""
    url = new_database(database)
    with Redis.from_url(cache.address) as client:
        client.flushall()
    with ExitStack() as stack:
        numbers = count()

        def start(**environment: str) -> Service:
            port = str(stack.enter_context(held_port()))
            given = {"PORT": port, "DATABASE_URL": url, "CACHE_URL": cache.address}
            service = Service({**given, **environment}, folder / f"log-{next(numbers)}")
            stack.callback(service.kill)
            return service

        yield start
