"""One broken request: its bytes, where it is broken, and what has to be answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import msgspec

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison
from climb.judge.expect import fail
from climb.projects.http.driver.understood import understood

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["BEGIN", "END", "Case", "demand_end", "marked", "refusal", "shown"]

BEGIN, END = "⟦", "⟧"  # around the broken place; neither is a byte, so neither can be part of a request
_SHOWN = 240
_ESCAPES = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x5C: "\\\\"}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """``before`` and ``after`` are the good parts around what is ``broken``. ``section`` is where the rule stands."""

    name: str
    before: bytes
    broken: bytes
    after: bytes
    statuses: tuple[int, ...]
    section: str
    why: str

    @property
    def data(self) -> bytes:
        """All bytes of it."""
        return self.before + self.broken + self.after

    @property
    def wanted(self) -> str:
        """The statuses in words."""
        return " or ".join(map(str, self.statuses))

    @property
    def saw(self) -> str:
        """Its bytes, escaped, with the broken place marked."""
        mark = f"   ({BEGIN} and {END} mark the place)" if self.broken else ""
        return f"{_clipped(shown(self.before), first=False)}{BEGIN * bool(self.broken)}{_clipped(shown(self.broken))}{END * bool(self.broken)}{_clipped(shown(self.after))}{mark}"

    def blame(self, expected: str, received: str, why: str = "") -> NoReturn:
        """Fail the check with this case; ``why`` if it is not for what is broken."""
        fail(
            f"the answer to a request with {self.name}",
            expected=expected,
            received=received,
            why=why or f"{self.why} ({self.section})",
            saw=self.saw,
        )


def marked(text: str) -> tuple[bytes, bytes, bytes]:
    """What is before the marked place, in it, and behind it; each character is a byte (ISO 8859-1)."""
    before, _, rest = text.partition(BEGIN)
    broken, _, after = rest.partition(END)
    return before.encode("latin-1"), broken.encode("latin-1"), after.encode("latin-1")


def shown(data: bytes) -> str:
    """Bytes as a person can read them: what is not printable ASCII is escaped."""
    return "".join(_ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)


async def refusal(conversation: Conversation, case: Case, *, timeout_s: float) -> Answer:
    """The answer to a case that was sent; fails the check if there is none, or its status is another."""
    try:
        answer = await conversation.answer(timeout_s)
    except (ConnectionLost, TimedOut) as failure:
        case.blame(f"an answer with status {case.wanted}", _received(failure))
    if answer.status not in case.statuses:
        case.blame(f"status {case.wanted}", _told(answer))
    return answer


async def demand_end(conversation: Conversation, case: Case, *, saw: str, timeout_s: float) -> None:
    """Nothing comes any more, and the program ends the connection."""
    received = await _next(conversation, timeout_s)
    if received is not None:
        fail(
            f"what comes behind the answer to a request with {case.name}",
            expected="the end of the connection",
            received=received,
            why="Where a broken request ends, nobody knows. What looks like the next one may be part of it, put there by an attacker (RFC 9112, 11.2).",
            saw=f"{case.saw}; {saw}",
        )


async def _next(conversation: Conversation, timeout_s: float) -> str | None:
    try:
        answer = await conversation.answer(timeout_s)
    except ConnectionLost:
        return None
    except TimedOut:
        return f"the connection is still open after {timeout_s:.0f} s"
    return f"another answer: {_told(answer)}"


def _told(answer: Answer) -> str:
    return f"{answer.line}   {understood(answer) or answer.text[:_SHOWN]}".rstrip()


def _received(failure: ConnectionLost | TimedOut) -> str:
    comparisons: Sequence[str] = [piece.received for piece in failure.evidence if isinstance(piece, Comparison)]
    return comparisons[0] if comparisons else str(failure)


def _clipped(text: str, *, first: bool = True) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}…" if first else f"…{text[-_SHOWN:]}"
