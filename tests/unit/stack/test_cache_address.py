"""Addresses of caches that others name: read in all their forms, and refused with what is wrong."""

import pytest

from climb.stack.addresses import cache_address
from climb.stack.errors import StackError


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1"),
        ("redis://127.0.0.1:6380/3", "redis://127.0.0.1:6380/3"),
        ("valkey://cache.example:6379", "redis://cache.example:6379"),
        ("valkey://:p%40ss@cache.example/0", "redis://:p%40ss@cache.example/0"),
        ("rediss://user:word@cache.example:6380/0", "rediss://user:word@cache.example:6380/0"),
        ("valkeys://user:word@cache.example", "rediss://user:word@cache.example"),
        ("valkeys://[::1]:7000/0?ssl_ca_certs=/etc/ca.pem", "rediss://[::1]:7000/0?ssl_ca_certs=/etc/ca.pem"),
        (" redis://127.0.0.1/\n", "redis://127.0.0.1/"),
    ],
)
def test_an_address_of_either_server_is_read(given: str, read: str) -> None:
    """Both names of the scheme are taken, and TLS, users, passwords and databases stay as they are."""
    assert cache_address(given, origin="CACHE_URL") == read


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("http://127.0.0.1", r"it begins with http://; known are redis://, rediss://, valkey://, valkeys://"),
        ("127.0.0.1:6379", "it has no scheme"),
        ("redis://", "it names no host"),
        ("redis://:word@:6379", "it names no host"),
        ("redis://127.0.0.1:70000", "its host or its port can't be read"),
        ("redis://127.0.0.1:six", "its host or its port can't be read"),
        ("redis://[::1", "its host or its port can't be read"),
        ("redis://127.0.0.1:0", "no server listens on port 0"),
        ("redis://127.0.0.1/users", "must be the number of a database, such as /0"),
        ("redis://127.0.0.1/١", "must be the number of a database, such as /0"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(given: str, why: str) -> None:
    """The error names the variable and what is wrong with it."""
    with pytest.raises(StackError, match=f"^CACHE_URL is not the address of a cache: .*{why}"):
        cache_address(given, origin="CACHE_URL")
