"""Real servers, one of each for a file, and the link shortener on them."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from climb.stack.postgres import postgres
from climb.stack.server import Kept
from climb.stack.valkey import valkey

sys.path.insert(0, str(Path(__file__).parent))  # the world, which is no test

from links_world import LinksWorld, links_world  # found by the line above


@pytest.fixture(scope="module")
def links_database() -> Iterator[Kept]:
    """A PostgreSQL."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def links_cache() -> Iterator[Kept]:
    """A Valkey."""
    with valkey() as server:
        yield server


@pytest.fixture
async def world(links_database: Kept, links_cache: Kept, tmp_path: Path) -> AsyncIterator[LinksWorld]:
    """A fresh database, an empty cache, an issuer."""
    with Redis.from_url(links_cache.address) as client:
        client.flushall()
    async with links_world(links_database, links_cache, tmp_path) as made:
        yield made
