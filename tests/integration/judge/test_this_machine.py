"""What the judge finds out about the machine: who listens, and how fast it is."""

import asyncio
import socket

import pytest

from climb.judge.calibration import calibrate_connects
from climb.judge.listening import listens


async def test_a_listener_listens() -> None:
    """A port whose connections are accepted by the kernel listens, though nobody calls accept()."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert await listens("127.0.0.1", server.getsockname()[1])


async def test_a_bound_port_does_not_listen() -> None:
    """A port that is only held refuses."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))

        assert not await listens("127.0.0.1", held.getsockname()[1])


async def test_a_socket_that_meets_itself_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback a connect may take the very port that it asks for as its source; that is nobody."""
    connect = asyncio.open_connection

    async def from_the_same_port(address: str, port: int) -> object:
        return await connect(address, port, local_addr=(address, port))

    monkeypatch.setattr(asyncio, "open_connection", from_the_same_port)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]

    assert not await listens("127.0.0.1", port)


async def test_looking_leaves_no_connection() -> None:
    """The probe closes its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        await listens("127.0.0.1", server.getsockname()[1])
        peer, _ = await asyncio.to_thread(server.accept)
        with peer:
            peer.settimeout(10)
            ended = await asyncio.to_thread(peer.recv, 1)

    assert ended == b""


async def test_a_calibration_is_a_plausible_number() -> None:
    """One refused connect costs more than nothing and less than a tenth of a second; the spread is a ratio."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        found = await calibrate_connects(*held.getsockname())

    assert 0 < found.seconds < 0.1
    assert found.spread >= 1
    assert str(found).startswith("one refused connect on this machine: ")


async def test_calibrating_keeps_the_event_loop_free() -> None:
    """Servers of the judge go on while it measures."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        measuring = asyncio.create_task(calibrate_connects(*held.getsockname()))
        turns = 0
        while not measuring.done():
            await asyncio.sleep(0.001)
            turns += 1

    assert turns > 1
