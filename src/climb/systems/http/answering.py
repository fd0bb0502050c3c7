"""The answer to a request, from asking a resource for it to its last byte on the way.

Most answers are there at once and written at once. Some come from a thread, since a disk had to be waited for; some are long, and
go out piece by piece as the client takes them. A connection has one answer under way at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from climb.systems.http.answer import CONTINUE, Answer, encode, has_more
from climb.systems.http.folder import OutOfFilesError
from climb.systems.http.head import Head
from climb.systems.http.output import Output
from climb.systems.http.refusal import Refusal
from climb.systems.http.resource import Request, Resource
from climb.systems.http.sending import Piece, sending
from climb.systems.http.shared import Shared

__all__ = ["Answering"]

_AGAIN_S = 0.05  # until a file is tried once more, when there is no descriptor left
_TRIES = 100


class _UnderWay(Protocol):
    def go_on(self) -> None:
        """The client takes more."""

    def stop(self) -> None:
        """Nobody waits for it any more."""


class Answering:
    """Answers the requests of one connection. What is not written at once ends with a call of ``ended``: was it sent whole?"""

    __slots__ = ("_ended", "_output", "_shared", "_under_way", "closes")

    def __init__(self, shared: Shared, output: Output, ended: Callable[[bool], None]) -> None:
        self._shared = shared
        self._output = output
        self._ended = ended
        self._under_way: _UnderWay | None = None
        self.closes = False  # the last answer said that the connection ends

    @property
    def is_under_way(self) -> bool:
        """Tell whether an answer is still to come, or to be sent."""
        return self._under_way is not None

    def answer(self, request: Request, resource: Resource) -> bool:
        """Answer a request; tell whether that is done."""
        answer: Answer | None
        try:
            answer = resource.answer(request)
        except Exception as error:  # a mistake in one resource ends no connection
            self._shared.tell(error)
            answer = self._shared.say(500)
        if answer is not None:
            return self.say(answer, request.head)
        asked: _Asked | _Awaited
        if resource.in_loop is not None:
            asked = _Awaited(self._shared, resource.in_loop, request, self._say_later)
        elif resource.in_thread is not None:
            asked = _Asked(self._shared, resource.in_thread, request, self._say_later)
        else:
            return self.say(self._shared.say(503), request.head)
        self._under_way = asked
        asked.ask()
        return False

    def say(self, answer: Answer, head: Head) -> bool:
        """Send an answer, or begin to; tell whether that is done."""
        shared, content = self._shared, answer.content
        self.closes = head.closes or shared.stopping
        bodiless = head.method == "HEAD"
        opening = shared.opening.of(answer.status)
        self._output.put(encode(opening, answer, minor=head.minor, closes=self.closes, bodiless=bodiless))
        if shared.answered is not None:
            shared.answered(head, answer)
        if isinstance(content, (bytes, bytearray)):
            if not bodiless and has_more(answer):
                self._output.put(content)
            return True
        if bodiless:
            _let_go(answer)
            return True
        self._under_way = under_way = sending(
            content,
            chunked=head.minor > 0,
            in_thread=shared.in_thread,
            loop=shared.loop,
            write=self._write_piece,
            send=self._output.send,
            done=self._sent,
        )
        under_way.begin()
        return False

    def say_continue(self) -> None:
        """Tell a client to send its body."""
        self._output.put(CONTINUE)

    def refuse(self, refusal: Refusal, head: Head | None, *, bodiless: bool) -> None:
        """Answer what is no request."""
        answer = self._shared.say(refusal.status, f"{refusal.status}: {refusal.why}")
        if self._shared.answered is not None:
            self._shared.answered(head, answer)
        self._output.put(encode(self._shared.opening.of(answer.status), answer, closes=True, bodiless=bodiless))

    def go_on(self) -> None:
        """Send more, since the client takes more."""
        if self._under_way is not None:
            self._under_way.go_on()

    def stop(self) -> None:
        """Forget the answer, since nobody is there to get it."""
        self._ended = _nobody
        if self._under_way is not None:
            self._under_way.stop()
            self._under_way = None

    def _say_later(self, answer: Answer, head: Head) -> None:
        self._under_way = None
        if self.say(answer, head):
            self._ended(True)

    def _write_piece(self, piece: Piece) -> bool:
        self._output.put(piece)
        self._output.flush()
        return not self._output.paused

    def _sent(self, whole: bool) -> None:
        self._under_way = None
        self._ended(whole)


def _nobody(_: bool) -> None:
    pass


class _Asked:
    """A request that a thread answers; again and again while there is no descriptor for the file."""

    def __init__(
        self,
        shared: Shared,
        in_thread: Callable[[Request], Answer],
        request: Request,
        then: Callable[[Answer, Head], None],
    ) -> None:
        self._shared = shared
        self._in_thread = in_thread
        self._request = request
        self._then = then
        self._tries = _TRIES
        self._over = False

    def ask(self) -> None:
        if not self._over:
            self._shared.in_thread(lambda: self._in_thread(self._request), self._got)

    def _got(self, answer: Answer | BaseException) -> None:
        if self._over:
            if isinstance(answer, Answer):
                _let_go(answer)
        elif isinstance(answer, Answer):
            self._then(answer, self._request.head)
        elif not isinstance(answer, OutOfFilesError):
            self._shared.tell(answer)
            self._then(self._shared.say(500), self._request.head)
        elif self._tries:
            self._tries -= 1
            self._shared.loop.call_later(_AGAIN_S, self.ask)
        else:
            self._then(self._shared.say(503), self._request.head)

    def go_on(self) -> None:
        """It does not depend on the client."""

    def stop(self) -> None:
        self._over = True


class _Awaited:
    """A request that a task of the loop answers."""

    def __init__(
        self,
        shared: Shared,
        in_loop: Callable[[Request], Awaitable[Answer]],
        request: Request,
        then: Callable[[Answer, Head], None],
    ) -> None:
        self._shared = shared
        self._in_loop = in_loop
        self._request = request
        self._then = then
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        self._task = self._shared.loop.create_task(self._ask())

    async def _ask(self) -> None:
        try:
            answer = await self._in_loop(self._request)
        except Exception as error:  # a mistake in one resource ends no connection
            self._shared.tell(error)
            answer = self._shared.say(500)
        self._then(answer, self._request.head)

    def go_on(self) -> None:
        """It does not depend on the client."""

    def stop(self) -> None:
        """What was begun goes on, since others may see what it does; its answer is for nobody."""
        self._then = _unsaid


def _unsaid(answer: Answer, _: Head) -> None:
    _let_go(answer)


def _let_go(answer: Answer) -> None:
    """Close what an answer holds, when it is not sent."""
    close = getattr(answer.content, "close", None)
    if close is not None:
        close()
