"""SYN mode against real sockets on loopback."""

from __future__ import annotations

import random
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from climb.systems.scanner.model import State
from climb.systems.scanner.syn import (
    CLOSED,
    FILTERED,
    OPEN,
    UNKNOWN,
    SynUnavailableError,
    syn_scan,
    syn_scan_arrays,
    why_not,
)

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

ADDRESS = "127.83.21.7"  # nobody else's, though a listener on all addresses would be found here too
PORTS = range(10000, 16000)  # below the ephemeral ports, so that no other program's listener appears at random


def listeners(stack: ExitStack, address: str = ADDRESS, count: int = 5) -> set[int]:
    """Listen on some free ports of the range until the stack is closed."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made: set[int] = set()
    for port in random.sample(PORTS, len(PORTS)):
        try:
            stack.enter_context(socket.create_server((address, port), family=family))
        except OSError:
            continue
        made.add(port)
        if len(made) == count:
            return made
    pytest.skip("no free ports")


def open_descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def test_exactly_the_open_ports_are_found() -> None:
    """Among thousands of closed ports all listeners are found, and nothing else."""
    with ExitStack() as stack:
        expected = listeners(stack)
        found = [answer for answer in syn_scan([ADDRESS], PORTS, timeout_s=1.0) if answer.state is State.OPEN]

    assert {answer.port for answer in found} == expected
    assert all(answer.address == ADDRESS and 0 < answer.rtt_ms < 1000 for answer in found)


def test_every_port_gets_one_answer() -> None:
    """Closed ports are answers too, and no port has two."""
    ports = [answer.port for answer in syn_scan([ADDRESS], PORTS, timeout_s=1.0)]

    assert sorted(ports) == list(PORTS)


def test_a_big_scan_uses_ring_and_threads() -> None:
    """Enough probes for the ring and the second sender give the same result."""
    with ExitStack() as stack:
        expected = listeners(stack)
        boards = list(syn_scan_arrays([ADDRESS, "127.83.21.8"], PORTS, timeout_s=1.0))

    found = {board.where(place) for board in boards for place in board.places(OPEN)}
    assert found == {(ADDRESS, port) for port in expected}
    assert sum(board.count(CLOSED) for board in boards) == 2 * len(PORTS) - len(expected)


def test_ipv6_is_scanned_too() -> None:
    """The same holds for ::1."""
    with ExitStack() as stack:
        try:
            expected = listeners(stack, "::1")
        except OSError:
            pytest.skip("no IPv6 here")
        (board,) = syn_scan_arrays(["::1"], PORTS, timeout_s=1.0)

    assert {board.where(place) for place in board.places(OPEN)} == {("::1", port) for port in expected}


def test_a_silent_port_is_filtered() -> None:
    """A listener with a full accept queue drops every SYN; its port is neither open nor closed."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((ADDRESS, 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        port = server.getsockname()[1]
        (answer,) = syn_scan([ADDRESS], [port], timeout_s=0.1, retries=1)

    assert answer == (ADDRESS, port, State.FILTERED, None)


def test_an_address_without_a_route_is_filtered_at_once() -> None:
    """What the kernel will not send to needs no probe and no patience."""
    began = time.monotonic()
    (board,) = syn_scan_arrays(["255.255.255.255"], [1, 2, 3], timeout_s=30.0)

    assert board.count(FILTERED) == 3
    assert time.monotonic() - began < 10


def test_the_rate_is_held() -> None:
    """250 probes at 500 a second take half a second, less the burst of five."""
    began = time.monotonic()
    (board,) = syn_scan_arrays([ADDRESS], PORTS[:250], timeout_s=1.0, rate=500)

    assert time.monotonic() - began >= 245 / 500
    assert board.count(CLOSED) + board.count(OPEN) == 250


def test_open_ports_are_told_at_once_and_progress_ends_at_the_total() -> None:
    """The callbacks hear of each open port, and that all is done."""
    opened, progress = [], []
    with ExitStack() as stack:
        expected = listeners(stack)
        list(
            syn_scan_arrays(
                [ADDRESS],
                PORTS,
                timeout_s=1.0,
                on_open=lambda address, port, rtt_ms: opened.append((address, port, rtt_ms > 0)),
                on_progress=lambda done, total: progress.append((done, total)),
            )
        )

    assert sorted(opened) == [(ADDRESS, port, True) for port in sorted(expected)]
    assert progress[-1] == (len(PORTS), len(PORTS))


def test_stopping_leaves_the_rest_unknown() -> None:
    """Told to stop, the scan yields what it has and ends; unasked ports are not called filtered."""
    (board,) = syn_scan_arrays([ADDRESS, "127.83.21.8"], PORTS, timeout_s=1.0, rate=1000, stop=lambda: True)

    assert board.count(UNKNOWN) > 0
    assert board.count(FILTERED) == 0


@pytest.mark.parametrize("hosts", [1, 2], ids=["mailbox", "ring"])
def test_nothing_stays_open(hosts: int) -> None:
    """After the end, and after a generator closed early, the process has the descriptors it had before."""
    addresses = [f"127.83.21.{host}" for host in range(1, 1 + hosts)]
    list(syn_scan_arrays(addresses, PORTS, timeout_s=1.0))
    before = open_descriptors()

    list(syn_scan_arrays(addresses, PORTS, timeout_s=1.0))
    with ExitStack() as stack:
        listeners(stack, addresses[0], count=1)
        answers = syn_scan(addresses, PORTS, timeout_s=1.0)
        next(answers)
        answers.close()

    assert open_descriptors() == before


def test_what_goes_wrong_in_a_callback_closes_everything() -> None:
    """An exception of the caller's own comes out, and no socket stays."""
    before = open_descriptors()

    def fail(_done: int, _total: int) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        list(syn_scan_arrays([ADDRESS, "127.83.21.8"], PORTS, timeout_s=1.0, on_progress=fail))
    assert open_descriptors() == before


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"rate": -1}, {"retries": -1}, {"timeout_s": 0}, {"ports": [0]}, {"ports": [65536]}]
)
def test_senseless_numbers_are_refused(wrong: dict[str, object]) -> None:
    """A wrong argument is an error, not a scan that means something else."""
    arguments = {"hosts": [ADDRESS], "ports": [80], "timeout_s": 1.0} | wrong

    with pytest.raises(ValueError, match=r"port|must"):
        list(syn_scan_arrays(**arguments))


def test_a_name_is_not_an_address() -> None:
    """Names are resolved by the caller."""
    with pytest.raises(ValueError, match="'localhost' is not an IP address"):
        list(syn_scan_arrays(["localhost"], [80], timeout_s=1.0))


def test_without_privileges_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where raw sockets are refused, the error says what to do instead."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("climb.systems.scanner.syn.drive._socket.socket", refuse)

    with pytest.raises(SynUnavailableError, match="leave out --syn"):
        list(syn_scan_arrays([ADDRESS], [80], timeout_s=1.0))
