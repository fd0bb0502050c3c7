"""What the tests of running systems share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the clients, which are no tests

from processor_clients import Service  # found by the line above


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts the processor as its users do; what is left of it at the end is killed."""
    data = tmp_path / "data"
    data.mkdir()
    started: list[Service] = []

    def start(*, ready: bool = True, **settings: object) -> Service:
        service = Service(data, {name.upper(): str(value) for name, value in settings.items()})
        started.append(service)
        if ready:
            service.wait_until_ready()
        return service

    yield start

    for service in started:
        service.kill()
