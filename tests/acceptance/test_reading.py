"""Reading in the terminal with the installed command: the pager, colours, and the question on a terminal."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|9[0-7])[0-9;]*m")


@pytest.fixture
def pager(climb) -> Path:
    """A pager that notes what it is given in a file, shows it, and ends."""
    path = climb.folder / "pager"
    path.write_text(f"#!/bin/sh\ntee '{climb.folder / 'paged'}'\n")
    path.chmod(0o755)
    return path


def on_a_terminal(climb, variables: dict[str, str], typed: Sequence[str], *words: str) -> tuple[int, str]:
    """The exit code, and what a terminal of 24 lines shows; each line of ``typed`` is typed once it is asked for."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    process = subprocess.Popen(
        [climb.command, *words],
        cwd=climb.folder,
        env={**climb.environment, "TERM": "xterm-256color", **variables},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown, left = b"", list(typed)
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the last writer has closed the terminal
                break
            if left and shown.count(b"Your answer") > len(typed) - len(left):
                os.write(ours, f"{left.pop(0)}\n".encode())
    finally:
        os.close(ours)
    return process.wait(timeout=30), shown.decode(errors="replace")


def test_on_paper_it_is_plain(climb) -> None:
    """Not on a terminal: no pager, no escapes, no question that waits."""
    done = climb("read", "sockets", environment={"PAGER": "false"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "Sockets and the TCP handshake" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_answer_is_judged(climb) -> None:
    """Exit code 0 for the right one and 1 for the others."""
    codes = {climb("read", "sockets", "--answer", number).returncode for number in "1234"}

    assert codes == {0, 1}
    assert "✓ sockets" in climb("read").stdout


def test_a_long_page_goes_through_the_pager(climb, pager: Path) -> None:
    """The one that PAGER names; the question is asked afterwards, and Enter skips it."""
    code, shown = on_a_terminal(climb, {"PAGER": str(pager)}, [""], "read", "sockets")

    assert code == 0
    assert "A question" in (climb.folder / "paged").read_text()
    assert shown.count("A question") == 2
    assert shown.rstrip().splitlines()[-1].startswith("  Next page: climb read")


def test_the_question_is_asked_until_the_answer_is_right(climb, pager: Path) -> None:
    """What is no answer is asked again, and so is a wrong one."""
    code, shown = on_a_terminal(climb, {"PAGER": str(pager)}, ["9", "1", "3"], "read", "sockets")

    assert code == 0
    assert shown.count("Your answer") == 3
    assert "'9' is none of the answers" in shown
    assert shown.index("Not that.") < shown.index("Right.")


def test_no_pager_is_no_pager(climb, pager: Path) -> None:
    """With --no-pager everything is printed at once, and the question stands once."""
    _, shown = on_a_terminal(climb, {"PAGER": str(pager)}, [""], "read", "sockets", "--no-pager")

    assert not (climb.folder / "paged").exists()
    assert shown.count("A question") == 1


def test_a_short_page_needs_no_pager(climb, pager: Path) -> None:
    """What fits on the screen is printed."""
    on_a_terminal(climb, {"PAGER": str(pager)}, [], "read", "chat")

    assert not (climb.folder / "paged").exists()


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_verdict_has_its_colour_where_it_is_wanted(climb, variables: dict[str, str], coloured: bool) -> None:
    """Green and red for the answer, and with NO_COLOR neither."""
    _, shown = on_a_terminal(climb, variables, [], "read", "sockets", "--answer", "1")

    assert "Not that." in shown
    assert bool(COLOUR.search(shown)) is coloured


@pytest.mark.parametrize("words", [("read",), ("read", "1.1"), ("read", "sockets", "--json"), ("list", "1.1")])
def test_a_closed_pipe_is_the_readers_right(climb, words: tuple[str, ...]) -> None:
    """As in `climb read | head -1`: no traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [climb.command, *words], cwd=climb.folder, env=climb.environment, stdout=writing, stderr=subprocess.PIPE
        )
    finally:
        os.close(writing)

    assert done.stderr == b""


def test_what_has_no_such_name_is_wrong_usage(climb) -> None:
    """With the nearest names as commands."""
    done = climb("read", "sokets")

    assert (done.returncode, done.stdout) == (2, "")
    assert "try: climb read sockets" in done.stderr


def test_in_an_ascii_locale_everything_is_ascii(climb) -> None:
    """Typography and signs have stand-ins, and nothing becomes a question mark."""
    plain = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    texts = [climb(*words, environment=plain).stdout for words in (("list",), ("read",), ("read", "sockets"))]

    assert all(text.isascii() for text in texts)
    assert "The client's connect()" in texts[2]
