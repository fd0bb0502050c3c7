"""What every writer is told and what it must be able to do."""

from __future__ import annotations

from climb.systems.scanner.light import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.model import Found, Summary

__all__ = ["Request", "Writer"]


class Request(NamedTuple):
    """What the user asked for, as far as a result needs to say so."""

    command_line: tuple[str, ...]
    show_all: bool
    started_at: float  # seconds since 1970


class Writer(Protocol):
    """Turns results into one kind of text.

    A writer is handed every port that was probed, whatever its state, and decides itself what it shows: some kinds
    count what they leave out.
    """

    def found(self, found: Found) -> None:
        """Take one result, in any order of hosts and ports."""

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        """Complete the output; called once, also when the scan was stopped half-way."""
