"""One request over a connection, and the strict reader of the answer to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

from climb.judge.drivers.connection import Connection
from climb.judge.drivers.http1 import Answer, AnswerReader, Asked
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure

__all__ = ["Asking"]


class Asking:
    """One request and the strict reader of the answer to it."""

    def __init__(
        self,
        recording: Recording,
        method: str,
        now: Callable[[], float],
        on_body: Callable[[bytes], None] | None = None,
    ) -> None:
        self.recording = recording
        self.reader = AnswerReader(Asked(method, recording.peer, now()), now=now, on_body=on_body, blamed=self._blame)

    def hear(self, data: bytes) -> None:
        """The next bytes; none at the end of the connection."""
        if data:
            self.reader.feed(data)
        else:
            self.reader.end()

    @property
    def headed(self) -> Answer | None:
        """The answer, once its head is whole."""
        return self.reader.answers[0] if self.reader.answers else self.reader.headed

    def done(self) -> bool:
        """Whether the answer is whole; fails the check if it has broken a rule."""
        self._demand_valid()
        return bool(self.reader.answers)

    def demand_nothing_behind(self) -> None:
        """Fail the check if bytes came behind the answer, or if it has broken a rule."""
        self._demand_valid()
        if (excess := self.reader.excess()) is not None:
            raise Failure(excess.what, excess.comparison(), self.recording.exchange())

    async def until(self, connection: Connection, ready: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait until ``ready``. Fails the check if the answer breaks a rule; raises ConnectionLost or TimedOut."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            self._demand_valid()
            if connection.ended is not None:
                connection.lost(what, came=self.reader.progress)
            if not await connection.changed(deadline):
                connection.look()
                if not ready() and self.reader.violation is None and connection.ended is None:
                    connection.timed_out(what, timeout_s, came=self.reader.progress)

    def _demand_valid(self) -> None:
        violation = self.reader.violation
        if violation is not None:
            raise Failure(violation.what, violation.comparison(), self.recording.exchange())

    def _blame(self, subject: str, expected: str, received: str, why: str) -> NoReturn:
        comparison = Comparison(subject=subject, expected=expected, received=received, why=why)
        raise Failure(subject, comparison, self.recording.exchange())
