"""Open, closed, filtered: what the engine makes of real ports."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from climb.systems.scanner import Found, State, engine, scan_blocking, sockets
from climb.systems.scanner.rtt import ENOUGH_ANSWERS, RttTable

TIMEOUT_S = 0.5


def states(*ports: int, address: str = "127.0.0.1", **wishes: Any) -> dict[int, Found]:
    """What each port was found to be."""
    options: Any = {"timeout_s": TIMEOUT_S, "report_all": True, "probe": False, **wishes}
    return {found.port: found for found in scan_blocking(address, ports=ports, **options)}


def hold(connection: socket.socket) -> None:
    """Say nothing and wait for the peer to close."""
    while connection.recv(4096):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1", "127.77.3.9", "::1"])
def test_a_listening_port_is_open(serve: Callable[..., Any], address: str) -> None:
    """On any loopback address, with the time that the handshake took."""
    server = serve(hold, address)
    found = states(server.port, address=address)[server.port]

    assert found.state is State.OPEN
    assert found.host == found.address == address
    assert found.rtt_ms is not None
    assert 0 < found.rtt_ms < TIMEOUT_S * 1000


def test_a_refusing_port_is_closed(closed: Callable[[int], list[int]]) -> None:
    """And says so fast, on a socket that is used for the next port too."""
    ports = closed(50)
    found = states(*ports)

    assert {each.state for each in found.values()} == {State.CLOSED}
    assert all(each.rtt_ms is not None and each.reason == "rst" for each in found.values())


def test_open_ports_between_closed_ones_are_all_found(
    serve: Callable[..., Any], closed: Callable[[int], list[int]]
) -> None:
    """Reusing sockets must not carry an answer from one port to the next."""
    opened = [serve(hold).port for _ in range(10)]
    refusing = closed(40)
    mixed = [port for group in zip(refusing[:10], opened, refusing[10:20], strict=True) for port in group]
    found = states(*mixed, *refusing[20:])

    assert {port for port, each in found.items() if each.state is State.OPEN} == set(opened)
    assert len(found) == 50


def test_hundreds_of_silent_ports_take_one_timeout(silent: Callable[[int], list[int]]) -> None:
    """They wait side by side; second tries do not lengthen the wait."""
    ports = silent(200)
    began = time.monotonic()
    found = states(*ports, concurrency=1000)
    elapsed_s = time.monotonic() - began

    assert {each.state for each in found.values()} == {State.FILTERED}
    assert all(each.rtt_ms is None for each in found.values())
    assert TIMEOUT_S <= elapsed_s < 2 * TIMEOUT_S


def test_silent_ports_do_not_delay_the_others(
    silent: Callable[[int], list[int]], closed: Callable[[int], list[int]]
) -> None:
    """With slots to spare, closed ports are reported while silent ones are waited for."""
    waiting, refusing = silent(5), closed(20)
    order = [
        found.port
        for found in scan_blocking(
            "127.0.0.1", ports=[*waiting, *refusing], timeout_s=TIMEOUT_S, report_all=True, probe=False
        )
    ]

    assert set(order[:20]) == set(refusing)


@pytest.fixture
def waking() -> Iterator[int]:
    """A port whose accept queue is full for the first moments of a scan, so that the first SYN is lost."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()):

            def make_room() -> None:
                listener.accept()[0].close()

            wake_up = threading.Timer(0.15, make_room)
            wake_up.start()
            yield listener.getsockname()[1]
            wake_up.join()


def test_a_slow_answer_within_the_timeout_is_an_answer(waking: int) -> None:
    """The kernel repeats a SYN after a second; the first connection is kept until then."""
    found = states(waking, timeout_s=3.0, retries=0)[waking]

    assert found.state is State.OPEN
    assert found.rtt_ms is not None
    assert found.rtt_ms > 800


def test_a_second_try_makes_up_for_a_lost_syn(waking: int) -> None:
    """Halfway through a timeout that is too short for the kernel's own repetition."""
    found = states(waking, timeout_s=0.8, retries=1)[waking]

    assert found.state is State.OPEN


def test_without_a_second_try_a_lost_syn_looks_like_silence(waking: int) -> None:
    """Which is what retries are for."""
    assert states(waking, timeout_s=0.8, retries=0)[waking].state is State.FILTERED


def test_a_connection_to_itself_is_not_an_open_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that happens to get the scanned port as its own connects to itself, where nobody listens."""
    port = free_port()

    def unlucky_socket(family: int) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", port))
        return sock

    monkeypatch.setattr(sockets, "new_socket", unlucky_socket)

    assert states(port)[port].state is State.CLOSED


def test_adaptive_gives_silent_ports_up_early(
    silent: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a host has answered often, a few tenths of a second are enough to call its other ports filtered."""
    monkeypatch.setattr(engine, "RttTable", lambda: practised_table("127.0.0.1"))
    began = time.monotonic()
    found = states(*silent(5), timeout_s=5.0, adaptive=True)

    assert {each.state for each in found.values()} == {State.FILTERED}
    assert time.monotonic() - began < 1.5


def practised_table(address: str) -> RttTable:
    table = RttTable()
    for _ in range(ENOUGH_ANSWERS):
        table.add(address, 0.001)
    return table


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
