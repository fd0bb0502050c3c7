"""The command: words in, lines and an exit code out."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def greet(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-test\r\n")
    connection.recv(4096)


def tarpit(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def test_open_ports_are_printed_and_counted(
    run_scan: Callable[..., Any], serve: Callable[..., Any], closed: Callable[[int], list[int]]
) -> None:
    """One object a line; the summary is last and counts what was not printed."""
    server = serve(greet)
    ports = [server.port, *closed(2)]
    report = run_scan("--ports", ",".join(map(str, ports)), "127.0.0.1")

    assert report.code == 0
    assert list(report.ports) == [server.port]
    assert report.ports[server.port]["service"] == "ssh"
    assert "summary" in report.lines[-1]
    assert {key: report.summary[key] for key in ("hosts", "ports", "open", "closed", "filtered")} == {
        "hosts": 1,
        "ports": 3,
        "open": 1,
        "closed": 2,
        "filtered": 0,
    }


def test_asking_a_web_server_loads_nothing_heavy(run_scan: Callable[..., Any], serve: Callable[..., Any]) -> None:
    """What answers without TLS is recognised by small modules of our own."""
    server = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n"))
    tell = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    report = run_scan("127.0.0.1", "--ports", server.port, before=tell)

    assert report.ports[server.port]["service"] == "http"
    assert not {"click", "dataclasses", "msgspec", "socket", "ssl", "typing"} & set(report.errors.split())


def test_all_prints_a_line_for_each_port(
    run_scan: Callable[..., Any],
    serve: Callable[..., Any],
    closed: Callable[[int], list[int]],
    silent: Callable[[int], list[int]],
) -> None:
    """Each host with each port, and the fields of the contract are there even when they are null."""
    server, refusing, waiting = serve(greet), closed(1), silent(1)
    ports = [server.port, *refusing, *waiting]
    report = run_scan("127.0.0.1", "--all", "--ports", ",".join(map(str, ports)), "--timeout", "0.3")

    assert {port: report.state(port) for port in ports} == dict(zip(ports, ["open", "closed", "filtered"], strict=True))
    for line in report.ports.values():
        assert {"host", "port", "state", "rtt_ms", "service", "banner", "http", "tls"} <= set(line)
    assert report.ports[waiting[0]]["rtt_ms"] is None


def test_hosts_of_several_targets_are_scanned_once(run_scan: Callable[..., Any], serve: Callable[..., Any]) -> None:
    """A range, a block and a name that share addresses."""
    server = serve(greet, "127.0.0.1")
    report = run_scan("127.0.0.1-2", "127.0.0.0/30", "localhost", "--ports", server.port)

    assert report.summary["hosts"] == 4
    assert [line["host"] for line in report.ports.values()] == ["localhost"]


def test_a_finding_is_printed_as_soon_as_it_is_complete(
    start_scan: Callable[..., Any], serve: Callable[..., Any], silent: Callable[[int], list[int]]
) -> None:
    """Not at the end of the scan."""
    server = serve(greet)
    running = start_scan("127.0.0.1", "--ports", f"{server.port},{silent(1)[0]}", "--timeout", "15")
    line = running.process.stdout.readline()
    running.interrupt()

    assert "SSH-2.0-test" in line
    assert running.report().elapsed_s < 10


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_scan_in_good_order(
    start_scan: Callable[..., Any],
    serve: Callable[..., Any],
    silent: Callable[[int], list[int]],
    wait_until: Callable[..., None],
    number: int,
    code: int,
) -> None:
    """What is known is printed, then the summary of what was done; ports without an answer are not counted."""
    known, unknown = serve(greet), serve(tarpit)
    ports = [known.port, unknown.port, *silent(3)]
    running = start_scan("127.0.0.1", "--all", "--timeout", "15", "--ports", ",".join(map(str, ports)))
    running.process.stdout.readline()
    wait_until(lambda: bool(unknown.accepted_at), "a connection to the tarpit")
    running.interrupt(number)
    signalled = time.monotonic()
    report = running.report()

    assert time.monotonic() - signalled < 2
    assert report.code == code
    assert report.state(unknown.port) == "open"
    assert (report.summary["ports"], report.summary["open"], report.summary["filtered"]) == (2, 2, 0)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "no target"),
        ("--ports 80", "no target"),
        ("300.0.0.1", "'300.0.0.1'"),
        ("127.0.0.1/33", "'127.0.0.1/33'"),
        ("127.0.0.9-3", "'127.0.0.9-3'"),
        ("no-such-host.invalid", "'no-such-host.invalid'"),
        ("127.0.0.1 --ports 0", "'0'"),
        ("127.0.0.1 --ports http", "'http'"),
        ("127.0.0.1 --ports 90-80", "'90-80'"),
        ("127.0.0.1 --timeout 0", "timeout of 0.0"),
        ("127.0.0.1 --timeout nan", "timeout of nan"),
        ("127.0.0.1 --timeout soon", "'soon'"),
        ("127.0.0.1 --concurrency 0", "0 connections"),
        ("127.0.0.1 --concurrency 1.5", "'1.5'"),
        ("127.0.0.1 --rate -1", "rate of -1"),
        ("127.0.0.1 --unknown", "--unknown"),
        ("127.0.0.1 --output yaml", "'yaml'"),
        ("127.0.0.1 --self", "'127.0.0.1'"),
        ("10.0.0.0/8", "16,777,216 hosts"),
        ("2001:db8::/32 --yes", "smaller block"),
    ],
)
def test_wrong_usage_is_explained(words: str, named: str) -> None:
    """Exit code 2, the offending value on standard error, nothing on standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "climb.systems.scanner", *words.split()], capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr


def test_a_reader_that_leaves_ends_the_scan_quietly(closed: Callable[[int], list[int]]) -> None:
    """As in `| head -1`: no message, no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "climb.systems.scanner", "127.0.0.1", "--all", "--no-probe", "--ports", "1-30000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(20)

    assert errors == b""
    assert process.returncode == 0


@pytest.mark.parametrize("kind", ["json", "csv", "nmap-xml", "table"])
def test_every_kind_of_output_can_go_to_a_file(
    run_scan: Callable[..., Any], serve: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    """Then standard output stays empty."""
    server, path = serve(greet), tmp_path / "result"
    report = run_scan("127.0.0.1", "--ports", server.port, "-o", kind, "--output-file", path)

    assert report.code == 0, report.errors
    assert report.lines == []
    assert str(server.port) in path.read_text("utf-8")


def test_a_file_that_cannot_be_written_is_wrong_usage(run_scan: Callable[..., Any], tmp_path: Path) -> None:
    """It is found out before anything is scanned."""
    report = run_scan("127.0.0.1", "--output-file", tmp_path / "missing" / "result")

    assert report.code == 2
    assert "missing" in report.errors


def test_this_machine_is_described(run_scan: Callable[..., Any]) -> None:
    """``--self`` prints a JSON document and scans nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "climb.systems.scanner", "--self"], capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{")


def test_the_help_teaches() -> None:
    """Whom one may scan, and examples."""
    done = subprocess.run(
        [sys.executable, "-m", "climb.systems.scanner", "--help"], capture_output=True, text=True, timeout=30
    )

    assert done.returncode == 0
    assert "whose owner has agreed" in done.stdout
    assert "climb scan 127.0.0.1" in done.stdout
