"""What a cache is asked: the seam below :class:`~climb.stack.cache.cache.Cache`, and the client behind it.

redis-py sends one command at a time over each of its connections. A burst of requests makes it open many at once, each with a
handshake of its own, and all of that counts against a timeout of some milliseconds: a healthy cache looked dead. So all tasks share
one connection here (``multiplexed``), which is also an order of magnitude cheaper when many ask at once.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol
from urllib.parse import unquote, urlsplit

from climb.stack.cache.multiplexed import ErrorAnswer, Multiplexed, NoAnswer
from climb.stack.secret import Secret

__all__ = ["CommandError", "Commands", "SharedConnection"]

_HOST = "127.0.0.1"


class CommandError(Exception):
    """There was no answer, or none in time; or it was an error: then the server has ``answered``."""

    def __init__(self, why: str, *, answered: bool = False) -> None:
        super().__init__(why)
        self.answered = answered


class Commands(Protocol):
    """A server that speaks the Redis protocol; each method raises CommandError for all that goes wrong, in a bounded time."""

    async def get(self, key: str) -> bytes | None:
        """The value, None if there is none."""

    async def set(self, key: str, value: bytes, ttl_ms: int) -> None:
        """Set the value for as long as that."""

    async def delete(self, *keys: str) -> None:
        """Remove the values."""

    async def ping(self) -> None:
        """Return if it answers."""

    async def close(self) -> None:
        """End the connection."""


class SharedConnection:
    """The commands of all tasks on one connection, which is made when somebody asks and there is none.

    Connecting and answering may take ``timeout_s`` each. ``address`` begins with redis://, or with rediss:// for TLS.
    """

    def __init__(self, address: Secret, *, timeout_s: float = 0.025) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._connection: Multiplexed | None = None
        self._connecting: asyncio.Task[Multiplexed] | None = None

    async def get(self, key: str) -> bytes | None:
        """The value, None if there is none."""
        value = await self.ask("GET", key)
        assert value is None or isinstance(value, bytes)  # or the server would have said WRONGTYPE
        return value

    async def set(self, key: str, value: bytes, ttl_ms: int) -> None:
        """Set the value for as long as that."""
        await self.ask("SET", key, value, "PX", ttl_ms)

    async def delete(self, *keys: str) -> None:
        """Remove the values."""
        await self.ask("DEL", *keys)

    async def ping(self) -> None:
        """Return if it answers."""
        await self.ask("PING")

    async def close(self) -> None:
        """End the connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._connection is not None:
            self._connection.close()

    async def ask(self, *words: str | bytes | int) -> object:
        """The answer to any command that does not change the connection itself."""
        try:
            connection = self._connection
            if connection is None or connection.closed:
                connection = await self._connected()
            return await connection.ask(words)
        except ErrorAnswer as error:
            raise CommandError(str(error), answered=True) from error
        except (NoAnswer, OSError, TimeoutError) as error:
            raise CommandError(f"{type(error).__name__} {error}".rstrip()) from error

    async def _connected(self) -> Multiplexed:
        """A connection; all who need one wait for the same."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._is_connected)
        return await asyncio.shield(self._connecting)

    def _is_connected(self, task: asyncio.Task[Multiplexed]) -> None:
        self._connecting = None
        if not task.cancelled() and task.exception() is None:
            self._connection = task.result()

    async def _connect(self) -> Multiplexed:
        parts = urlsplit(self._address.reveal())
        secure = ssl.create_default_context() if parts.scheme == "rediss" else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout_s):
            _, connection = await loop.create_connection(
                lambda: Multiplexed(self._timeout_s), parts.hostname or _HOST, parts.port or 6379, ssl=secure
            )
        try:
            if parts.password is not None:
                names = [unquote(parts.username)] if parts.username else []
                await connection.ask(("AUTH", *names, unquote(parts.password)))
            if number := parts.path.removeprefix("/"):
                await connection.ask(("SELECT", number))
        except ErrorAnswer as error:
            connection.close()
            raise NoAnswer(str(error)) from error
        except BaseException:
            connection.close()
            raise
        return connection
