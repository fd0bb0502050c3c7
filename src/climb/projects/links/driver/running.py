"""The running service as checks use it: one instance or several, the issuer of its tokens, its database and its cache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from climb.projects.links.driver.instance import LinkInstance
from climb.projects.links.driver.issuer import Issuer
from climb.projects.links.driver.link import Link, LinkPage, link_in, read_as
from climb.projects.links.driver.urls import draw_url
from climb.projects.links.rules.moments import written

if TYPE_CHECKING:
    from climb.judge.dependencies import Cache, Database
    from climb.judge.drivers.http1 import Answer
    from climb.judge.drivers.json_http import Statuses
    from climb.judge.world import World

__all__ = ["OWNER", "Running"]

OWNER = "anna"  # whose token is used unless a check names somebody else
_NOT_GIVEN: Any = object()


class Running:
    """The service that was started. Where an instance is asked for by number, it is the first one unless another is named."""

    def __init__(
        self,
        world: World,
        instances: list[LinkInstance],
        issuer: Issuer,
        database: Database,
        cache: Cache,
        *,
        start_one: Callable[[dict[str, object]], Awaitable[LinkInstance]],
        patience_s: float,
    ) -> None:
        self.instances = instances
        self.issuer = issuer
        self.database = database
        self.cache = cache
        self.patience_s = patience_s
        self._world = world
        self._start_one = start_one
        self._codes = 0
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    def __repr__(self) -> str:
        return f"Running({self.instances!r})"

    def now(self) -> float:
        """Seconds since the check began."""
        return self._world.now()

    async def start_instance(self, **settings: object) -> LinkInstance:
        """One more instance on the same database and cache, with a folder of its own."""
        self.instances.append(await self._start_one(settings))
        return self.instances[-1]

    async def restart(self, instance: int = 0) -> None:
        """Ask an instance to stop, wait until it has, and start it again with the same folder."""
        one = self.instances[instance].instance
        await one.stop()
        await one.start()

    # --- talking ---

    def token(self, owner: str, roles: tuple[str, ...] = ()) -> str:
        """A good token of this owner; the same one each time."""
        if (owner, roles) not in self._tokens:
            self._tokens[owner, roles] = self.issuer.token(owner, roles)
        return self._tokens[owner, roles]

    async def ask(
        self,
        method: str,
        target: str,
        *,
        owner: str | None = OWNER,
        roles: tuple[str, ...] = (),
        token: str | None = None,
        instance: int = 0,
        status: Statuses = 200,
        **options: Any,
    ) -> Answer:
        """The answer to one request, with the token of ``owner`` (None: no token) or the one given.

        Fails the check for another status (None: any); ``options`` are those of ``JsonClient.ask``, such as ``json``, ``fields``, ``why``.
        Raises ConnectionLost or TimedOut.
        """
        options.setdefault("timeout_s", self.patience_s)
        given = token if token is not None else self.token(owner, roles) if owner is not None else None
        return await self.instances[instance].ask(method, target, token=given, status=status, **options)

    async def make(
        self,
        *,
        url: str | None = None,
        code: str | None = _NOT_GIVEN,
        expires_at: str | dt.datetime | None = _NOT_GIVEN,
        owner: str = OWNER,
        instance: int = 0,
    ) -> Link:
        """A new link; to a random target and with a drawn code unless they are given. With None for ``code`` the program chooses one."""
        body: dict[str, object] = {"url": draw_url(self._world.draw) if url is None else url}
        if (chosen := self._new_code() if code is _NOT_GIVEN else code) is not None:
            body["code"] = chosen
        if expires_at is not _NOT_GIVEN:
            body["expires_at"] = written(expires_at) if isinstance(expires_at, dt.datetime) else expires_at
        return link_in(await self.ask("POST", "/v1/links", owner=owner, instance=instance, json=body, status=201))

    async def read(self, code: str, *, owner: str = OWNER, instance: int = 0) -> Link:
        """A link as its owner sees it."""
        return link_in(await self.ask("GET", f"/v1/links/{code}", owner=owner, instance=instance))

    async def page(self, query: str = "", *, owner: str = OWNER, instance: int = 0) -> LinkPage:
        """A page of the owner's links; ``query`` is what stands behind the question mark."""
        target = f"/v1/links?{query}" if query else "/v1/links"
        answer = await self.ask("GET", target, owner=owner, instance=instance)
        return read_as(answer, LinkPage, '{"items": [links], "next": text or null}')

    async def follow(
        self, code: str, instance: int = 0, *, method: str = "GET", status: Statuses = None, **options: Any
    ) -> Answer:
        """The answer to whoever asks for a code, without a token; whatever it is, unless ``status`` demands one."""
        return await self.ask(method, f"/{code}", owner=None, instance=instance, status=status, **options)

    # --- inside ---

    def _new_code(self) -> str:
        """One that nobody has, and that is the same in each run from a seed, so that reports are."""
        self._codes += 1
        return f"{self._world.draw.word(3, 6)}-{self._codes}"
