"""The identity service as a process, started as others start it, with a database of its own and a mailbox."""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import asyncpg
import httpx

from climb.stack.ports import held_port
from climb.stack.server import Kept

READY_S = 30
ADMIN = ("root@example.org", "correct horse battery")


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


class Mailbox:
    """Takes messages; its ``status`` is what it answers."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.status = 204
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/messages"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                box.messages.append(body)
                self.send_response(box.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        return Handler

    async def message(self, to: str, kind: str, *, after: int = 0, within_s: float = 10) -> dict[str, str]:
        """The first message of that kind to that address, behind so many others of them."""
        end = time.monotonic() + within_s
        while True:
            found = [one for one in self.messages if (one["to"], one["kind"]) == (to, kind)]
            if len(found) > after:
                return found[after]
            assert time.monotonic() < end, f"no message {kind} to {to}; there are {self.messages}"
            await asyncio.sleep(0.01)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Service:
    """A running instance, and what one does with it."""

    def __init__(self, environment: dict[str, str], mail: Mailbox, log: Path) -> None:
        self.mail = mail
        self.database_url = environment["DATABASE_URL"]
        self.port = int(environment["PORT"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "climb.systems.identity"], env={**os.environ, **environment}, stderr=out
            )

    def client(self, address: str = "127.0.0.1", **settings: object) -> httpx.AsyncClient:
        """A client with that address."""
        transport = httpx.AsyncHTTPTransport(local_address=address, limits=httpx.Limits(max_connections=None))
        return httpx.AsyncClient(base_url=self.url, timeout=20, trust_env=False, transport=transport, **settings)

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

    async def rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """What the database has."""
        connection = await asyncpg.connect(self.database_url, server_settings={"search_path": "identity"})
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """End it at once if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


async def registered(service: Service, client: httpx.AsyncClient, password: str = "correct horse") -> str:
    """The address of somebody who has an account with that password."""
    email = f"{secrets.token_hex(4)}@example.org"
    answer = await client.post("/v1/registrations", json={"email": email, "password": password})
    assert answer.status_code == 202, answer.text
    token = (await service.mail.message(email, "confirm"))["token"]
    answer = await client.post("/v1/confirmations", json={"token": token})
    assert answer.status_code == 201, answer.text
    return email


async def logged_in(
    client: httpx.AsyncClient, email: str = ADMIN[0], password: str = "correct horse"
) -> dict[str, str]:
    """The tokens of that person; the admin has a password of its own."""
    password = ADMIN[1] if email == ADMIN[0] else password
    answer = await client.post("/v1/sessions", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    """The field that a request in somebody's name has."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@contextmanager
def services(database: Kept, folder: Path) -> Iterator[Callable[..., Service]]:
    """Starts instances on one fresh database with one mailbox; all of them have ended with the block."""
    url = new_database(database)
    with ExitStack() as stack:
        mail = Mailbox()
        stack.callback(mail.close)
        numbers = count()

        def start(**environment: str) -> Service:
            port = environment.get("PORT") or str(stack.enter_context(held_port()))
            given = {"PORT": port, "DATABASE_URL": url, "MAIL_URL": mail.url, "ISSUER": "http://identity.test"}
            admin = {"ADMIN_EMAIL": ADMIN[0], "ADMIN_PASSWORD": ADMIN[1]}
            service = Service({**given, **admin, **environment}, mail, folder / f"log-{next(numbers)}")
            stack.callback(service.kill)
            return service

        yield start
