"""A server with one file of random content, and questions about it over one connection."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["OneFile", "draw_content", "serve_one", "strong_tag"]

_STRONG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_SIZES = (10, 1, 100, 5_000, 70_000)
_FIRST, _LAST = 820_454_400, 1_735_689_600  # 1996 and 2025: long enough ago, and two digits tell the year
_SECOND_NS = 1_000_000_000
_FRACTIONS_NS = (0, 1, 500_000_000, _SECOND_NS - 1)


class OneFile:
    """The file, and a connection that goes on from question to question. ``modified`` is when it was changed last, in whole seconds."""

    def __init__(
        self, running: Running, conversation: Conversation, path: Path, content: bytes, modified_ns: int
    ) -> None:
        self.running = running
        self.path = path
        self.content = content
        self.modified_ns = modified_ns
        self._conversation = conversation

    @property
    def target(self) -> str:
        """Where it is served."""
        return f"/files/{self.path.name}"

    @property
    def modified(self) -> int:
        """Seconds since 1970: HTTP knows no smaller unit."""
        return self.modified_ns // _SECOND_NS

    def date_back(self, modified_ns: int) -> None:
        """Say that it was changed then, without changing it."""
        os.utime(self.path, ns=(modified_ns, modified_ns))
        self.modified_ns = modified_ns

    async def ask(self, *fields: tuple[str, str], method: str = "GET", target: str | None = None) -> Answer:
        """The answer to a request for it with these fields."""
        sent = self.running.request(method, target or self.target, fields)
        return await self._conversation.ask(sent, method=method, timeout_s=self.running.patience_s)

    async def demand(
        self, status: int, *fields: tuple[str, str], why: str, method: str = "GET", target: str | None = None
    ) -> Answer:
        """The same; fails the check if it has another status."""
        answer = await self.ask(*fields, method=method, target=target)
        if answer.status != status:
            given = " and ".join(f"{name}: {value}" for name, value in fields) or "nothing else"
            answer.blame(f"status {status} to {method} with {given}", answer.line, why)
        return answer

    async def plain(self) -> Answer:
        """The answer to a plain GET, which is 200."""
        return await self.demand(200, why="The file is there, and nothing else was asked.")

    async def tag(self) -> str:
        """Its ETag; fails the check if the answer has none, or none that is strong."""
        return strong_tag(await self.plain())


async def serve_one(
    server: HttpServer, world: World, *, at_least: int = 1, fractions_ns: tuple[int, ...] = _FRACTIONS_NS
) -> OneFile:
    """A server with one file, which was changed years ago, at some fraction of a second."""
    content = draw_content(world, at_least=at_least)
    running = await server.start()
    path = running.write(f"{world.draw.word()}.{world.draw.choice(('txt', 'bin', 'html', 'png'))}", content)
    seconds, fraction = world.draw.integer(_FIRST, _LAST), world.draw.choice(fractions_ns)
    modified_ns = seconds * _SECOND_NS + fraction
    os.utime(path, ns=(modified_ns, modified_ns))
    return OneFile(running, await running.converse("about the file"), path, content, modified_ns)


def draw_content(world: World, *, at_least: int = 1) -> bytes:
    """Random bytes."""
    size = max(world.draw.choice(_SIZES), at_least)
    return world.draw.source().randbytes(size + world.draw.integer(0, 9))


def strong_tag(answer: Answer) -> str:
    """The ETag of an answer; fails the check if it has none, or none that is strong."""
    tags = answer.values("etag")
    if len(tags) != 1 or not _STRONG.fullmatch(tags[0]):
        answer.blame(
            'one ETag that is strong: characters between quotation marks, such as "5f-3a1c"',
            ", ".join(tags) or "no ETag",
            "A client keeps the tag with its copy, and asks with it later whether the copy is still good (RFC 9110, 8.8.3). "
            "Only a strong tag may be used for parts of a file.",
        )
    return tags[0]
