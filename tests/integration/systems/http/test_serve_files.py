"""``climb serve files``: a folder, as people share it."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from http_server_clients import PATIENCE_S

COMMAND = (sys.executable, "-m", "climb", "serve", "files")


@contextmanager
def serving(folder: Path, stderr: int = subprocess.DEVNULL) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at a free port, and its address; ended by Ctrl-C, with 0."""
    command = [*COMMAND, str(folder), "--port", "0"]
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


def test_each_request_is_a_line_on_a_terminal(tmp_path: Path) -> None:
    """With its status and what was asked."""
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

    assert re.search(rb"\d\d:\d\d:\d\d  200 +5  GET /a\?b\r\n", told)


def test_a_port_in_use_is_said() -> None:
    """The message names the address, and what to try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, ".", "--port", str(port)], capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 3
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port 0" in done.stderr
