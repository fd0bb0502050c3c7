"""One value per port, for callers that want each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from climb.systems.scanner.model import State
from climb.systems.scanner.syn.board import CLOSED, FILTERED, OPEN, UNKNOWN
from climb.systems.scanner.syn.drive import Wishes, steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from climb.systems.scanner.syn.board import Board

__all__ = ["Answer", "answers"]

STATES = {OPEN: State.OPEN, CLOSED: State.CLOSED, FILTERED: State.FILTERED}


class Answer(NamedTuple):
    """What one port of one address said; ``rtt_ms`` is known for open ports."""

    address: str
    port: int
    state: State
    rtt_ms: float | None


def answers(hosts: Iterable[str], ports: Sequence[int], wishes: Wishes) -> Iterator[Answer]:
    """Yield the open ports when they are found and the others when their board is finished."""
    for board, found, finished in steps(hosts, ports, wishes):
        for place in found:
            yield Answer(*board.where(place), State.OPEN, board.rtts_ms[place])
        if finished:
            yield from _the_rest(board)


def _the_rest(board: Board) -> Iterator[Answer]:
    for place, code in enumerate(board.codes):
        if code not in (UNKNOWN, OPEN):
            yield Answer(*board.where(place), STATES[code], None)
