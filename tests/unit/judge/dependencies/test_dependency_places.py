"""Addresses of dependencies, moved behind a proxy."""

import pytest

from climb.errors import SetupError
from climb.judge.dependencies.places import endpoint, moved

URL = "postgresql://someone:secret@db.example:5433/all?sslmode=disable"


def test_a_proxy_takes_the_place_of_the_server() -> None:
    """Host and port change, and nothing else."""
    assert moved(URL, at=("127.0.0.1", 7)) == "postgresql://someone:secret@127.0.0.1:7/all?sslmode=disable"


def test_another_user_and_database() -> None:
    """A role of its own and a database of its own, at the same server."""
    assert moved(URL, login=("me", "pw"), path="mine") == "postgresql://me:pw@db.example:5433/mine?sslmode=disable"


def test_no_user_at_all() -> None:
    """A cache's address without a password has no user part."""
    assert moved("redis://:secret@127.0.0.1:6379/0", login=("", "")) == "redis://127.0.0.1:6379/0"


@pytest.mark.parametrize(("url", "where"), [(URL, ("db.example", 5433)), ("redis://cache.example/3", ("cache.example", 6379))])  # fmt: skip
def test_where_a_server_listens(url: str, where: tuple[str, int]) -> None:
    """The port is the usual one if none is named."""
    assert endpoint(url, origin="X", default_port=6379) == where


@pytest.mark.parametrize(
    "url", ["redis://host:none/0", "redis:///0", "rediss://host/0", "postgresql://h/a?sslmode=verify-full"]
)
def test_no_proxy_can_stand_before_it(url: str) -> None:
    """What can't be read, names no host, or checks the server's name is the judge's trouble, and names the variable."""
    with pytest.raises(SetupError, match="CACHE_URL"):
        endpoint(url, origin="CACHE_URL", default_port=6379)
