"""Where the service posts its messages to people: a server of the judge that keeps them, and can be slow, silent, refusing or gone."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from climb.judge.expect import fail
from climb.judge.world.web import Asked, Reply, web

if TYPE_CHECKING:
    from climb.judge.world import World
    from climb.judge.world.server import Server

__all__ = ["Mailbox", "Message"]

_PATIENCE_S = 20.0  # for a message at all; how soon it has to come is a claim of its own
_SHOWN = 6
_WHY = "Whoever owns an address is told by a message, and by nothing else."


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it came; ``at`` is in seconds since the check began, ``taken`` whether it was answered with 2xx."""

    to: str
    kind: str
    token: str | None = None
    at: float = 0.0
    taken: bool = True

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}, {'with' if self.token is not None else 'without'} a token, after {self.at:.2f} s"


class Mailbox:
    """Takes messages: each is answered with 204, as soon as it is here, until a check says otherwise."""

    def __init__(self, world: World) -> None:
        self.messages: list[Message] = []
        self.strange: list[str] = []  # what came and was no message, in words
        self._world = world
        self._path = f"/{world.draw.word(6, 10)}"
        self._pause_s = 0.0
        self._status: int | None = 204  # None: no answer
        self._server: Server | None = None
        self._place: tuple[str, int] = ("", 0)
        self._given: set[int] = set()  # which messages were handed out
        self._came = asyncio.Event()

    def __repr__(self) -> str:
        return f"Mailbox({len(self.messages)} messages)"

    async def open(self) -> Mailbox:
        """Listen on a random address and port."""
        self._server = await self._world.listener(web(self._take))
        self._place = (self._server.address, self._server.port)
        return self

    @property
    def url(self) -> str:
        """What MAIL_URL is."""
        return f"http://{self._place[0]}:{self._place[1]}{self._path}"

    # --- what came ---

    async def message(self, to: str, kind: str, within_s: float = _PATIENCE_S, *, why: str = _WHY) -> Message:
        """The first message of this kind to this address that no earlier call had; fails the check if none comes in time."""
        deadline = time.monotonic() + within_s
        while (found := self._next(to, kind)) is None:
            self._came.clear()
            left = deadline - time.monotonic()
            if left <= 0:
                self._missing(to, kind, within_s, why)
            try:
                async with asyncio.timeout(left):
                    await self._came.wait()
            except TimeoutError:
                continue
        self._given.add(found)
        return self.messages[found]

    def all(self, to: str, kind: str | None = None) -> list[Message]:
        """All messages to this address so far, handed out or not."""
        return [each for each in self.messages if each.to == to and kind in (None, each.kind)]

    # --- how it behaves ---

    def works(self) -> None:
        """Take messages again, at once."""
        self._pause_s, self._status = 0.0, 204

    def slow(self, seconds: float) -> None:
        """Take messages, and answer each after this time."""
        self._pause_s, self._status = seconds, 204

    def refuses(self, status: int = 503) -> None:
        """Answer each message with this status; it still counts as come."""
        self._pause_s, self._status = 0.0, status

    def silent(self) -> None:
        """Take the bytes of messages, and never answer."""
        self._status = None

    async def gone(self) -> None:
        """Refuse connections, and cut those that are open."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def back(self) -> None:
        """Listen again, at the same address and port."""
        self.works()
        if self._server is None:
            self._server = await self._world.listener(web(self._take), address=self._place[0], port=self._place[1])

    # --- inside ---

    async def _take(self, asked: Asked) -> Reply | None:
        here = asked.method == "POST" and asked.target == self._path
        status = self._status if here else 404
        message = _read(asked) if here else f"{asked.method} {asked.target}"
        if isinstance(message, str):
            self.strange.append(message)
        else:
            taken = status is not None and 200 <= status < 300
            self.messages.append(msgspec.structs.replace(message, at=self._world.now(), taken=taken))
        self._came.set()
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        return None if status is None else Reply(status)

    def _next(self, to: str, kind: str) -> int | None:
        for number, each in enumerate(self.messages):
            if number not in self._given and each.to == to and each.kind == kind:
                return number
        return None

    def _missing(self, to: str, kind: str, within_s: float, why: str) -> None:
        came = [*map(str, self.messages), *(f"no message: {each}" for each in self.strange)]
        fail(
            f"a message {kind} to {to}",
            expected=f"one, posted to MAIL_URL within {within_s:g} s",
            received="none",
            why=why,
            saw="; ".join(came[-_SHOWN:]) if came else "nothing came to MAIL_URL",
        )


def _read(asked: Asked) -> Message | str:
    """The message, or in words why it is none."""
    kind = asked.fields.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return f"a body of the type {kind!r}, and messages are application/json"
    try:
        return msgspec.json.decode(asked.body, type=Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"{asked.body[:200]!r} ({error})"
