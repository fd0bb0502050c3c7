"""The client of JSON services and the judge's own HTTP servers, talking to each other and to peers that behave badly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from climb.judge.choices import Choices
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.http1 import chunked
from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Comparison, Exchange
from climb.judge.expect import Failure
from climb.judge.world import World
from climb.judge.world.peer import Peer, Script
from climb.judge.world.server import Server
from climb.judge.world.web import Asked, Reply, web

Served = tuple[list[Asked], Server, JsonClient]
Serving = Callable[..., Awaitable[Served]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Surroundings that end with the test."""
    async with World(Choices("json")) as opened:
        yield opened


@pytest.fixture
async def serving(world: World) -> AsyncIterator[Serving]:
    """Makes servers that answer each request with {} and keep it, with a client each, which is closed at the end."""
    clients: list[JsonClient] = []

    async def served(script: Script | None = None) -> Served:
        found = await _served(world, script)
        clients.append(found[2])
        return found

    yield served
    for client in clients:
        client.close()


async def _served(world: World, script: Script | None) -> Served:
    seen: list[Asked] = []

    async def handler(asked: Asked) -> Reply | None:
        seen.append(asked)
        return None if asked.target == "/silence" else Reply(200, b"{}")

    server = await world.listener(script or web(handler), address="127.0.0.1")
    client = JsonClient((server.address, server.port), lambda peer: Recording(peer, world.now), world.now)
    return seen, server, client


async def test_a_connection_is_kept_for_each_client_address(serving: Serving) -> None:
    """Requests one after the other share it; another address has its own."""
    seen, server, client = await serving()
    for address in (None, None, "127.5.5.5", "127.5.5.5", None):
        await client.ask("GET", "/", from_address=address)

    assert len(seen) == 5
    assert server.seen.connections == 2


async def test_a_closed_client_keeps_nothing(serving: Serving) -> None:
    """The answer to a request that was under way still comes; then the server has no connection any more."""

    async def after_the_close(peer: Peer) -> None:
        await peer.read_request()
        client.close()
        await peer.send(ANSWER)
        await peer.read_request()

    _, server, client = await serving(after_the_close)
    answer = await client.ask("GET", "/")

    assert answer.status == 200
    assert await server.drained(timeout_s=5)


async def test_bodies_have_their_types(serving: Serving) -> None:
    """JSON, a form, bytes in chunks; a POST without a body says that it has none."""
    seen, _, client = await serving()
    await client.ask("POST", "/", json={"a": "é"}, token="t")
    await client.ask("POST", "/", form={"a b": "c&d"}, basic=("id", "s:e"))
    await client.ask("POST", "/", body=chunked(b"{} ", [1, 1]), fields=[("Transfer-Encoding", "chunked")])
    await client.ask("POST", "/")

    assert [asked.body for asked in seen] == ['{"a":"é"}'.encode(), b"a+b=c%26d", b"{} ", b""]
    assert [asked.fields.get("content-type") for asked in seen[:2]] == [
        "application/json",
        "application/x-www-form-urlencoded",
    ]
    assert seen[0].fields["authorization"] == "Bearer t"
    assert seen[1].fields["authorization"] == "Basic aWQ6cyUzQWU="
    assert seen[3].fields["content-length"] == "0"


async def test_another_status_fails_with_the_reason_and_a_line(serving: Serving) -> None:
    """What was expected, what came, why, and how to try it by hand."""
    _, _, client = await serving()

    with pytest.raises(Failure) as raised:
        await client.ask("DELETE", "/x", status={201, 204}, why="because")

    comparison, exchange = raised.value.evidence
    assert isinstance(comparison, Comparison)
    assert isinstance(exchange, Exchange)
    assert (comparison.expected, comparison.received, comparison.why) == (
        "status 201 or 204",
        "status 200 OK   {}",
        "because",
    )
    assert exchange.by_hand == "curl -si -X DELETE http://127.0.0.1:$PORT/x"


async def test_a_connection_that_was_closed_meanwhile_is_no_failure(serving: Serving) -> None:
    """A service that ends each connection after its answer without a word: the request is sent again over a new one."""

    async def once(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(ANSWER)

    _, server, client = await serving(once)
    for _ in range(3):
        await client.ask("GET", "/")

    assert server.seen.connections == 3


async def test_a_cut_answer_is_not_asked_for_again(serving: Serving) -> None:
    """A byte of it has come, so the request was read; nobody knows what it has done."""

    async def half(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(ANSWER)
        await peer.read_request()
        await peer.send(ANSWER[:20])

    _, server, client = await serving(half)
    await client.ask("GET", "/")

    with pytest.raises(ConnectionLost):
        await client.ask("POST", "/")

    assert server.seen.connections == 1


async def test_bytes_behind_an_answer_are_blamed(serving: Serving) -> None:
    """Else they would be taken for the next answer."""

    async def talkative(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(ANSWER + b"and more")
        await peer.hold()

    _, _, client = await serving(talkative)
    await client.ask("GET", "/")

    with pytest.raises(Failure) as raised:
        await client.ask("GET", "/")

    assert isinstance(raised.value.evidence[0], Comparison)
    assert "behind" in str(raised.value.evidence[0])


async def test_silence_is_told(serving: Serving) -> None:
    """A handler without a reply leaves the client waiting."""
    _, _, client = await serving()

    with pytest.raises(TimedOut):
        await client.ask("GET", "/silence", timeout_s=0.1)


async def test_what_is_no_request_is_answered_with_400(serving: Serving) -> None:
    """And the server goes on."""
    _, _, client = await serving()

    answer = await client.ask("GE T", "/", status=None)

    assert answer.status == 400
    assert (await client.ask("GET", "/")).json() == {}
