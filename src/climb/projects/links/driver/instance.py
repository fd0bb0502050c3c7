"""One running instance of the service, and the clients that talk to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.life import ADDRESS

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.drivers.service import Instance, Service
    from climb.judge.world.proxy import Proxy

__all__ = ["LinkInstance"]


class LinkInstance:
    """An instance with its own folder; with roads of its own to database and cache if it was started so, else they are None."""

    def __init__(
        self,
        service: Service,
        instance: Instance,
        data_dir: Path,
        *,
        database_road: Proxy | None = None,
        cache_road: Proxy | None = None,
    ) -> None:
        self.instance = instance
        self.data_dir = data_dir
        self.database_road = database_road
        self.cache_road = cache_road
        self._service = service
        self._client: JsonClient | None = None
        instance.follow("PORT", self._moved)

    def __repr__(self) -> str:
        return f"LinkInstance({self.instance!r})"

    @property
    def port(self) -> int:
        """Where it listens now."""
        return self.instance.ports["PORT"]

    @property
    def client(self) -> JsonClient:
        """The client whose connections to it are kept."""
        assert self._client is not None
        return self._client

    @property
    def public_url(self) -> str:
        """What its short links begin with."""
        return self.instance.env.get("PUBLIC_URL", f"http://{ADDRESS}:{self.port}")

    async def ask(self, method: str, target: str, **options: Any) -> Answer:
        """As ``JsonClient.ask``."""
        return await self.client.ask(method, target, **options)

    def _moved(self, port: int) -> None:
        """It was started, or started again: on another port."""
        if self._client is not None:
            self._client.close()
        self._client = self._service.json_client((ADDRESS, port), port="PORT")
