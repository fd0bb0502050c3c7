"""What a scan promises the machine and the network: concurrency, rate, descriptors."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from climb.systems.scanner import State, scan_blocking, sockets

TIMEOUT_S = 0.4


def tarpit(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def test_the_concurrency_is_never_exceeded(serve: Callable[..., Any], silent: Callable[[int], list[int]]) -> None:
    """Counting talks with open ports, second tries and silent ports together."""
    from climb.systems.scanner.engine import Engine
    from climb.systems.scanner.plan import Plan
    from climb.systems.scanner.ports import unique_ports
    from climb.systems.scanner.targets import parse_targets

    ports = [serve(tarpit).port for _ in range(6)] + silent(6)
    plan = Plan(parse_targets(["127.0.0.1"]), unique_ports(ports), timeout_s=TIMEOUT_S, concurrency=4)
    most = 0
    findings = []
    with Engine(plan) as engine:
        while not engine.finished:
            findings += engine.turn()
            most = max(most, engine.connections)

    assert most == 4
    assert len(findings) == 6


def test_one_connection_at_a_time_is_enough(serve: Callable[..., Any]) -> None:
    """Each talk waits for the one before it, and nothing waits for itself."""

    def page(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    servers = [serve(page), serve(tarpit)]
    found = list(
        scan_blocking("127.0.0.1", ports=[server.port for server in servers], timeout_s=TIMEOUT_S, concurrency=1)
    )

    assert {each.service for each in found} == {"http", None}
    assert all(server.most_at_once <= 2 for server in servers)  # a server sees the end of a connection a moment later


def test_the_rate_is_kept(serve: Callable[..., Any]) -> None:
    """Connections of all kinds, also those that ask what answers, are spread over the seconds."""

    def hang_up(connection: socket.socket) -> None:
        connection.recv(4096)

    server = serve(hang_up)  # which makes the scanner come back with other questions
    list(scan_blocking("127.0.0.1", ports=[server.port], rate=10, timeout_s=2.0))
    gaps = [later - before for before, later in zip(server.accepted_at, server.accepted_at[1:], strict=False)]

    assert len(gaps) >= 5
    assert sum(gaps) >= 0.9 * len(gaps) / 10


def test_the_rate_holds_for_closed_ports(closed: Callable[[int], list[int]]) -> None:
    """They answer at once, and still may not be asked all at once."""
    ports = closed(30)
    began = time.monotonic()
    found = list(scan_blocking("127.0.0.1", ports=ports, rate=40, report_all=True))

    assert len(found) == 30
    assert time.monotonic() - began >= 29 / 40


def test_with_few_descriptors_the_scan_goes_on_with_fewer(
    run_scan: Callable[..., Any], silent: Callable[[int], list[int]], closed: Callable[[int], list[int]]
) -> None:
    """A limit of 64 for 200 ports: no error, no port called closed that isn't."""
    waiting, refusing = silent(60), closed(10)
    before = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"
    ports = ",".join(map(str, [*waiting, *refusing]))
    report = run_scan("127.0.0.1", "--all", "--ports", ports, "--timeout", "0.3", before=before)

    assert report.code == 0, report.errors
    assert {port for port in waiting if report.state(port) != "filtered"} == set()
    assert {port for port in refusing if report.state(port) != "closed"} == set()


@pytest.mark.parametrize("left", [3, 6])
def test_when_the_system_refuses_descriptors_the_scan_waits(
    run_scan: Callable[..., Any], serve: Callable[..., Any], closed: Callable[[int], list[int]], left: int
) -> None:
    """With nearly all descriptors taken by others, everything is still found, one after the other."""
    servers = [serve(tarpit) for _ in range(8)]
    refusing = closed(5)
    before = (
        "import os, resource\n"
        "from climb.systems.scanner import command, engine, library, lines, output, session, visit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "taken = [os.open('/dev/null', os.O_RDONLY) for _ in range(40)]\n"
        # As if another thread took descriptors after the scan had counted them.
        "lines.descriptors_left = lambda reserve: None\n"
        f"while len(os.listdir('/dev/fd')) - 1 < 64 - {left} - 3: taken.append(os.open('/dev/null', os.O_RDONLY))\n"
    )
    ports = ",".join(str(port) for port in [*(server.port for server in servers), *refusing])
    report = run_scan("127.0.0.1", "--all", "--no-probe", "--ports", ports, before=before)

    assert report.code == 0, report.errors
    assert {report.state(server.port) for server in servers} == {"open"}
    assert {report.state(port) for port in refusing} == {"closed"}


def test_a_refusal_by_our_own_system_is_waited_out(
    closed: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """EMFILE is not an answer of the port: it is asked again until it gives one."""
    refusals = iter([errno.EMFILE, errno.ENFILE, errno.EMFILE])
    real = sockets.new_socket

    def short_of_descriptors(family: int) -> socket.socket:
        refusal = next(refusals, None)
        if refusal:
            raise OSError(refusal, "too many open files")
        return real(family)

    monkeypatch.setattr(sockets, "new_socket", short_of_descriptors)
    (found,) = scan_blocking("127.0.0.1", ports=closed(1), report_all=True)

    assert found.state is State.CLOSED
    assert next(refusals, None) is None


def test_an_address_that_we_cannot_speak_to_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local ports may be scarce for a moment, so the first refusal is waited out; the others need not be."""
    monkeypatch.setattr(sockets.Dialer, "dial", lambda *_: (errno.EADDRNOTAVAIL, None))
    began = time.monotonic()
    found = list(scan_blocking("127.0.0.1", ports="1-500", report_all=True))

    assert {(each.state, each.reason) for each in found} == {(State.FILTERED, "no-local-address")}
    assert len(found) == 500
    assert 0.5 < time.monotonic() - began < 3
