"""Bytes in, answers out: the strict reader of a connection on which one or many requests were sent.

It takes bytes in any pieces and is never further than they are. Each byte is looked at once, and a body is either kept or only hashed and
counted, so a large answer costs no more than its bytes. Where an answer ends depends on its request: the reader is told the methods in
the order in which they were sent. Nothing of an answer is forgiven, but for one thing that the reader can't know: whether the bytes behind
the last expected answer are too many. They are kept aside until another answer is expected, or the connection has ended.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import msgspec

from climb.judge.drivers.http1.answers import Answer, Blame, Framing, Interim, blame_alone
from climb.judge.drivers.http1.aside import Aside, why_ended
from climb.judge.drivers.http1.drafts import TAIL, Asked, Body, Draft, plain
from climb.judge.drivers.http1.framing import Misplaced, ending
from climb.judge.drivers.http1.grammar import begins_status_line, chunk_size, field_line, status_line, without_end
from climb.judge.drivers.http1.violations import Broken, Violation

__all__ = ["AnswerReader"]

_LONGEST_HEAD = 256 * 1024  # the largest limit of common clients (curl's, for one line and for all of the head)
_LONGEST_CHUNK_LINE = 16 * 1024


class AnswerReader:
    """Reads the answers to requests of these methods. ``keep`` is whether bodies are kept; ``on_body`` gets their bytes instead."""

    def __init__(
        self,
        *methods: str | Asked,
        keep: bool = True,
        now: Callable[[], float] = time.monotonic,
        on_body: Callable[[bytes], None] | None = None,
        blamed: Blame = blame_alone,
    ) -> None:
        self.answers: list[Answer] = []
        self.interims: list[Interim] = []
        self.violation: Violation | None = None
        self.keep = keep
        self._now = now
        self._on_body = on_body
        self._blamed = blamed
        self._due: deque[Asked] = deque()
        self._any = False  # whether answers that nobody announced are read as such
        self._draft: Draft | None = None
        self._state: Callable[[bytes, int], int] = self._read_head
        self._states: dict[Framing, Callable[[bytes, int], int]] = {
            "length": self._read_length,
            "chunks": self._read_chunk_size,
            "close": self._read_to_the_end,
            "none": self._read_head,
        }
        self._line = bytearray()
        self._line_at = 0
        self._left = 0  # bytes of the body or of the chunk that are still to come
        self._base = 0  # offset on the connection of the bytes being read
        self._at = 0.0
        self._aside = Aside()
        self.expects(*methods)

    def __repr__(self) -> str:
        return f"AnswerReader({len(self.answers)} answers, {len(self._due)} due)"

    # --- what is expected ---

    def expects(self, *methods: str | Asked) -> None:
        """Answers to these come next, behind those that are due already."""
        now = self._now()
        self._due.extend(_asked(method, now) for method in methods)
        if methods:
            self._any = False
            self._take_back()

    def expects_any(self) -> None:
        """Bytes were sent of which nobody says how many answers they ask for: whatever comes is read as answers to GET."""
        self._any = True
        self._take_back()

    @property
    def due(self) -> int:
        """How many expected answers are not whole."""
        return len(self._due) + (self._draft is not None)

    # --- what came ---

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that are whole with these bytes."""
        self._at = self._now()
        before = len(self.answers)
        self._feed(data)
        return self.answers[before:]

    def end(self) -> list[Answer]:
        """The connection has ended in order; the answer that this makes whole, if one is under way that ends so."""
        draft = self._draft
        if self.violation is None and draft is not None and draft.ending.framing == "close" and draft.headed:
            self._at = self._now()
            self._finish(draft)
            return self.answers[-1:]
        return []

    @property
    def begun(self) -> float | None:
        """When the first byte came of the answer that is under way; None if none is."""
        return self._draft.began_at if self._draft is not None else None

    @property
    def body_so_far(self) -> bytes:
        """What has come of the body under way, if it is kept."""
        return bytes(self._draft.body.kept) if self._draft is not None else b""

    @property
    def body_bytes(self) -> int:
        """How many bytes have come of the body under way."""
        return self._draft.body.size if self._draft is not None else 0

    @property
    def headed(self) -> Answer | None:
        """The answer under way as far as it has come, if its head is whole."""
        draft = self._draft
        return draft.answer(self._at, self._blamed) if draft is not None and draft.headed else None

    @property
    def progress(self) -> str:
        """How far the answer under way has come, in words."""
        if self._draft is None:
            return "no byte of it"
        return self._draft.progress(self._left)

    def excess(self) -> Violation | None:
        """What came behind the last answer that was expected, if anything did."""
        return self._aside.violation(self._last)

    # --- reading ---

    def _feed(self, data: bytes) -> None:
        at = 0
        try:
            while at < len(data) and self.violation is None:
                at = self._state(data, at)
        except Misplaced as error:
            self._break(error.broken, error.field.at, error.field.line)
        except Broken as error:
            self._break(error, self._line_at, self._draft.lines if self._draft is not None else 0)
        self._base += len(data)

    def _break(self, broken: Broken, at: int, line: int) -> None:
        about = self._draft.asked.about if self._draft is not None else "an answer"
        self.violation = broken.placed(about=about, at=at, line=line)

    def _read_head(self, data: bytes, at: int) -> int:
        draft = self._draft
        if draft is None:
            if not self._due and not self._any:
                return self._put_aside(data, at)
            draft = self._begin()
        if not draft.status and not draft.lines:
            draft.lines = 1
        end = self._take_line(data, at, _LONGEST_HEAD - draft.head_bytes, "a head")
        if not draft.status:
            begins_status_line(bytes(self._line[:200]), self._before)
        if self._line.endswith(b"\n"):
            self._end_head_line(draft, self._whole_line())
        return end

    def _begin(self) -> Draft:
        asked = self._due.popleft() if self._due else Asked("GET", f"answer {len(self.answers) + 1}", self._at)
        self._draft = Draft(asked, self._at, Body(self.keep, self._on_body))
        return self._draft

    def _end_head_line(self, draft: Draft, raw: bytes) -> None:
        draft.head_bytes += len(raw)
        line = without_end(raw, "the head")
        if not draft.status:
            draft.version, draft.status, draft.reason = status_line(line, self._before)
            if draft.status == 101:
                raise _nobody_asked(line)
        elif line:
            field = field_line(line, "the head")
            draft.fields.append(msgspec.structs.replace(field, line=draft.lines, at=self._line_at))
        else:
            self._end_head(draft)
            return
        draft.lines += 1

    def _end_head(self, draft: Draft) -> None:
        draft.ending = ending(draft.asked.method, draft.version, draft.status, draft.fields)
        if draft.status < 200:
            self._end_interim(draft)
            return
        draft.headed = True
        self._left = draft.ending.length
        self._state = self._states[draft.ending.framing]
        if draft.ending.framing == "none" or (draft.ending.framing == "length" and not self._left):
            self._finish(draft)

    def _end_interim(self, draft: Draft) -> None:
        self.interims.append(Interim(draft.status, draft.reason, plain(draft.fields), self._at))
        self._due.appendleft(draft.asked)
        self._draft = None

    def _read_length(self, data: bytes, at: int) -> int:
        end = self._take_body(data, at)
        if not self._left and self._draft is not None:
            self._finish(self._draft)
        return end

    def _read_to_the_end(self, data: bytes, at: int) -> int:
        self._left = len(data) - at
        return self._take_body(data, at)

    def _read_chunk_size(self, data: bytes, at: int) -> int:
        end = self._take_line(data, at, _LONGEST_CHUNK_LINE, "the line of a chunk's size")
        if self._line.endswith(b"\n"):
            draft = self._in_chunks
            draft.lines = 0
            self._left = chunk_size(without_end(self._whole_line(), "chunks"))
            draft.last_chunk = not self._left
            self._state = self._read_trailers if draft.last_chunk else self._read_chunk
        return end

    def _read_chunk(self, data: bytes, at: int) -> int:
        end = self._take_body(data, at)
        if not self._left:
            self._state = self._read_chunk_end
        return end

    def _read_chunk_end(self, data: bytes, at: int) -> int:
        if not self._line:
            self._line_at = self._base + at
        self._line += data[at : at + 2 - len(self._line)]
        if not b"\r\n".startswith(self._line):
            tail = bytes(self._in_chunks.body.kept[-TAIL:])
            self._line_at -= len(tail)
            raise _no_chunk_end(tail, bytes(self._line))
        if len(self._line) < 2:
            return at + 1
        end = at + (2 if data[at] == 0x0D else 1)
        self._line.clear()
        self._state = self._read_chunk_size
        return end

    def _read_trailers(self, data: bytes, at: int) -> int:
        draft = self._in_chunks
        end = self._take_line(data, at, _LONGEST_HEAD - draft.head_bytes, "trailers")
        if self._line.endswith(b"\n"):
            raw = self._whole_line()
            draft.head_bytes += len(raw)
            line = without_end(raw, "the trailers")
            if line:
                draft.trailers.append(field_line(line, "the trailers"))
            else:
                self._finish(draft)
        return end

    @property
    def _in_chunks(self) -> Draft:
        assert self._draft is not None
        return self._draft

    def _take_line(self, data: bytes, at: int, room: int, what: str) -> int:
        """Add bytes to the line, up to and with its LF."""
        if not self._line:
            self._line_at = self._base + at
        found = data.find(b"\n", at)
        end = len(data) if found < 0 else found + 1
        self._line += data[at:end]
        if len(self._line) > room:
            raise _too_long(bytes(self._line), what)
        return end

    def _whole_line(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _take_body(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self._in_chunks.body.take(piece)
        self._left -= len(piece)
        return at + len(piece)

    def _finish(self, draft: Draft) -> None:
        self.answers.append(draft.answer(self._at, self._blamed))
        self._draft = None
        self._state = self._read_head

    # --- what nobody expected ---

    def _put_aside(self, data: bytes, at: int) -> int:
        self._aside.add(data[at:], self._base + at, self._at)
        return len(data)

    def _take_back(self) -> None:
        """Read what was put aside: more is expected now."""
        aside = self._aside
        if not aside.size or self.violation is not None:
            return
        if aside.size > len(aside.kept):  # too much to be an answer that came a little early
            self.violation = self.excess()
            return
        self._aside = Aside()
        end, self._base, self._at = self._base, aside.at, aside.came_at
        self._feed(bytes(aside.kept))
        assert self._base == end

    @property
    def _last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def _before(self) -> str:
        """What stood before the answer that does not begin as one."""
        return why_ended(self._last) if self._last is not None else ""


def _asked(method: str | Asked, now: float) -> Asked:
    return method if isinstance(method, Asked) else Asked(method, f"the answer to {method}", now)


def _nobody_asked(line: bytes) -> Broken:
    return Broken(
        "101 without a request for it",
        expected="an answer to the request",
        text=line,
        start=9,
        length=3,
        section="RFC 9110, 15.2.2",
        why="A server changes the protocol only if the client asked for that with Upgrade.",
    )


def _no_chunk_end(tail: bytes, text: bytes) -> Broken:
    """``tail`` is the end of the chunk; of ``text`` only what is wrong for sure is shown, however much of it came at once."""
    wrong = 1 if text.startswith(b"\r") else 0
    return Broken(
        "a chunk that does not end where its size says",
        expected="CRLF right behind the bytes of the chunk",
        text=tail + text[: wrong + 1],
        start=len(tail) + wrong,
        section="RFC 9112, 7.1",
        why="The size counts the bytes of the chunk, no more and no fewer: not characters, and not the CRLF behind them.",
    )


def _too_long(text: bytes, what: str) -> Broken:
    return Broken(
        f"{what} without end",
        expected=f"the end of {what}",
        text=text,
        start=len(text) - 1,
        section="RFC 9110, 5.4",
        why="Clients keep this in memory until it is whole, so they read only so much of it.",
    )
