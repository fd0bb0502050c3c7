"""An answer of HTTP/1.1, whole, as it came."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NoReturn, TypeAlias

import msgspec

from climb.judge.drivers.http1.fields import Fields, Headers
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure

__all__ = ["Answer", "Blame", "Framing", "Interim", "blame_alone"]

Framing: TypeAlias = Literal["length", "chunks", "close", "none"]  # how the end of an answer was told
Blame: TypeAlias = Callable[[str, str, str, str], NoReturn]  # of a subject: expected, received, why


def blame_alone(subject: str, expected: str, received: str, why: str) -> NoReturn:
    """Raise the failure without a transcript."""
    raise Failure(subject, Comparison(subject=subject, expected=expected, received=received, why=why))


@dataclass(frozen=True)
class Interim:
    """An answer with status 1xx, such as 100 Continue: its status, its fields, and when it was whole."""

    status: int
    reason: str
    fields: Fields
    at: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, whole. Times are seconds since the check began: when it was asked for, and its first and last byte.

    ``body`` is empty if the reader was told to keep none; ``body_bytes`` and ``body_sha256`` are always those of the body that came.
    """

    about: str  # the request, as a report names it
    method: str
    version: str
    status: int
    reason: str
    fields: Fields
    trailers: Fields
    body: bytes = field(repr=False)
    body_bytes: int
    framing: Framing
    asked_at: float
    began_at: float
    ended_at: float
    digest: str | None = field(default=None, repr=False)  # of a body that was not kept
    blamed: Blame = field(default=blame_alone, repr=False, compare=False)

    @cached_property
    def headers(self) -> Headers:
        """The fields by name, in any case; those of one name are joined by a comma."""
        return Headers(self.fields)

    @property
    def seconds(self) -> float:
        """From the moment before the request was sent to the last byte of the answer."""
        return self.ended_at - self.asked_at

    @cached_property
    def body_sha256(self) -> str:
        """The SHA-256 of the body in lower-case hexadecimal digits."""
        return self.digest or hashlib.sha256(self.body).hexdigest()

    @property
    def text(self) -> str:
        """The body as UTF-8, other bytes replaced."""
        return self.body.decode(errors="replace")

    @property
    def line(self) -> str:
        """Status and reason, as a report shows them."""
        return f"{self.status} {self.reason}".strip()

    def json(self) -> Any:
        """The body as JSON; fails the check if it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.blame(
                "a JSON body", f"{self.text[:200]!r}   ({error})", "The contract answers this request with JSON."
            )

    def values(self, name: str) -> list[str]:
        """The values of all fields of this name, in order."""
        return [value for each, value in self.fields if each == name.lower()]

    def demand(self, status: int) -> None:
        """Fail the check if the answer has another status."""
        if self.status != status:
            received = f"{self.line}   {self.text[:200]}".rstrip()
            self.blame(f"status {status}", received, f"The contract answers this request with {status}.")

    def blame(self, expected: str, received: str, why: str) -> NoReturn:
        """Fail the check for this answer, with the transcript."""
        self.blamed(self.about, expected, received, why)
