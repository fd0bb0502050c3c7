import asyncio
import resource
import socket

import pytest

from climb.errors import SetupError
from climb.judge.choices import Choices
from climb.judge.world import Peer, World
from climb.judge.world.scripts import hold, page


async def test_closing_a_world_leaves_nothing(open_files) -> None:
    """No descriptor and no task outlives it, though clients are still connected."""
    files, tasks = open_files(), asyncio.all_tasks()
    clients = []
    async with World(Choices("life")) as world:
        certificate = world.certificate(common_name="a.example")
        servers = [await world.listener(hold()), await world.listener(page("x"), tls=world.tls(certificate))]
        world.closed(5)
        silent = await world.silent(5)
        async with silent.watch():
            for server in servers:
                clients += [socket.create_connection((server.address, server.port)) for _ in range(5)]
            await asyncio.sleep(0.05)
    for client in clients:
        client.close()

    assert asyncio.all_tasks() == tasks
    assert open_files() == files


async def test_closing_a_world_at_once_after_an_arrival_leaves_nothing(open_files) -> None:
    """A connection whose script had no time to begin is cut as well."""
    files = open_files()
    async with World(Choices("life")) as world:
        server = await world.listener(hold())
        client = socket.create_connection((server.address, server.port))
        assert server.seen.connections == 1
    client.settimeout(5)

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    client.close()
    assert open_files() == files


async def test_a_script_that_fails_is_a_mishap() -> None:
    """The judge's mistake is kept, not raised into the check; the client is cut."""

    async def mistaken(peer: Peer) -> None:
        await peer.receive()
        raise RuntimeError("typo")

    async with World(Choices("life")) as world:
        server = await world.listener(mistaken)
        with socket.create_connection((server.address, server.port), timeout=5) as client:
            client.sendall(b"x")
            with pytest.raises(ConnectionResetError):
                await asyncio.to_thread(client.recv, 1)

    (mishap,) = world.mishaps
    assert str(mishap.error) == "typo"
    assert str(server.port) in mishap.where


async def test_a_script_that_will_not_stop_does_not_stop_the_world() -> None:
    """The world closes within its deadline and says who was stuck."""
    release = asyncio.Event()

    async def stubborn(peer: Peer) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async with asyncio.timeout(10):
        async with World(Choices("life")) as world:
            server = await world.listener(stubborn)
            client = socket.create_connection((server.address, server.port))
            await asyncio.sleep(0.05)
    client.close()
    release.set()
    await asyncio.sleep(0)

    (mishap,) = world.mishaps
    assert isinstance(mishap.error, TimeoutError)


async def test_what_was_seen_can_be_read_after_the_world() -> None:
    """Counters outlive the servers."""
    async with World(Choices("life")) as world:
        server = await world.listener(hold())
        socket.create_connection((server.address, server.port)).close()
        assert await server.drained(5)

    assert server.seen.connections == world.seen.connections == 1


async def test_a_closed_server_refuses(world, connect) -> None:
    """A server can go away while the world goes on; its clients are cut."""
    server = await world.listener(hold())
    client = connect(server)
    assert server.seen.connections == 1
    await server.close()

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(server)


async def test_an_error_in_the_check_passes_through() -> None:
    """The world closes and does not hide what went wrong."""

    async def check() -> None:
        async with World(Choices("life")) as world:
            await world.listener(hold())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await check()


async def test_the_limit_of_open_files_is_raised_when_needed() -> None:
    """A soft limit too low for the ports asked for does not stop the world."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    try:
        async with World(Choices("life")) as world:
            ports = world.closed(400)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(ports) == 400


async def test_a_hard_limit_that_is_too_low_is_a_matter_of_setup(open_files, monkeypatch) -> None:
    """The error says what to change, and nothing is left open."""
    files = open_files()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (280, 280))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    with pytest.raises(SetupError, match="280") as caught:
        async with World(Choices("life")) as world:
            world.closed(100)

    assert "nofile" in str(caught.value.next_step)
    assert open_files() == files


async def test_servers_live_within_a_world() -> None:
    """Opening one outside of ``async with`` is told so."""
    with pytest.raises(SetupError, match="async with"):
        await World(Choices("life")).listener()
