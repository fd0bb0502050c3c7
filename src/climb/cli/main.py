"""Run a command, and turn every way in which it can end into an exit code and a message that helps."""

from __future__ import annotations

import io
import select
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from climb.cli.commands import COMMANDS
from climb.cli.lazy import Lazy
from climb.cli.overview import overview
from climb.errors import ClimbError

__all__ = ["run"]

INTERRUPTED = 130
PIPE_CLOSED = 128 + signal.SIGPIPE  # the reader of our output has gone, as in `climb list | head`; that is its right


class _Climb(Lazy):
    """All commands; their help is the overview."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        formatter.write(overview())


climb = _Climb(name="climb", entries=COMMANDS, called="climb", context_settings={"help_option_names": ["-h", "--help"]})


def run(words: Sequence[str]) -> int:
    """Run ``climb`` with ``words`` and return the exit code."""
    signals = _received_signals()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # the locale may not carry all our signs; a "?" is better than an end
    try:
        result = climb.main(args=list(words), prog_name="climb", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt) as end:
        told = isinstance(end.__cause__, KeyboardInterrupt | EOFError)  # click has ended the line already
        sys.stderr.write("interrupted\n" if told else "\ninterrupted\n")
        return 128 + signals[0] if signals else INTERRUPTED
    except BrokenPipeError:
        return PIPE_CLOSED
    except SystemExit as ended:
        # Click and Rich turn a closed pipe into this, with 1, which here would say that the program failed.
        if _reader_has_gone():
            return PIPE_CLOSED
        return ended.code if isinstance(ended.code, int) else 0
    except ClimbError as error:
        sys.stderr.write(f"climb: {error}\n")
        if error.next_step:
            sys.stderr.write(f"  try: {error.next_step}\n")
        return error.exit_code
    return result if isinstance(result, int) else 0


def _reader_has_gone() -> bool:
    """Whether standard output or standard error is a pipe that nobody reads any more."""
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)  # errors are told unasked
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _received_signals() -> list[int]:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does, so that no program of a learner's outlives the judge.

    The list will hold which of them came.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a shell: a program that we start must still be able to receive SIGINT.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    received: list[int] = []

    def as_ctrl_c(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        signal.raise_signal(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, as_ctrl_c)
    return received
