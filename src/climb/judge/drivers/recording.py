"""The transcript of one connection, kept while it happens: the judge never talks to a program without one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from climb.judge.evidence import Exchange, Message

__all__ = ["Recording"]

_FIRST = 12
_LAST = 60
_TEXT = 400  # bytes of a step
_LOOKED_AT = 16 * _TEXT


class Recording:
    """Both directions of one connection with times and byte offsets. Of a long one the first and the last steps are kept."""

    def __init__(self, peer: str, now: Callable[[], float]) -> None:
        self.peer = peer
        self.sent_bytes = 0
        self.received_bytes = 0
        self.last_at = now()
        self.failed = False  # whether something that should come over this connection did not
        self.by_hand: Callable[[], str] = str  # a line for a shell that says the same; nothing if there is none
        self.shortened: Callable[[bytes], bytes] = bytes  # what is shown of a step instead of long tokens
        self._now = now
        self._first: list[Message] = []
        self._last: deque[Message] = deque(maxlen=_LAST)
        self._count = 0

    def sent(self, data: bytes | memoryview) -> None:
        """The kernel has taken these bytes from us."""
        self._add("sent", self.sent_bytes, len(data), data)
        self.sent_bytes += len(data)

    def received(self, data: bytes) -> None:
        """These bytes came from the program."""
        self._add("received", self.received_bytes, len(data), data)
        self.received_bytes += len(data)

    def note(self, text: str) -> None:
        """Something happened to the connection, or was done to it."""
        self._add("note", self.sent_bytes, 0, text.encode())

    def exchange(self) -> Exchange:
        """The transcript as evidence."""
        return Exchange(
            peer=self.peer,
            messages=(*self._first, *self._last),
            left_out=self._count - len(self._first) - len(self._last),
            gap=len(self._first),
            sent_bytes=self.sent_bytes,
            received_bytes=self.received_bytes,
            by_hand=self.by_hand(),
        )

    def _add(self, direction: str, offset: int, size: int, data: bytes | memoryview) -> None:
        self.last_at = self._now()
        text = self.shortened(bytes(data[:_LOOKED_AT]))[:_TEXT].decode(errors="backslashreplace")
        message = Message(direction=direction, at=round(self.last_at, 4), offset=offset, size=size, text=text)
        self._count += 1
        if len(self._first) < _FIRST:
            self._first.append(message)
        else:
            self._last.append(message)
