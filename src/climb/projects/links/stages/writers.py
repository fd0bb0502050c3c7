"""Owners who make, change and delete links, and people who follow them, while things are killed: what they were told is kept in an audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from climb.judge.expect import fail

if TYPE_CHECKING:
    from climb.judge.audit import Audit
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.links.driver import Running

__all__ = ["Followers", "Owner"]

_ANSWER_S = 4.0  # twice what an answer may take


class Owner:
    """One owner; does one thing at a time, each link with a code and targets that nobody else uses."""

    def __init__(self, running: Running, audit: Audit, world: World, name: str, word: str) -> None:
        self.codes: list[str] = []
        self._running = running
        self._audit = audit
        self._name = name
        self._stem = f"{word}-{name[-2:]}"
        self._rng = world.draw.source()
        self._targets = 0

    async def writes(self, number: int) -> None:
        """Make a link, and perhaps change or delete it."""
        code = f"{self._stem}-{number}"
        self.codes.append(code)
        url = self._target()
        if not await self._write("POST", "/v1/links", code, url, 201, {"code": code, "url": url}):
            return
        kind = self._rng.random()
        if kind < 0.3:
            url = self._target()
            await self._write("PATCH", f"/v1/links/{code}", code, url, 200, {"url": url})
        elif kind < 0.55:
            await self._write("DELETE", f"/v1/links/{code}", code, None, 204, None)

    async def made(self, number: int) -> tuple[str, str]:
        """A link, where nothing is killed: its code and its target."""
        url = self._target()
        return (await self._running.make(url=url, code=f"{self._stem}-{number}", owner=self._name)).code, url

    async def changed(self, code: str) -> str:
        """It leads elsewhere: where."""
        url = self._target()
        await self._running.ask("PATCH", f"/v1/links/{code}", owner=self._name, json={"url": url})
        return url

    async def demand_held(self, url: str, when: str) -> None:
        """Some value in the database has this target, or what comes behind its host where that is a column of its own."""
        if not await self._running.database.holding(url, url.removeprefix("https://example.org/")):
            fail(
                f"where the database has {url}, right after {when}",
                expected="in a row of a table",
                received="nowhere",
                why="What was answered with 2xx is in the database. What is only in the cache or in memory is gone with it.",
            )

    async def shown(self, code: str) -> str | None:
        """Where /v1 says that it leads; None if it is not there."""
        answer = await self._running.ask("GET", f"/v1/links/{code}", owner=self._name, status={200, 404})
        return str(answer.json()["url"]) if answer.status == 200 else None

    async def followed(self, code: str) -> str | None:
        """Where it leads who follows it; None if it is not, or no more."""
        answer = await self._running.follow(code, status={302, 404, 410})
        return answer.headers.get("location") if answer.status == 302 else None

    async def _write(
        self, method: str, target: str, code: str, state: str | None, ok: int, body: dict[str, str] | None
    ) -> bool:
        ask = partial(self._running.ask, method, target, owner=self._name, status=None, once=True, timeout_s=_ANSWER_S)
        request: Callable[[], Awaitable[Answer]] = ask if body is None else partial(ask, json=body)
        answer = await self._audit.write(
            self._name, f"{method} {target}", key=code, state=state, request=request, ok={ok}
        )
        return answer is not None and answer.status == ok

    def _target(self) -> str:
        self._targets += 1
        return f"https://example.org/{self._stem}/{self._targets}/"


class Followers:
    """People who follow links, one for each link."""

    def __init__(self, running: Running, audit: Audit, codes: list[str]) -> None:
        self._running = running
        self._audit = audit
        self._codes = codes
        self._seen: Counter[str] = Counter()

    def of(self, code: str) -> Callable[[int], Awaitable[None]]:
        """Who follows this one."""

        async def follow(number: int) -> None:
            del number
            request = partial(self._running.follow, code, once=True, timeout_s=_ANSWER_S)
            answer = await self._audit.count(f"who follows {code}", "GET", key=code, request=request, ok={302})
            if answer is not None and answer.status == 302:
                self._seen[code] += 1

        return follow

    def seen(self, code: str) -> int:
        """How many answers with 302 came."""
        return self._seen[code]
