"""climb stream top as a command: once, by the second, for a script, and in a terminal."""

import asyncio
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from typing import Any

ENOUGH_S = 60.0
ENVIRONMENT = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "90"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "climb", "stream", "top", *words]


def source(pipelines: Any) -> str:
    return f'[[sources]]\ntype = "tcp"\nport = {pipelines.tcp_port}\n'


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=ENOUGH_S, env=ENVIRONMENT)


def test_nothing_there_is_said_with_the_next_command() -> None:
    """With the address that was asked."""
    ended = run("127.0.0.1:9", "--once")

    assert ended.returncode == 3
    assert "nothing answers at http://127.0.0.1:9" in ended.stderr
    assert "try: climb stream run" in ended.stderr


def test_another_machine_is_not_asked() -> None:
    """A processor answers on loopback only."""
    ended = run("10.0.0.1:7070")

    assert ended.returncode == 2
    assert "10.0.0.1 is another machine" in ended.stderr


async def test_once_tells_the_numbers_of_now(pipelines: Any) -> None:
    """As a picture, and as JSON."""
    async with pipelines.run(source(pipelines)) as work:
        told = await work.get("/stats")
        picture = await _elsewhere("--once", port=pipelines.http_port)
        document = json.loads((await _elsewhere("--once", "--json", port=pipelines.http_port)).stdout)

    assert picture.returncode == 0
    assert re.search(r"accepted +0", picture.stdout)
    assert "\x1b" not in picture.stdout
    assert document["state"] == "running"
    assert document["stats"]["workers"] == told["workers"]


async def test_a_pipe_gets_a_line_each_time(pipelines: Any) -> None:
    """Until a signal ends it, which is no failure."""
    async with pipelines.run(source(pipelines)):
        process = _start("--every", "0.1", port=pipelines.http_port, stdout=subprocess.PIPE)
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        code = process.wait(ENOUGH_S)
        process.stdout.close()

    assert code == 0
    assert all(" readings/s; lag " in line and "accepted 0" in line for line in lines)


async def test_it_says_that_the_processor_is_gone_and_goes_on(pipelines: Any) -> None:
    """Until it is back."""
    async with pipelines.run(source(pipelines)):
        process = _start("--every", "0.1", port=pipelines.http_port, stdout=subprocess.PIPE)
        running = process.stdout.readline()
    gone = _line_with("No answer since", process)
    async with pipelines.run(source(pipelines)):
        back = _line_with("readings/s", process)
        process.terminate()
        code = process.wait(ENOUGH_S)
        process.stdout.close()

    assert all((running, gone, back))
    assert code == 0


async def test_in_a_terminal_a_key_ends_it(pipelines: Any) -> None:
    """The view is drawn on a screen of its own, and the terminal is as it was before."""
    async with pipelines.run(source(pipelines)):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        before = termios.tcgetattr(theirs)
        process = _start(port=pipelines.http_port, stdin=theirs, stdout=theirs, stderr=theirs)
        shown = _read_until(ours, b"q ends")
        os.write(ours, b"q")
        _read_until(ours, b"\x1b[?1049l")
        code = process.wait(ENOUGH_S)
        after = termios.tcgetattr(theirs)
        os.close(ours)
        os.close(theirs)

    assert b"\x1b[?1049h" in shown
    assert code == 0
    assert after == before


async def _elsewhere(*words: str, port: int) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run, str(port), *words)


def _start(*words: str, port: int, **pipes: Any) -> "subprocess.Popen[str]":
    environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
    return subprocess.Popen(command(str(port), *words), text=True, env=environment, **pipes)


def _line_with(text: str, process: "subprocess.Popen[str]") -> str:
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"it ended before it said {text!r}")


def _read_until(terminal: int, text: bytes) -> bytes:
    read, end = b"", time.monotonic() + ENOUGH_S
    while text not in read:
        assert time.monotonic() < end, read
        if select.select([terminal], [], [], 1)[0]:
            read += os.read(terminal, 1 << 16)
    return read
