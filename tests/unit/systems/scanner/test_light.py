"""Our named tuples are those of ``typing``."""

from __future__ import annotations

import typing

import pytest

from climb.systems.scanner.light import NamedTuple
from climb.systems.scanner.model import Found, Http, State


class Ours(NamedTuple):
    """A pair."""

    first: int
    second: str = "two"

    @property
    def both(self) -> str:
        return f"{self.first} {self.second}"


class Theirs(typing.NamedTuple):
    """A pair."""

    first: int
    second: str = "two"

    @property
    def both(self) -> str:
        return f"{self.first} {self.second}"


def test_they_look_like_those_of_typing() -> None:
    """Fields, defaults, annotations, documentation, methods, representation."""
    ours, theirs = Ours(1), Theirs(1)

    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    assert Ours.__annotations__.keys() == Theirs.__annotations__.keys()
    assert (Ours.__doc__, Ours.__module__, Ours.__bases__) == (Theirs.__doc__, Theirs.__module__, Theirs.__bases__)
    assert (ours.both, repr(ours)) == (theirs.both, repr(theirs).replace("Theirs", "Ours"))


def test_a_finding_is_a_value() -> None:
    """Equal if its fields are, fit for sets, and never changed."""
    one, same = (Found(host="h", port=80, state=State.OPEN, http=Http(status=200)) for _ in range(2))

    assert one == same
    assert {one, same} == {one}
    assert repr(one).startswith("Found(host='h', port=80, state=<State.OPEN: 'open'>, rtt_ms=None")
    with pytest.raises(AttributeError):
        one.port = 81  # type: ignore[misc]
