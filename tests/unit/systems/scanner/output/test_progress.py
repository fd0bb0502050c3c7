from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from climb.systems.scanner.output.progress import ERASE, Progress, line

if TYPE_CHECKING:
    from collections.abc import Iterator


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def terminal(monkeypatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_a_short_scan_shows_nothing(terminal, clock) -> None:
    """Within the first half second the terminal stays as it was."""
    with Progress(terminal, clock=clock) as progress:
        clock.now += 0.4
        progress.update(1, 2, 0)

    assert terminal.getvalue() == ""


def test_a_longer_scan_shows_how_far_it_is(terminal, clock) -> None:
    """After half a second there is a line with everything a waiting person asks."""
    with Progress(terminal, clock=clock) as progress:
        clock.now += 0.5
        progress.update(412, 1000, 3)

        assert terminal.getvalue() == ERASE + "412 of 1000 ports  41 %  824 ports/s  1 s left  3 open"


def test_the_line_is_drawn_ten_times_a_second_at_most(terminal, clock) -> None:
    """However often it is called."""
    with Progress(terminal, clock=clock) as progress:
        for done in range(1000):
            clock.now += 0.001
            progress.update(done, 1000, 0)

        assert 4 <= terminal.getvalue().count(ERASE) <= 6


def test_no_trace_is_left(terminal, clock) -> None:
    """The line is erased when the scan ends, by an error too."""

    def interrupted_scan() -> None:
        with Progress(terminal, clock=clock) as progress:
            clock.now += 1
            progress.update(1, 2, 0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_scan()

    assert terminal.getvalue().endswith(ERASE)


def test_the_line_can_make_room(terminal, clock) -> None:
    """After hide() something else may be printed, and the next update draws the line again."""
    with Progress(terminal, clock=clock) as progress:
        clock.now += 1
        progress.update(1, 3, 0)
        progress.hide()
        hidden = terminal.getvalue()
        clock.now += 1
        progress.update(2, 3, 0)

        assert hidden.endswith(ERASE)
        assert "2 of 3 ports" in terminal.getvalue().removeprefix(hidden)


def test_a_pipe_shows_nothing(clock) -> None:
    """Standard error that goes to a file or a pipe is kept for messages."""
    stream = io.StringIO()

    with Progress(stream, clock=clock) as progress:
        clock.now += 9
        progress.update(1, 2, 0)

    assert stream.getvalue() == ""


def test_a_terminal_that_can_not_erase_shows_nothing(clock, monkeypatch) -> None:
    """TERM=dumb promises nothing but a line after a line."""
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()

    with Progress(stream, clock=clock) as progress:
        clock.now += 9
        progress.update(1, 2, 0)

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "elapsed_s", "left"),
    [(50, 10.0, "10 s left"), (1, 2.0, "3:18 min left"), (1, 100.0, "2:45 h left"), (99, 1.0, "1 s left")],
)
def test_time_left_in_fitting_units(done, elapsed_s, left) -> None:
    """Seconds, minutes or hours, rounded up."""
    assert left in line(done, 100, 0, elapsed_s)


def test_before_the_first_result_no_time_is_promised() -> None:
    """Without a rate there is nothing to reckon with."""
    assert line(0, 100, 0, 1.0) == "0 of 100 ports  0 %  0 ports/s  0 open"
