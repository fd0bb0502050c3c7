"""Asking a service that is killed now and then: at the port of the day, once, and afterwards until something is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.life import ADDRESS

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.identity.driver import IdentityService, Running

__all__ = ["PAUSE_S", "Asking"]

PAUSE_S = 0.25
_TRIES = 40


class Asking:
    """Asks at the port that the program has in this life, each request once."""

    def __init__(self, identity: IdentityService, running: Running) -> None:
        self.running = running
        self._service = identity.service
        self._client: JsonClient | None = None

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        """The answer, whatever it is."""
        if self._client is None or self._client.address[1] != self.running.port:
            if self._client is not None:
                self._client.close()
            self._client = self._service.json_client((ADDRESS, self.running.port), port="PORT")
        return await self._client.ask(method, path, **{"status": None, "once": True, **given})

    async def told(self, *, method: str, path: str, told: set[int], **given: Any) -> Answer:
        """The answer, asked for again until it is one that tells something: afterwards nothing is killed any more."""
        for _ in range(_TRIES):
            answer = await self.ask(method, path, **given)
            if answer.status in told:
                return answer
            await asyncio.sleep(PAUSE_S)
        answer.blame(
            " or ".join(map(str, sorted(told))),
            f"{answer.line}   {answer.text[:160]}, for {_TRIES * PAUSE_S:g} s",
            "Nothing is killed any more, so the service works again.",
        )

    async def logs_in(self, email: str, password: str) -> Answer:
        """Whether somebody is let in."""
        body = {"email": email, "password": password}
        return await self.told(method="POST", path="/v1/sessions", json=body, told={200, 401})
