"""What answers requests: a resource is a function of a request, with the methods it has and what it does with a body."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

import msgspec

from climb.systems.http.answer import Answer, Say, plain, with_fields
from climb.systems.http.fields import Pairs
from climb.systems.http.head import Head

__all__ = ["IGNORED", "METHODS", "AtOnce", "Body", "Digest", "Find", "Request", "Resource", "Routes", "Whole", "choose"]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


class Body(Protocol):
    """What becomes of a body, piece by piece."""

    def add(self, piece: bytes) -> None:
        """Take a piece."""


class Ignored:
    """A body that the answer does not depend on."""

    __slots__ = ()

    def add(self, piece: bytes) -> None:
        """Forget it."""


IGNORED = Ignored()


class Digest:
    """How long a body is, and its SHA-256."""

    __slots__ = ("_hash", "length")

    def __init__(self) -> None:
        self.length = 0
        self._hash = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """Count it in."""
        self.length += len(piece)
        self._hash.update(piece)

    @property
    def sha256(self) -> str:
        """The digest of all that came, in hexadecimal digits."""
        return self._hash.hexdigest()


class Whole:
    """All of a body."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, piece: bytes) -> None:
        """Keep it."""
        self.content += piece


class Request(msgspec.Struct, frozen=True):
    """A request that has come whole; ``body`` is what the resource's ``body`` made."""

    head: Head
    body: Any
    trailers: Pairs


class Resource(msgspec.Struct, frozen=True):
    """What answers at some paths. Without ``methods`` it takes all there are, and says itself which it has not.

    ``answer`` returns None if it would have to wait: for a disk, then ``in_thread`` is called, where it may; or for others that
    answer to the loop, then ``in_loop`` is.
    """

    methods: tuple[str, ...] | None
    answer: Callable[[Request], Answer | None]
    body: Callable[[], Body] = lambda: IGNORED
    in_thread: Callable[[Request], Answer] | None = None
    in_loop: Callable[[Request], Awaitable[Answer]] | None = None


Find: TypeAlias = Callable[[Head], Resource | Answer | None]
AtOnce: TypeAlias = Callable[[bytes], Answer | None]
"""The small answer to a GET of a target, if none of its fields matters and nothing has to be waited for; None for all others."""


class Routes:
    """Which resource a path leads to, by its first segment: alone, or with more behind it."""

    __slots__ = ("_alone", "_below")

    def __init__(self, *, alone: Mapping[str, Resource], below: Mapping[str, Resource]) -> None:
        self._alone = {f"/{name}".encode(): resource for name, resource in alone.items()}
        self._below = {name.encode(): resource for name, resource in below.items()}

    def find(self, head: Head) -> Resource | None:
        """Return the resource for a head. Segments are told apart before they are decoded."""
        path = head.raw_path
        found = self._alone.get(path)
        if found is not None:
            return found
        first, slash, _ = path[1:].partition(b"/")
        name = unquote_to_bytes(first) if b"%" in first else first
        return self._below.get(name) if slash else self._alone.get(b"/" + name)


def choose(head: Head, find: Find, say: Say = plain) -> Resource | Answer:
    """Return what answers a request, or the answer if no resource does."""
    found = find(head)
    if isinstance(found, Answer):
        return found
    if found is not None and not head.fields.other_expectation and (not found.methods or head.method in found.methods):
        return found
    if head.method not in METHODS:
        return say(501)
    if found is None:
        return say(404)
    if found.methods and head.method not in found.methods:
        return say(405, fields=with_fields(("Allow", ", ".join(found.methods))))
    return say(417)
