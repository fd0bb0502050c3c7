"""Starts the learner's program, with all that it needs: a database, a cache, an issuer of tokens, and a folder."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.readiness import healthy
from climb.judge.drivers.refusal import refusal
from climb.judge.drivers.service import Service
from climb.projects.links.driver.instance import LinkInstance
from climb.projects.links.driver.issuer import Issuer
from climb.projects.links.driver.running import Running
from climb.projects.links.driver.settings import environment

if TYPE_CHECKING:
    from climb.judge.dependencies import Cache, Database
    from climb.judge.world.proxy import Proxy

__all__ = ["LinksService", "by_way_of"]

_LEAST_S = 8.0
_PLAIN_STARTS = 300  # an answer may take so many times as long as any process takes to start here and now


class LinksService:
    """What a check gets: ``await links.start()``."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.world = service.world
        self._spare: tuple[Database, Cache] | None = None
        self._asking = asyncio.Lock()

    async def start(
        self,
        *,
        database: Database | None = None,
        cache: Cache | None = None,
        issuer: Issuer | None = None,
        instances: int = 1,
        roads: bool = False,
        ready: bool = True,
        **settings: object,
    ) -> Running:
        """Start it, in so many instances, and wait until they are ready; it ends with the check.

        Database, cache and issuer are new ones unless they are given. With ``roads`` each instance goes to database and cache through
        proxies of its own. ``settings`` are the contract's variables in lower case, such as ``stale_ms``.
        """
        database = database or await self.world.database()
        cache = cache or await self.world.cache()
        issuer = issuer or await Issuer.open(self.world)
        start_one = partial(self._start_one, database, cache, issuer, settings, roads, ready)
        started = [await start_one({}) for _ in range(instances)]
        patience_s = float(math.ceil(max(_LEAST_S, _PLAIN_STARTS * (await calibrate_start()).seconds)))
        return Running(self.world, started, issuer, database, cache, start_one=start_one, patience_s=patience_s)

    async def refuses(self, variable: str, value: object, *, rule: str) -> str:
        """What it writes to standard error with this variable wrong (None: missing) before it ends with exit code 2, as it must.

        ``rule`` is what the brief has for it.
        """
        database, cache = await self._unused()
        given: dict[str, object] = {
            "database_url": database.url,
            "cache_url": cache.url,
            "data_dir": self.service.folder("data"),
            "issuer": "http://127.0.0.1:9",
        }
        ports = () if variable == "PORT" else ("PORT",)
        env = environment(given if variable == "PORT" else given | {variable.lower(): value})
        if variable == "PORT":
            env["PORT"] = None if value is None else str(value)
        told = f"without {variable}" if value is None else f"with {variable}={value}"
        return await refusal(self.service, env, ports, saw=f"started {told}; the brief has for it: {rule}")

    async def _unused(self) -> tuple[Database, Cache]:
        """A database and a cache for programs that refuse to start; several may ask at once."""
        async with self._asking:
            if self._spare is None:
                self._spare = await self.world.database(), await self.world.cache()
            return self._spare

    async def _start_one(
        self,
        database: Database,
        cache: Cache,
        issuer: Issuer,
        settings: Mapping[str, object],
        roads: bool,
        ready: bool,
        more: Mapping[str, object],
    ) -> LinkInstance:
        data_dir = self.service.folder("data")
        database_road = await self._road(database) if roads else None
        cache_road = await self._road(cache) if roads else None
        given: dict[str, Any] = {
            "database_url": by_way_of(database_road, database.url),
            "cache_url": by_way_of(cache_road, cache.url),
            "data_dir": data_dir,
            "issuer": issuer.url,
        }
        instance = await self.service.start(
            environment({**given, **settings, **more}),
            ports=("PORT",),
            ready=healthy("PORT", "/readyz") if ready else None,
        )
        return LinkInstance(self.service, instance, data_dir, database_road=database_road, cache_road=cache_road)

    async def _road(self, part: Database | Cache) -> Proxy:
        """A proxy before the one that all instances share."""
        return await self.world.proxy(part.proxy.port)


def by_way_of(road: Proxy | None, url: str) -> str:
    """The same address through this proxy."""
    if road is None:
        return url
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{road.host}:{road.port}"))
