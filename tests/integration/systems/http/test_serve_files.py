"""``climb serve files``: a folder, as people share it."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from http_server_clients import PATIENCE_S

COMMAND = (sys.executable, "-m", "climb", "serve", "files")


@contextmanager
def serving(
    folder: Path, *options: str, stderr: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at a free port, and its address; ended by Ctrl-C, with 0."""
    command = [*COMMAND, str(folder), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"is at (http://127\.0\.0\.1:\d+/)", process.stdout.readline())
        assert found is not None
        yield process, found[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def test_a_folder_is_served(tmp_path: Path) -> None:
    """It says where, lists what has no index, serves what is there with its type, and ends with Ctrl-C."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text("<p>index")
    (tmp_path / "song.ogg").write_bytes(b"song")
    with serving(tmp_path) as (_, address):
        with urllib.request.urlopen(address + "song.ogg", timeout=PATIENCE_S) as answer:
            kind = answer.headers["Content-Type"]

        assert b'href="song.ogg"' in read(address)
        assert read(address + "sub") == b"<p>index"
        assert kind == "audio/ogg"


@pytest.mark.parametrize("no_color", ["", "1"])
def test_each_request_is_a_line_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    """With its status and what was asked; in colours unless they are not wanted."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    (tmp_path / "a").write_text("12345")
    ours, theirs = pty.openpty()
    try:
        with serving(tmp_path, stderr=theirs) as (_, address):
            read(address + "a?b")
        os.close(theirs)
        theirs = -1
        told = b""
        with suppress(OSError):  # how the end of a terminal reads
            while piece := os.read(ours, 4096):
                told += piece
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)

    assert (b"\x1b[32m200" in told) == (not no_color)
    assert re.search(rb"\d\d:\d\d:\d\d  200 +5  GET /a\?b\r\n", re.sub(rb"\x1b\[\d*m", b"", told))


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    """The message names the address, and the command that takes the next one that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [*COMMAND, str(tmp_path), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 3
    assert f"127.0.0.1:{port} is in use" in done.stderr
    again = re.search(rf"climb serve files {tmp_path} --port (\d+)", done.stderr)
    assert again is not None
    assert int(again[1]) != port


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("/nowhere",), 2, "/nowhere"),
        ((__file__,), 2, "is a file"),
        (("--host", "192.0.2.1"), 3, "192.0.2.1:8000 can't be used"),
    ],
)
def test_what_can_not_be_served_is_said(arguments: tuple[str, ...], code: int, told: str) -> None:
    """A folder that is not there, a file, an address of somebody else: each is named."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def asked_as(address: str, host: str) -> int:
    """Ask under this name; return the status."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, headers={"Host": host}), timeout=PATIENCE_S
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_foreign_name_gets_nothing(tmp_path: Path) -> None:
    """At 127.0.0.1 a page that makes its own name lead there is refused; localhost is not, nor a name that was allowed."""
    (tmp_path / "file").write_text("content")
    with serving(tmp_path, "--allow-host", "proxy.example") as (_, address):
        port = address.rpartition(":")[2].strip("/")
        statuses = {
            host: asked_as(address + "file", host)
            for host in (
                f"evil.example:{port}",
                "evil.example",
                f"localhost:{port}",
                f"127.0.0.1:{port}",
                "proxy.example",
            )
        }

    assert list(statuses.values()) == [421, 421, 200, 200, 200]


def test_pages_of_other_origins_read_nothing_unless_told(tmp_path: Path) -> None:
    """Only with --cors an answer says that everybody may read it; and no answer is to be taken for another type than it says."""
    (tmp_path / "file").write_text("content")
    allowed = []
    for options in ((), ("--cors",)):
        with serving(tmp_path, *options) as (_, address), urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            allowed.append(answer.headers["Access-Control-Allow-Origin"])
            sniffing = answer.headers["X-Content-Type-Options"]

    assert allowed == [None, "*"]
    assert sniffing == "nosniff"
