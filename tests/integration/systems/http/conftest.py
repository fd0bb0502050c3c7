"""What the tests of the running HTTP server share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the clients, which are no tests

from http_server_clients import HttpService  # found by the line above


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., HttpService]]:
    """Starts the server as its users do, with a folder to serve; what is left of it at the end is killed."""
    root = tmp_path / "root"
    root.mkdir()
    started: list[HttpService] = []

    def start(*, ready: bool = True, descriptors: int | None = None, **settings: object) -> HttpService:
        service = HttpService(
            root, {name.upper(): str(value) for name, value in settings.items()}, descriptors=descriptors
        )
        started.append(service)
        if ready:
            service.wait_until_ready()
        return service

    yield start

    for service in started:
        service.kill()
