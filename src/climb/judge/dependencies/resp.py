"""A few lines of the Redis protocol (RESP2), so that the judge knows to the last one which commands of a cache were its own.

A client library introduces itself, pings and reconnects as it likes; this one says what it is asked to say.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Self, TypeAlias
from urllib.parse import unquote, urlsplit

from climb.errors import SetupError

__all__ = ["Refused", "Reply", "Teller", "commands_of", "encoded", "read_reply"]

Reply: TypeAlias = "int | bytes | list[Reply] | None"

_WITHIN_S = 10.0
_WITH_PARTS = {"acl", "client", "command", "config", "memory", "object"}  # counted together with their second word


class Refused(ValueError):
    """The server refused a command; its words."""


class Teller:
    """A connection for a block; each command that it sends is counted in ``sent``. Raises SetupError if that fails."""

    def __init__(self, address: str, sent: Counter[str]) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 6379
        self._login = [unquote(word) for word in (parts.username, parts.password) if word]
        self._number = parts.path.strip("/") or "0"
        self._sent = sent
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(_WITHIN_S):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            raise SetupError(f"the judge can't ask the cache: {error or 'no answer'}") from error
        try:
            if self._login:
                await self.ask("AUTH", *self._login)
            if self._number != "0":
                await self.ask("SELECT", self._number)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    async def ask(self, *words: str | bytes) -> Reply:
        """What the server says. Raises Refused if it refuses."""
        assert self._writer is not None
        self._sent[_name(words)] += 1
        self._writer.write(encoded(words))
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await read_reply(self._reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise SetupError(f"the judge can't ask the cache: {error or 'no answer'}") from error


def encoded(words: tuple[str | bytes, ...]) -> bytes:
    """A command as it is sent."""
    pieces = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(pieces) + b"".join(b"$%d\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """The next reply. Raises Refused for an error, IncompleteReadError at the end of the connection."""
    line = (await reader.readuntil(b"\r\n"))[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return rest
    if kind == b"-":
        raise Refused(rest.decode(errors="replace"))
    if kind == b":":
        return int(rest)
    if rest == b"-1":
        return None
    if kind == b"$":
        return (await reader.readexactly(int(rest) + 2))[:-2]
    return [await read_reply(reader) for _ in range(int(rest))]


def commands_of(told: Reply) -> Counter[str]:
    """How often each command was run, from what INFO commandstats tells."""
    counted: Counter[str] = Counter()
    for line in bytes(told if isinstance(told, bytes) else b"").decode().splitlines():
        name, _, fields = line.partition(":")
        if name.startswith("cmdstat_"):
            calls = dict(field.split("=", 1) for field in fields.split(","))["calls"]
            counted[name.removeprefix("cmdstat_").lower()] += int(calls)
    return counted


def _name(words: tuple[str | bytes, ...]) -> str:
    first, *rest = (word.decode() if isinstance(word, bytes) else word for word in words[:2])
    first = first.lower()
    return f"{first}|{rest[0].lower()}" if first in _WITH_PARTS and rest else first
