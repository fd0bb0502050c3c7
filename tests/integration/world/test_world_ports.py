import asyncio
import errno
import socket
from pathlib import Path

import pytest

from climb.errors import SetupError
from climb.judge.choices import Choices
from climb.judge.world import World
from climb.judge.world.attempts import Kernel
from climb.judge.world.scripts import hold

EPHEMERAL = tuple(map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()))


def answer(address: str, port: int) -> int:
    """The result of a plain connect: 0, or an error number."""
    with socket.socket() as client:
        client.settimeout(0.3)
        return client.connect_ex((address, port))


async def test_a_closed_port_refuses(world) -> None:
    """Nobody listens, and the kernel says so."""
    for port in world.closed(20):
        assert answer(world.host, port) == errno.ECONNREFUSED


async def test_a_closed_port_is_held(world) -> None:
    """Nobody else can listen there, not even with SO_REUSEADDR."""
    (port,) = world.closed(1)
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        with pytest.raises(OSError, match="in use"):
            thief.bind((world.host, port))


async def test_ports_near_a_server_refuse(world) -> None:
    """They surround the server's port, which is left out."""
    server = await world.listener(hold())

    ports = world.near(server.port, reach=2)
    assert ports == [server.port - 2, server.port - 1, server.port + 1, server.port + 2]
    assert {answer(world.host, port) for port in ports} == {errno.ECONNREFUSED}


async def test_a_port_near_that_somebody_holds_is_left_out(world) -> None:
    """Its answer would not be the world's to promise."""
    server = await world.listener(hold(), port=9000)
    await world.listener(hold(), port=9001)

    assert world.near(server.port, reach=1) == [8999]


async def test_a_silent_port_does_not_answer(world) -> None:
    """A plain connect times out; it is neither refused nor completed."""
    silent = await world.silent(3)

    answers = await asyncio.gather(*(asyncio.to_thread(answer, silent.address, port) for port in silent.ports))
    assert set(answers) == {errno.EAGAIN}


async def test_a_silent_port_stays_silent_through_many_attempts(world) -> None:
    """Clients that come and go do not make room in the queue."""
    silent = await world.silent(1)
    for _ in range(50):
        with socket.socket() as client:
            client.setblocking(False)
            client.connect_ex((silent.address, silent.ports[0]))

    assert await asyncio.to_thread(answer, silent.address, silent.ports[0]) == errno.EAGAIN


async def test_a_silent_port_can_be_woken(world) -> None:
    """From then on there is room for a connection, so a connect completes."""
    silent = await world.silent(1)
    silent.wake()

    assert answer(silent.address, silent.ports[0]) == 0


async def test_silent_ports_come_by_the_hundred(world) -> None:
    """Different ports, in ascending order, proved in a few seconds."""
    async with asyncio.timeout(20):
        silent = await world.silent(400)

    assert list(silent.ports) == sorted(set(silent.ports))
    assert len(silent.ports) == 400


async def test_attempts_are_seen_while_they_hang(world) -> None:
    """The watch sees who hangs where, how many at once, and how long at least."""
    silent = await world.silent(5)
    clients = [socket.socket() for _ in range(5)]
    async with silent.watch(every_s=0.01) as watch:
        for client, port in zip(clients, silent.ports, strict=True):
            client.setblocking(False)
            client.connect_ex((silent.address, port))
        await asyncio.sleep(0.25)
        for client in clients:
            client.close()
        await asyncio.sleep(0.03)

    assert watch.attempts_at_once == 5
    assert watch.seen_ports == set(silent.ports)
    assert 0.1 < watch.longest_s <= 0.26
    assert silent.sample() == []


async def test_attempts_elsewhere_are_not_seen(world) -> None:
    """Only the ports of this silent group count."""
    one, other = await world.silent(1), await world.silent(1)
    with socket.socket() as client:
        client.setblocking(False)
        client.connect_ex((other.address, other.ports[0]))

        assert one.sample() == []
        assert [attempt.port for attempt in other.sample()] == list(other.ports)


async def test_proc_tells_the_same_as_netlink(world) -> None:
    """Where netlink is forbidden, the listing in /proc serves."""
    silent = await world.silent(2)
    clients = [socket.socket() for _ in range(2)]
    for client, port in zip(clients, silent.ports, strict=True):
        client.setblocking(False)
        client.connect_ex((silent.address, port))
    by_netlink, by_proc = Kernel(silent.address, silent.ports), Kernel(silent.address, silent.ports)
    by_proc.close()
    pairs = [sorted((a.port, a.source_port) for a in kernel.attempts()) for kernel in (by_netlink, by_proc)]
    by_netlink.close()
    for client in clients:
        client.close()

    assert pairs[0] == pairs[1]
    assert len(pairs[0]) == 2


async def test_random_ports_stay_out_of_the_ephemeral_range(world) -> None:
    """A program's own outgoing connections can't sit on them."""
    low, high = EPHEMERAL
    if high - low > 55000:
        pytest.skip("nearly all ports are ephemeral on this machine")
    ports = [(await world.listener(hold())).port for _ in range(50)]

    assert not [port for port in ports if low <= port <= high]


async def test_a_drawn_port_that_is_taken_moves_up_by_one() -> None:
    """A replay with a busy port differs in that port alone."""
    async with World(Choices("any", forced=[])) as world:
        servers = [await world.listener(hold()) for _ in range(3)]

    first = servers[0].port
    assert [server.port for server in servers] == [first, first + 1, first + 2]


async def test_the_same_draws_give_the_same_world_again() -> None:
    """A replay listens where the run did, although that run's connections linger in the kernel."""
    places = []
    for _ in range(2):
        async with World(Choices("again")) as world:
            server = await world.listener()
            places.append((server.address, server.port, world.closed(2)))
            client = socket.create_connection((server.address, server.port))
            assert server.seen.connections == 1
        client.close()

    assert places[0] == places[1]


async def test_a_port_asked_for_by_number_that_is_taken_is_a_matter_of_setup(world) -> None:
    """The message names the port and how to find who has it."""
    await world.listener(hold(), port=8080)

    with pytest.raises(SetupError, match="8080") as caught:
        await world.listener(hold(), port=8080)
    assert "ss -ltnp" in str(caught.value.next_step)


async def test_servers_listen_on_ipv6(world) -> None:
    """::1 has servers, closed and silent ports too."""
    if not world.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    server = await world.listener(hold(), address="::1")
    (closed,) = world.closed(1, address="::1")
    silent = await world.silent(1, address="::1")
    with socket.create_connection(("::1", server.port), timeout=5):
        assert server.seen.connections == 1
    with socket.socket(socket.AF_INET6) as client:
        assert client.connect_ex(("::1", closed)) == errno.ECONNREFUSED
    with socket.socket(socket.AF_INET6) as client:
        client.setblocking(False)
        client.connect_ex(("::1", silent.ports[0]))

        assert [attempt.port for attempt in silent.sample()] == list(silent.ports)
