"""A conversation in HTTP/1.1 over one connection, as raw as a check needs it: bytes are sent as they are, in the pieces that were asked for.

What comes back is read strictly and in the background, so each answer knows when it came. Where it breaks a rule the check fails as soon as
it asks for that answer, or for the end of the connection, with the place and the rule.

    conversation = await instance.converse("PORT")
    answer = await conversation.ask(request("GET", "/healthz", host=host))
    await conversation.send(first + second, methods=("GET", "HEAD"), cuts=(3,), pause_s=0.01)
    both = await conversation.answer(), await conversation.answer()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NoReturn, TypeAlias

from climb.counted import counted
from climb.judge.drivers.connection import IN_ORDER, PATIENCE_S, Connection, ConnectionLost
from climb.judge.drivers.http1 import Answer, AnswerReader, Asked, Interim, Spoken, Violation
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Comparison, Exchange
from climb.judge.expect import Failure
from climb.judge.tcp_table import held

__all__ = ["Conversation", "Ended"]

Ended: TypeAlias = Literal["closed", "reset"]

_TARGET_SHOWN = 60  # characters
_LOOK_S = 0.02


class Conversation:
    """One connection. Made by ``Instance.converse``, and closed with the check."""

    def __init__(
        self, recording: Recording, now: Callable[[], float], *, port: str = "PORT", keep: bool = True
    ) -> None:
        self.recording = recording
        self._now = now
        self._reader = AnswerReader(keep=keep, now=now, blamed=self._blame)
        self._taken = 0
        self._interims_taken = 0
        self._asked = 0
        self._spoken = Spoken(port)
        self._connection: Connection
        recording.by_hand = self._spoken.by_hand

    async def open(
        self,
        address: tuple[str, int],
        *,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        reading: bool = True,
    ) -> None:
        """Connect. Raises ConnectionLost or TimedOut."""
        self._connection = await Connection.open(
            address,
            self.recording,
            self._hear,
            receive_buffer=receive_buffer,
            send_buffer=send_buffer,
            reading=reading,
        )

    def __repr__(self) -> str:
        return f"Conversation({self.name!r}, {self.sent_bytes} bytes sent, {len(self.answers)} answers received)"

    # --- what is known of it ---

    @property
    def name(self) -> str:
        """What a report calls it."""
        return self.recording.peer

    @property
    def local(self) -> tuple[str, int]:
        """Our own address and port."""
        return self._connection.local

    @property
    def sent_bytes(self) -> int:
        """How many bytes the kernel has taken from us."""
        return self.recording.sent_bytes

    @property
    def received_bytes(self) -> int:
        """How many bytes have come back."""
        return self.recording.received_bytes

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All answers that are whole, those that were asked for already too."""
        return tuple(self._reader.answers)

    @property
    def interims(self) -> tuple[Interim, ...]:
        """All answers with status 1xx."""
        return tuple(self._reader.interims)

    @property
    def violation(self) -> Violation | None:
        """The rule that the answers have broken, bytes behind the last expected one included; None if they have not."""
        return self._reader.violation or self._reader.excess()

    @property
    def head_so_far(self) -> Answer | None:
        """The next answer with what has come of it by now, if its head is whole."""
        return self._next or self._reader.headed

    @property
    def body_so_far(self) -> bytes:
        """What has come of the body of the next answer; of one that is not kept, nothing."""
        answer = self._next
        return answer.body if answer is not None else self._reader.body_so_far

    @property
    def ended_at(self) -> float | None:
        """When the program ended the connection, in seconds since the check began; None if it has not."""
        return self._connection.ended_at

    # --- sending ---

    def expects(self, *methods: str) -> None:
        """The answers to these come next, in this order; then nothing, until more is sent."""
        self._reader.expects(*(self._named(method, "") for method in methods))

    async def send(
        self,
        data: bytes,
        *,
        cuts: Sequence[int] = (),
        pause_s: float = 0.0,
        methods: Sequence[str] = (),
        timeout_s: float = PATIENCE_S,
    ) -> None:
        """Send bytes, and wait for no answer. Raises ConnectionLost, or TimedOut if they are not taken.

        They are cut at these offsets, and each piece is handed to the kernel by itself, with a pause in between. ``methods`` are those
        of the requests that are answered to these bytes; without them whatever comes is read as answers to GET.
        """
        if methods:
            self.expects(*methods)
        elif not self._reader.due:
            self._reader.expects_any()
        await self._send(data, cuts, pause_s, time.monotonic() + timeout_s)

    async def send_some(self, data: bytes, *, timeout_s: float) -> int:
        """Send as much as is taken in this time or until the connection ends; how many bytes that was."""
        before = self.sent_bytes
        if not self._reader.due:
            self._reader.expects_any()
        try:
            await self._connection.send_some(data, timeout_s=timeout_s)
        except ConnectionLost:
            self.recording.failed = False  # the check reads from the number what became of it
        sent = self.sent_bytes - before
        self._note_sent(data[:sent], 0.0)
        return sent

    async def ask(
        self,
        data: bytes,
        *,
        method: str | None = None,
        cuts: Sequence[int] = (),
        pause_s: float = 0.0,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
        """Send a request, and wait for the answer to it. The method is that of the request line, or the one given.

        An answer may come before all is sent, and the program may read no more then: that is for the check to judge.
        """
        deadline = time.monotonic() + timeout_s
        self._reader.expects(self._named(method or _method(data), _line(data)))
        try:
            await self._send(data, cuts, pause_s, deadline)
        except ConnectionLost:
            if not self._ready() and self._reader.violation is None:
                raise
            self.recording.failed = False
        return await self._answer(deadline - time.monotonic())

    async def half_close(self) -> None:
        """End our sending side; what the program answers still comes."""
        self._spoken.half_closed = True
        await self._connection.half_close()

    # --- what comes back ---

    async def answer(self, timeout_s: float = PATIENCE_S) -> Answer:
        """The next answer, whole. Fails the check if it breaks a rule; raises ConnectionLost or TimedOut if none comes."""
        if not self._ready() and not self._reader.due:
            self._reader.expects(self._named("GET", ""))
        return await self._answer(timeout_s)

    async def interim(self, timeout_s: float = PATIENCE_S) -> int:
        """The status of the next interim answer, such as 100. Fails the check if the final one comes first."""
        await self._until(lambda: self._interim_ready() or self.head_so_far is not None, "an interim answer", timeout_s)
        if not self._interim_ready():
            self._final_first(self.head_so_far)
        self._interims_taken += 1
        return self._reader.interims[self._interims_taken - 1].status

    async def some(self, timeout_s: float = PATIENCE_S) -> float:
        """Wait until the next answer has begun; when its first byte came, in seconds since the check began."""
        await self._until(lambda: self._begun() is not None, "the first byte of an answer", timeout_s)
        return self._begun() or 0.0

    async def body(self, size: int, timeout_s: float = PATIENCE_S) -> bytes:
        """Wait until the body of the next answer has at least so many bytes, or is whole; what there is of it."""
        await self._until(
            lambda: self._ready() or self._reader.body_bytes >= size, f"{counted(size, 'byte')} of a body", timeout_s
        )
        return self.body_so_far

    async def ended(self, timeout_s: float = PATIENCE_S) -> Ended | None:
        """Wait until the program has ended the connection: how it did, or None if it has not.

        Fails the check if the answers break a rule, or if bytes came behind the last expected one. While the judge reads nothing, an
        end in order is only seen when nothing is left to be read before it.
        """
        deadline = time.monotonic() + timeout_s
        while (how := self._connection.unread_end()) is None:
            if not await self._connection.changed(min(deadline, time.monotonic() + _LOOK_S)):
                self._connection.look()
                if time.monotonic() > deadline and self._connection.unread_end() is None:
                    break
        if (violation := self.violation) is not None:
            self._fail(violation)
        return None if how is None else "closed" if how == IN_ORDER else "reset"

    async def let_go(self, timeout_s: float = PATIENCE_S) -> float | None:
        """Wait until no process of the program has the connection open, whatever of it is unread here.

        When that was seen, in seconds since the check began; None if it has not. It must have been accepted before.
        """
        deadline = time.monotonic() + timeout_s
        while self._connection.ended is None and held(self._connection.remote, self.local):
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(_LOOK_S)
        return self.ended_at or self._now()

    async def silent(self, for_s: float) -> bool:
        """Whether nothing comes for so long; the end of the connection is no byte."""
        before, deadline = self.received_bytes, time.monotonic() + for_s
        while self.received_bytes == before and time.monotonic() < deadline:
            if not await self._connection.changed(deadline):
                self._connection.look()
            elif self._connection.ended is not None:
                await asyncio.sleep(max(deadline - time.monotonic(), 0))
        return self.received_bytes == before

    # --- the connection ---

    def close(self) -> None:
        """Close in order."""
        self._connection.close()

    def abort(self) -> None:
        """Reset the connection."""
        self._connection.abort()

    def drop(self) -> None:
        """Close without a word, at the end of a check."""
        if hasattr(self, "_connection"):
            self._connection.drop()

    def stop_reading(self) -> None:
        """Read nothing from now on."""
        self._connection.stop_reading()

    def go_on_reading(self) -> None:
        """Read what comes, as it comes."""
        self._connection.go_on_reading()

    # --- what is told of it ---

    def note(self, text: str) -> None:
        """Write a remark into the transcript."""
        self.recording.note(text)

    def exchange(self) -> Exchange:
        """The transcript as evidence."""
        return self.recording.exchange()

    def blame(self, expected: str, received: str, why: str) -> NoReturn:
        """Fail the check for this conversation, with the transcript."""
        self._blame(self.name, expected, received, why)

    # --- inside ---

    @property
    def _next(self) -> Answer | None:
        return self._reader.answers[self._taken] if self._taken < len(self._reader.answers) else None

    def _ready(self) -> bool:
        return self._next is not None

    async def _answer(self, timeout_s: float) -> Answer:
        await self._until(self._ready, "a whole answer", timeout_s)
        self._taken += 1
        return self._reader.answers[self._taken - 1]

    def _interim_ready(self) -> bool:
        return self._interims_taken < len(self._reader.interims)

    def _begun(self) -> float | None:
        answer = self._next
        return answer.began_at if answer is not None else self._reader.begun

    def _hear(self, data: bytes) -> None:
        if data:
            self._reader.feed(data)
        else:
            self._reader.end()

    async def _send(self, data: bytes, cuts: Sequence[int], pause_s: float, deadline: float) -> None:
        edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
        for begin, end in pairwise(edges):
            if begin:
                await asyncio.sleep(pause_s)
            self._note_sent(data[begin:end], pause_s)
            await self._connection.send(data[begin:end], timeout_s=max(deadline - time.monotonic(), 0))

    async def _until(self, ready: Callable[[], bool], what: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._reader.violation is not None:
                self._fail(self._reader.violation)
            if self._connection.ended is not None:
                self._connection.lost(what, came=self._reader.progress)
            if not await self._connection.changed(deadline):
                self._connection.look()
                if not ready() and self._reader.violation is None and self._connection.ended is None:
                    self._connection.timed_out(what, timeout_s, came=self._reader.progress)

    def _fail(self, violation: Violation) -> NoReturn:
        raise Failure(violation.what, violation.comparison(), self.exchange())

    def _blame(self, subject: str, expected: str, received: str, why: str) -> NoReturn:
        comparison = Comparison(subject=subject, expected=expected, received=received, why=why)
        raise Failure(subject, comparison, self.exchange())

    def _final_first(self, answer: Answer | None) -> NoReturn:
        received = answer.line if answer is not None else "another"
        why = "Interim answers come before the final one (RFC 9110, 15.2)."
        self._blame(self.name, "an interim answer, such as 100 Continue", received, why)

    def _named(self, method: str, line: str) -> Asked:
        self._asked += 1
        return Asked(method, line or f"{self.name}, answer {self._asked}", self._now())

    def _note_sent(self, data: bytes, pause_s: float) -> None:
        self._spoken.add(data, pause_s, len(self._reader.answers) + len(self._reader.interims))


def _method(data: bytes) -> str:
    return "HEAD" if data.startswith(b"HEAD ") else "GET"


def _line(data: bytes) -> str:
    """Method and target as a report names the request; nothing if the bytes do not begin with both."""
    words = data[:400].split(b"\r\n")[0].split(b" ")
    if len(words) != 3 or not words[0] or not words[1]:
        return ""
    text = b" ".join(words[:2]).decode(errors="backslashreplace")
    return text if len(text) <= _TARGET_SHOWN else text[:_TARGET_SHOWN] + "…"
