import asyncio
import socket
import struct
import sys
import time

import pytest

from climb.judge.world import Peer
from climb.judge.world.scripts import close_at_once, hold, say

FOUR_AT_A_TIME = """
import ast, socket, sys
addresses = ast.literal_eval(sys.argv[1])
sockets = []
for number in range(1500):
    if len(sockets) == 4:
        sockets.pop(0).close()
    sockets.append(socket.create_connection(addresses[number % len(addresses)]))
print("four are open", flush=True)
sys.stdin.read()
"""


async def test_connections_open_at_once_are_counted_exactly(world, connect) -> None:
    """Seven open, four of them close, two more open: nine in total, seven at once, five now."""
    server = await world.listener(hold())
    clients = [connect(server) for _ in range(7)]
    assert server.seen.at_once == 7
    for client in clients[:4]:
        client.close()
    for _ in range(2):
        connect(server)

    seen = server.seen
    assert (seen.connections, seen.at_once, seen.open_now) == (9, 7, 5)


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
async def test_close_then_open_is_one_at_a_time(world, reset: bool) -> None:
    """A client that closes before it opens again never counts as two, though the judge learns of both together."""
    server = await world.listener(hold())
    for number in range(300):
        client = socket.create_connection((server.address, server.port))
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if number % 3 == 0:
            await asyncio.sleep(0)  # sometimes the world sees it open, sometimes it finds it over
        client.close()

    assert server.seen.connections == 300
    assert server.seen.at_once == 1


async def test_close_then_open_elsewhere_is_one_at_a_time(world) -> None:
    """The same holds across all servers of a world, whichever of them is looked at first."""
    servers = [await world.listener(hold()) for _ in range(5)]
    for number in range(200):
        client = socket.create_connection((servers[number % 5].address, servers[number % 5].port))
        if number % 7 == 0:
            await asyncio.sleep(0)
        client.close()

    assert world.seen.connections == 200
    assert world.seen.at_once == 1


async def test_servers_together_see_more_than_each_alone(world, connect) -> None:
    """The bound on connections at once is for a program's connections to all servers."""
    one, other = await world.listener(hold()), await world.listener(hold())
    for server in (one, other, one):
        connect(server)

    assert (one.seen.at_once, other.seen.at_once, world.seen.at_once) == (2, 1, 3)


async def test_a_busy_program_is_never_overcounted(world) -> None:
    """A process that keeps four sockets, closing one before it opens the next, shows at most four."""
    servers = [await world.listener(hold()) for _ in range(3)]
    addresses = [(server.address, server.port) for server in servers]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOUR_AT_A_TIME, repr(addresses), stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"four are open\n"
    seen = world.seen
    process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert seen.connections == 1500
    assert seen.at_once == 4


async def test_the_kernel_says_when_a_connection_began(world, connect) -> None:
    """A judge that comes 300 ms late to accept does not make two seconds one."""
    server = await world.listener(hold())
    before = time.monotonic()
    connect(server)
    time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to be late

    (visit,) = server.seen.visits
    assert abs(visit.began - before) < 0.03


async def test_the_kernel_says_when_a_connection_ended(world, connect) -> None:
    """Nor does a late judge make a life longer."""
    server = await world.listener(hold())
    client = connect(server)
    assert server.seen.open_now == 1
    client.close()
    time.sleep(0.3)  # noqa: ASYNC251 - the event loop is to be late

    assert server.seen.lives_s[0] < 0.05


async def test_connections_per_second_are_those_of_the_densest_second(world, connect) -> None:
    """Five at once and one more after a second make five."""
    server = await world.listener(hold())
    for _ in range(5):
        connect(server)
    await asyncio.sleep(1.05)
    connect(server)

    assert server.seen.per_second == 5


async def test_drained_waits_for_the_last_one(world, connect) -> None:
    """It is false while a connection is open, and true once the client closed it."""
    server = await world.listener(hold())
    client = connect(server)

    assert not await server.drained(0.05)
    client.close()
    assert await server.drained(5)
    assert await world.drained(5)


async def test_a_server_that_has_closed_still_sees_how_long_the_client_held_on(world, connect) -> None:
    """A script that returns sends FIN; the life ends with the client's."""

    async def answer(peer: Peer) -> None:
        await peer.send(b"bye")

    server = await world.listener(answer)
    client = connect(server)
    assert await asyncio.to_thread(client.recv, 10) == b"bye"
    assert await asyncio.to_thread(client.recv, 10) == b""
    await asyncio.sleep(0.2)
    assert server.seen.open_now == 1
    client.close()

    assert await server.drained(5)
    assert server.seen.lives_s[0] >= 0.19


async def test_a_connection_that_the_server_closed_has_no_life(world, connect) -> None:
    """It is over, but not by the client's doing."""
    server = await world.listener(close_at_once())
    connect(server)

    assert await server.drained(5)
    assert server.seen.connections == 1
    assert server.seen.lives_s == []


async def test_bytes_and_first_bytes_are_kept(world, connect) -> None:
    """What the client sent and what it was sent is counted; its first bytes are kept."""
    server = await world.listener(say(b"220 ready\r\n"))
    client = connect(server)
    client.sendall(b"HELO x\r\n")
    assert await asyncio.to_thread(client.recv, 100) == b"220 ready\r\n"
    client.close()

    assert await server.drained(5)
    seen = server.seen
    assert (seen.received, seen.sent, seen.requests) == (8, 11, [b"HELO x\r\n"])
