"""What it may mean that nothing is open, and what to try next."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from climb.systems.scanner.output.plain import plain
from climb.systems.scanner.output.sentence import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.systems.scanner.model import Summary
    from climb.systems.scanner.output.writer import Request

__all__ = ["Advice", "advice"]

DEFAULT_TIMEOUT_S = 1.0  # the contract's
WELL_KNOWN = "1-1024"
PATIENCE = 5  # how much longer a timeout to suggest


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One reading of an empty result and the commands that would tell more, each with what it would show."""

    meaning: str
    commands: tuple[tuple[str, str], ...]


def advice(summary: Summary, request: Request) -> Advice:
    """For a scan that ended and found nothing open."""
    return Advice(meaning=_meaning(summary), commands=tuple(_commands(summary, request)))


def _meaning(summary: Summary) -> str:
    if not summary.ports:
        return "Nothing was probed, so nothing is known."
    if not summary.filtered:
        return "Every probe was refused at once: the machine is there, but nothing listens on these ports."
    if not summary.closed:
        return "No probe was answered: a firewall drops them, the machine is down, or the timeout is too short."
    return (
        "Some probes were refused and some not answered: the machine is there, and something drops part of the probes."
    )


def _commands(summary: Summary, request: Request) -> Iterator[tuple[str, str]]:
    if summary.filtered:
        longer = _timeout_s(request.command_line) * PATIENCE
        yield _with(request, "--timeout", f"{longer:g}"), "waits longer for slow answers"
    if summary.closed and summary.ports < 1024 * max(summary.hosts, 1):
        yield _with(request, "--ports", WELL_KNOWN), f"tries {count(1024, 'port')} a host"
    if not request.show_all:
        yield _with(request, "--all"), "shows what each port answered"


def _with(request: Request, option: str, value: str | None = None) -> str:
    """The user's command with one option set, in place of what it said of that option before."""
    words: list[str] = []
    given = iter(request.command_line)
    for word in given:
        if word == option:
            next(given, None)
        elif not word.startswith(f"{option}="):
            words.append(word)
    return plain(shlex.join([*words, option, *([value] if value else [])]))


def _timeout_s(command_line: tuple[str, ...]) -> float:
    words = [part for word in command_line for part in word.split("=", 1)]
    given = [value for option, value in itertools.pairwise(words) if option == "--timeout"]
    try:
        return float(given[-1]) if given else DEFAULT_TIMEOUT_S
    except ValueError:
        return DEFAULT_TIMEOUT_S
