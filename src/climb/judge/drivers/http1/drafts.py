"""An answer under way: what was asked, and what has come of the answer by now."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from climb.counted import counted
from climb.judge.drivers.http1.answers import Answer, Blame
from climb.judge.drivers.http1.fields import Fields
from climb.judge.drivers.http1.framing import Ending
from climb.judge.drivers.http1.grammar import FieldLine

__all__ = ["TAIL", "Asked", "Body", "Draft", "plain"]

TAIL = 24  # bytes shown of what was right before what is wrong


class Asked(msgspec.Struct, frozen=True):
    """A request whose answer is due: its method, what a report calls it, and when it was sent."""

    method: str
    about: str
    at: float = 0.0


class Body:
    """A body on its way: kept, handed on, or hashed and counted."""

    def __init__(self, keep: bool, hand_on: Callable[[bytes], None] | None) -> None:
        self.kept = bytearray()
        self.size = 0
        self._digest = None if keep or hand_on is not None else hashlib.sha256()
        self.take_in = hand_on or (self._digest.update if self._digest is not None else self.kept.extend)

    def take(self, piece: bytes) -> None:
        """The next bytes."""
        self.size += len(piece)
        self.take_in(piece)

    def digest(self) -> str | None:
        """The hash of a body that was only hashed."""
        return None if self._digest is None else self._digest.hexdigest()


class Draft:
    """An answer under way."""

    def __init__(self, asked: Asked, began_at: float, body: Body) -> None:
        self.asked = asked
        self.began_at = began_at
        self.body = body
        self.lines = 0  # the number of the line that is read, in the head
        self.head_bytes = 0
        self.version, self.status, self.reason = "", 0, ""
        self.fields: list[FieldLine] = []
        self.trailers: list[FieldLine] = []
        self.ending = Ending("none")
        self.headed = False
        self.last_chunk = False  # whether it has come; trailers and an empty line follow

    def answer(self, at: float, blamed: Blame) -> Answer:
        """The answer, as far as it has come."""
        return Answer(
            about=self.asked.about,
            method=self.asked.method,
            version=self.version,
            status=self.status,
            reason=self.reason,
            fields=plain(self.fields),
            trailers=plain(self.trailers),
            body=bytes(self.body.kept),
            body_bytes=self.body.size,
            framing=self.ending.framing,
            asked_at=self.asked.at,
            began_at=self.began_at,
            ended_at=at,
            digest=self.body.digest(),
            blamed=blamed,
        )

    def progress(self, left: int) -> str:
        """How far it has come, in words."""
        if not self.headed:
            return (
                f"the first {counted(self.head_bytes, 'byte')} of its head"
                if self.status
                else "the beginning of its head"
            )
        size, framing = self.body.size, self.ending.framing
        if framing == "length":
            return f"its head, and {size:,} of {counted(size + left, 'byte')} of its body"
        if framing == "close":
            return f"its head, and {counted(size, 'byte')} of its body"
        missing = "the empty line at the end" if self.last_chunk else "the last one"
        return f"its head, and {counted(size, 'byte')} of its body in chunks, without {missing}"


def plain(fields: Sequence[FieldLine]) -> Fields:
    """Names and values, without the lines that they came from."""
    return tuple((field.name, field.value) for field in fields)
