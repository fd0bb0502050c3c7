"""Requests out of bytes: incremental, strict, and without a socket or a clock.

Bytes are fed in whatever pieces they come; :meth:`Parser.next` gives one event after the other, and ``None`` when more bytes are
needed. It goes on only when it is asked, so requests that come early wait as bytes, and who reads is never given more than was
asked for. Where bytes are cut makes no difference: what is judged is always the same stretch of them.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from climb.systems.http.fields import CHUNKED, Pairs, pairs_of
from climb.systems.http.grammar import BARE_END, EMPTY_LINES, FIELD_LINES, VALUE
from climb.systems.http.head import PLAIN, Head, plain_head, read_head
from climb.systems.http.refusal import Refusal

__all__ = ["LONGEST_SIZE_LINE", "End", "Event", "Parser"]

LONGEST_SIZE_LINE = 4096  # a chunk's size and extension, without CRLF
_CR, _LF = b"\r\n"

_EXTENSION = rb"(?:[ \t]*+;" + VALUE + rb")?+"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16}+)" + _EXTENSION + rb"\r\n")
_PART_OF_ONE = re.compile(rb"(?:[0-9A-Fa-f]{1,16}+(?:[ \t]*+|[ \t]*+;" + VALUE + rb")\r?)?")

_HEAD, _LENGTH, _SIZE, _DATA, _DATA_END, _TRAILERS, _REFUSED = range(7)


class End(msgspec.Struct, frozen=True):
    """A body has ended; ``trailers`` came behind its chunks."""

    trailers: Pairs


Event: TypeAlias = Head | bytes | End
_PLAIN_END = End([])


class Parser:
    """The requests of one connection. A head without a body is a request; with one, pieces of it follow, and an :class:`End`."""

    __slots__ = ("_body", "_body_limit", "_buffer", "_head_limit", "_left", "_pos", "_scanned", "_state")

    def __init__(self, head_limit: int, body_limit: int) -> None:
        self._head_limit = head_limit
        self._body_limit = body_limit
        self._buffer: bytes | bytearray = b""
        self._pos = 0  # what is before it has been read
        self._scanned = 0  # no line end before it is wrong, nor is it the last of the head
        self._state = _HEAD
        self._left = 0  # of the body or the chunk
        self._body = 0  # bytes of chunks

    @property
    def waiting(self) -> int:
        """How many bytes were fed and not read."""
        return len(self._buffer) - self._pos

    @property
    def within(self) -> bool:
        """Tell whether a request has begun and not ended: some of its head is there, or its body is due."""
        return self._state != _HEAD or self._scanned > 0

    @property
    def asks_for_head(self) -> bool:
        """Tell whether what has come of a head begins as a HEAD request does, whose answer has no body."""
        return self._state == _HEAD and self._buffer.startswith(b"HEAD ", self._pos)

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        if self._pos == len(self._buffer):
            self._buffer = data
            self._pos = 0
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(memoryview(self._buffer)[self._pos :])
        else:
            del self._buffer[: self._pos]
        self._scanned = max(self._scanned - self._pos, 0)
        self._pos = 0
        self._buffer += data

    def next(self) -> Event | None:
        """Return what comes next, or None if it has not come whole; raise :class:`Refusal` once, and nothing comes after it."""
        state = self._state
        if state == _HEAD and self._pos == len(self._buffer):
            return None
        try:
            if state == _HEAD:
                return self._read_head()
            if state == _LENGTH:
                return self._read_piece(_LENGTH) if self._left else self._ended(_PLAIN_END)
            return self._read_chunks()
        except Refusal as refusal:
            refusal.bodiless = self.asks_for_head
            self._state = _REFUSED
            self._buffer, self._pos = b"", 0
            raise

    def _read_head(self) -> Head | None:
        buffer, start = self._buffer, self._pos
        if not self._scanned:  # else this was tried before, in vain
            match = PLAIN.match(buffer, start)
            if match is not None and match.end() - start <= self._head_limit:
                return self._begun(plain_head(match), match.end())
            if buffer[start] == _CR:
                empty = EMPTY_LINES.match(buffer, start)
                assert empty is not None
                self._pass(empty.end())
                buffer, start = self._buffer, self._pos
                if buffer[start:] in (b"", b"\r"):
                    return None
        limit = start + self._head_limit
        seen = max(self._scanned, start)
        end = buffer.find(b"\r\n\r\n", max(seen - 3, start), limit)
        if end < 0:
            self._hold(start, limit, seen, "the head")
            return None
        return self._begun(read_head(bytes(buffer[start : end + 4])), end + 4)

    def _begun(self, head: Head, end: int) -> Head:
        """Be done with a head, and expect what comes behind it."""
        if head.length > self._body_limit:
            raise self._too_long()
        self._pass(end)
        if head.length:
            self._state, self._left, self._body = (_SIZE if head.length == CHUNKED else _LENGTH), head.length, 0
        return head

    def _hold(self, start: int, limit: int, seen: int, what: str) -> None:
        """Wait for the rest of lines that fields may be, unless they are wrong or too long already."""
        buffer = self._buffer
        # At its beginning a line feed is alone, whatever ended the request before.
        if buffer[start] == _LF or BARE_END.search(buffer, max(seen - 1, start), limit):
            raise Refusal(400, "a line that does not end with CRLF, or a CR within one")
        if len(buffer) >= limit:
            if self._state == _HEAD and buffer.find(b"\r\n", start, limit) < 0:
                raise Refusal(414, f"the request line alone is longer than {self._head_limit} bytes")
            raise Refusal(431, f"{what} is longer than {self._head_limit} bytes")
        self._scanned = len(buffer)

    def _pass(self, end: int) -> None:
        """Be done with all before ``end``."""
        self._scanned = 0
        if end == len(self._buffer):
            self._buffer, self._pos = b"", 0
        else:
            self._pos = end

    # --- bodies ------------------------------------------------------------------------------------------------------

    def _too_long(self) -> Refusal:
        return Refusal(413, f"the body is longer than {self._body_limit} bytes")

    def _read_piece(self, state: int) -> bytes | None:
        """Return what is there of a body or a chunk, and go on with ``state`` when it is whole."""
        buffer, pos = self._buffer, self._pos
        if pos == len(buffer):
            return None
        end = min(pos + self._left, len(buffer))
        piece = bytes(buffer[pos:end])
        self._left -= end - pos
        self._pass(end)
        if not self._left:
            self._state = state
        return piece

    def _ended(self, end: End) -> End:
        self._state = _HEAD
        return end

    # --- chunks ------------------------------------------------------------------------------------------------------

    def _read_chunks(self) -> Event | None:
        if self._state == _DATA:
            return self._read_piece(_DATA_END)
        if self._state == _DATA_END and not self._read_data_end():
            return None
        if self._state == _SIZE and not self._read_size():
            return None
        if self._state == _DATA:
            return self._read_piece(_DATA_END)
        return self._read_trailers() if self._state == _TRAILERS else None

    def _read_data_end(self) -> bool:
        two = self._buffer[self._pos : self._pos + 2]
        if two == b"\r\n":
            self._pass(self._pos + 2)
            self._state = _SIZE
            return True
        if two in (b"", b"\r"):
            return False
        raise Refusal(400, "a chunk that is not followed by CRLF")

    def _read_size(self) -> bool:
        buffer, pos = self._buffer, self._pos
        match = _SIZE_LINE.match(buffer, pos)
        if match is None:
            limit = pos + LONGEST_SIZE_LINE + 1  # with its CR
            if _PART_OF_ONE.fullmatch(buffer, pos, limit) is None:
                raise Refusal(400, "a chunk's size is not 1 to 16 hexadecimal digits and an extension")
            if len(buffer) > limit:
                raise Refusal(400, f"a chunk's size and extension are longer than {LONGEST_SIZE_LINE} bytes")
            return False
        end = match.end()
        if end - 2 - pos > LONGEST_SIZE_LINE:
            raise Refusal(400, f"a chunk's size and extension are longer than {LONGEST_SIZE_LINE} bytes")
        size = int(match[1], 16)
        self._body += size
        if self._body > self._body_limit:
            raise self._too_long()
        self._pass(end)
        self._left = size
        self._state = _DATA if size else _TRAILERS
        return True

    def _read_trailers(self) -> End | None:
        buffer, start = self._buffer, self._pos
        if start == len(buffer):
            return None
        if buffer.startswith(b"\r\n", start):
            self._pass(start + 2)
            return self._ended(_PLAIN_END)
        limit = start + self._head_limit
        seen = max(self._scanned, start)
        end = buffer.find(b"\r\n\r\n", max(seen - 3, start), limit)
        if end < 0:
            self._hold(start, limit, seen, "what follows the chunks")
            return None
        block = bytes(buffer[start : end + 2])
        if BARE_END.search(block) or not FIELD_LINES.fullmatch(block):
            raise Refusal(400, "a trailer that is no field")
        self._pass(end + 4)
        return self._ended(End(pairs_of(block)))
