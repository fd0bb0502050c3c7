"""Where a folder is shared, and by which names."""

from __future__ import annotations

import pytest

from climb.systems.http.accepting import bound
from climb.systems.http.head import read_head
from climb.systems.http.named import only_named
from climb.systems.http.resource import IGNORED, Request, Resource
from climb.systems.http.sharing import addresses


def test_where_a_socket_can_be_reached() -> None:
    """Of one that is open to everybody the address on this machine comes first."""
    with bound("127.0.0.1", 0) as ours, bound("0.0.0.0", 0) as everybodys:  # neither listens
        assert addresses(ours) == [f"http://127.0.0.1:{ours.getsockname()[1]}/"]
        assert addresses(everybodys)[0] == f"http://127.0.0.1:{everybodys.getsockname()[1]}/"
        assert len(addresses(everybodys)) <= 2


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        (b"localhost", True), (b"LOCALHOST:80", True), (b"a.localhost.:1", True), (b"127.0.0.1:8000", True), (b"127.1.2.3", True),
        (b"[::1]:8000", True), (b"here.example:1", True), (b"", False), (b"evil.example", False), (b"localhost.evil.example", False),
        (b"127.0.0.1.evil.example", False), (b"notlocalhost", False), (b"192.168.0.1", False), (b"[::2]", False), (b"[::ffff:127.0.0.1]", True),
    ],
)  # fmt: skip
def test_names_of_this_machine(host: bytes, ours: bool) -> None:
    """Loopback's addresses, localhost, and what was allowed; at any port, which may be a tunnel's; all else is refused."""
    resource = Resource(methods=("GET",), answer=lambda _: None)
    find = only_named(lambda _: resource, ["Here.example"])
    asked = read_head(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    found = find(asked)

    assert found is not None
    assert (found is resource) == ours
    if not ours:
        answer = found.answer(Request(asked, IGNORED, []))
        assert answer is not None
        assert answer.status == 421
