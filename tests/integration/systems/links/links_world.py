"""Instances of the link shortener as processes, each with a road of its own to database and cache, and an issuer."""

import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec

from climb.stack.ports import held_port
from climb.stack.server import Kept
from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import SigningKey
from climb.stack.tokens.signing import signed

READY_S = 30


class Road:
    """A way to a server that can be cut, or made to carry nothing, for those who use it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = asyncio.Event()
        self._open.set()
        self._cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> int:
        """The port at which it begins."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End what is open, and refuse what comes."""
        self._cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def stop(self) -> None:
        """Carry nothing any more, in either direction."""
        self._open.clear()

    def heal(self) -> None:
        """All is as before."""
        self._cut = False
        self._open.set()

    async def end(self) -> None:
        """Close all."""
        self.cut()
        self.heal()
        if self._server is not None:
            self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            for one in (writer, far_writer):
                one.transport.abort()
                self._writers.discard(one)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()


class Instance:
    """One process."""

    def __init__(self, environment: dict[str, str], roads: dict[str, Road], log: Path, token: str) -> None:
        self.environment, self.database, self.cache = environment, roads["DATABASE_URL"], roads["CACHE_URL"]
        self.url = f"http://127.0.0.1:{environment['PORT']}"
        self.port = int(environment["PORT"])
        self.log = log
        self._token = token
        self.process = self._started()
        self.client = self.new_client()

    def new_client(self, **settings: object) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._token}"}
        return httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False, headers=headers, **settings)

    def _started(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "climb.systems.links"], env={**os.environ, **self.environment}, stderr=out
            )

    async def ready(self, status: int = 200) -> None:
        """Wait until it says so."""
        await self.until("/readyz", lambda answer: answer.status_code == status)

    async def until(self, path: str, holds, within_s: float = READY_S) -> httpx.Response:
        """The first answer of which that holds."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(httpx.TransportError):
                if holds(answer := await self.client.get(path)):
                    return answer
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < within_s, f"{answer.status_code} {answer.text} {self.log.read_text()}"
            await asyncio.sleep(0.01)

    async def make(self, code: str, url: str = "https://example.org/", **more: object) -> dict[str, object]:
        """A link."""
        answer = await self.client.post("/v1/links", json={"url": url, "code": code, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def follow(self, code: str) -> tuple[int, str]:
        """The status, and where it leads."""
        answer = await self.client.get(f"/{code}")
        return answer.status_code, answer.headers.get("location", "")

    async def clicks(self, code: str, at_least: int, within_s: float = 10) -> int:
        """The clicks of a link, when there are so many."""
        path = f"/v1/links/{code}/clicks"
        holds = lambda answer: answer.status_code == 200 and answer.json()["total"] >= at_least  # noqa: E731
        return (await self.until(path, holds, within_s)).json()["total"]

    @property
    def files(self) -> list[str]:
        """What is in its folder."""
        return sorted(path.name for path in Path(self.environment["DATA_DIR"]).iterdir())

    def kill(self) -> None:
        """As kill -9 does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    async def start_again(self) -> None:
        """The same one, with the same folder."""
        self.process = self._started()
        await self.ready()

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


class LinksWorld:
    """A database and a cache, an issuer, and instances on them."""

    def __init__(self, database: Kept, cache: Kept, folder: Path, stack: contextlib.AsyncExitStack) -> None:
        self.database, self.cache, self._folder, self._stack = database, cache, folder, stack
        self.key = SigningKey.new("key")
        self._number = 0

    async def begin(self) -> None:
        """Make the database and the issuer."""
        name = f"test_{secrets.token_hex(6)}"
        connection = await asyncpg.connect(self.database.address)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        self.database_url = re.sub("/postgres$", f"/{name}", self.database.address)
        keys = msgspec.json.encode({"keys": [self.key.jwk()]})

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(keys), keys))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        self._stack.callback(server.close)
        self.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def token(self, sub: str, *roles: str) -> str:
        """A good one."""
        now = int(time.time())
        claims = Claims(iss=self.issuer, sub=sub, aud=[self.issuer], iat=now, exp=now + 3600, roles=list(roles))
        return signed(claims, self.key)

    async def start(self, *, ready: bool = True, **environment: str) -> Instance:
        """An instance, with roads of its own."""
        self._number = number = self._number + 1
        given = {"DATABASE_URL": self.database_url, "CACHE_URL": self.cache.address}
        roads: dict[str, Road] = {}
        for name, address in given.items():
            roads[name] = Road(urlsplit(address).port)
            port = await roads[name].begin()
            self._stack.push_async_callback(roads[name].end)
            given[name] = re.sub(r":\d+/", f":{port}/", address)
        data = self._folder / f"data-{number}"
        data.mkdir()
        port = str(self._stack.enter_context(held_port()))
        given |= {"PORT": port, "DATA_DIR": str(data), "ISSUER": self.issuer, **environment}
        instance = Instance(given, roads, self._folder / f"log-{number}", self.token("anna"))
        self._stack.push_async_callback(instance.client.aclose)
        self._stack.callback(instance.kill)
        if ready:
            await instance.ready()
        return instance


@contextlib.asynccontextmanager
async def links_world(database: Kept, cache: Kept, folder: Path) -> AsyncIterator[LinksWorld]:
    """All of it, gone with the block."""
    async with contextlib.AsyncExitStack() as stack:
        world = LinksWorld(database, cache, folder, stack)
        await world.begin()
        yield world
