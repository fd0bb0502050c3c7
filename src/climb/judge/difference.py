"""Say exactly how two values differ, in a few lines that a person can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set as AbstractSet
from typing import Any, NamedTuple, TypeGuard

import msgspec

__all__ = ["Difference", "compare", "show"]

_MANY = 12  # more members than this are counted rather than listed


class Difference(NamedTuple):
    """The two values as text, the lines that tell them apart, and where to point in ``received``."""

    expected: str
    received: str
    lines: tuple[str, ...]
    mark: tuple[int, int] | None


def show(value: object) -> str:
    """A value as a learner would meet it: JSON where there is such a form."""
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, AbstractSet):
        return _show_members(sorted(value, key=_natural))
    if isinstance(value, bytes):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{show(str(key))}: {show(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return _show_members(value)
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, OverflowError, msgspec.MsgspecError):
        return repr(value)


def compare(expected: object, received: object) -> Difference:
    """How ``received`` differs from ``expected``."""
    if isinstance(expected, Mapping) and isinstance(received, Mapping):
        return _compare_mappings(expected, received)
    texts = show(expected), show(received)
    if isinstance(expected, AbstractSet) and isinstance(received, AbstractSet):
        return Difference(*texts, _compare_sets(expected, received), None)
    if _is_list(expected) and _is_list(received):
        return Difference(*texts, _compare_lists(expected, received), None)
    return Difference(*texts, (), (0, len(texts[1])))


def _compare_sets(expected: AbstractSet[Any], received: AbstractSet[Any]) -> tuple[str, ...]:
    missing, extra = expected - received, received - expected
    lines = []
    if missing:
        lines.append(f"missing  {show(missing)}")
    if extra:
        lines.append(f"too many {show(extra)}")
    return tuple(lines)


def _compare_lists(expected: Sequence[Any], received: Sequence[Any]) -> tuple[str, ...]:
    """Members may be of any kind, and the lists too long to be shown whole: so members are told apart by their text."""
    wanted, got = Counter(map(show, expected)), Counter(map(show, received))
    missing, extra = list((wanted - got).elements()), list((got - wanted).elements())
    lines = [f"missing  {_brackets(missing)}"] if missing else []
    lines += [f"too many {_brackets(extra)}"] if extra else []
    return tuple(lines) or ("the same members in another order",)


def _compare_mappings(expected: Mapping[str, Any], received: Mapping[str, Any]) -> Difference:
    """Only the keys that were expected matter; the first that differs is pointed at."""
    common = {key: received.get(key, "(absent)") for key in expected}
    wrong = [key for key in expected if key not in received or received[key] != expected[key]]
    text, mark = "{", None
    for key, value in common.items():
        shown = show(value) if key in received else "(absent)"
        text += ("" if text == "{" else ", ") + f"{show(key)}: "
        if mark is None and key in wrong:
            mark = (len(text), len(shown))
        text += shown
    lines = tuple(f"{key}: expected {show(expected[key])}, received {_or_absent(received, key)}" for key in wrong[1:])
    return Difference(show(expected), text + "}", lines, mark)


def _or_absent(received: Mapping[str, Any], key: str) -> str:
    return show(received[key]) if key in received else "nothing: the key is absent"


def _show_members(members: Sequence[Any]) -> str:
    return _brackets([show(member) for member in members])


def _brackets(texts: list[str]) -> str:
    rest = len(texts) - _MANY
    return "[" + ", ".join(texts[:_MANY]) + (f", … and {rest} more" if rest > 0 else "") + "]"


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _natural(value: object) -> tuple[str, object]:
    return type(value).__name__, value
