"""What somebody types: a timeline in a short notation, or a number for each task. Read with goodwill, never guessed.

A timeline is who runs in which tick. ``AAB`` has a letter for each tick, ``A2 B1`` says the same with numbers, ``A 0-2 B 2-3``
with times. A dot is an idle tick, and a slash stands between processors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["AnswerError", "Ticks", "read_numbers", "read_timeline", "written"]

Ticks = list[str | None]  # who runs in each tick, None for nobody

_IDLE = "._·"
_TOKEN = re.compile(
    r"(?P<who>[A-Za-z._·])\s*(?:[:=x×*]?\s*(?P<number>\d+)\s*(?:(?:-|–|—|\.\.|to)\s*(?P<end>\d+))?)?(?P<gap>[\s,;]*)"
)
_PAIR = re.compile(r"(?P<who>[A-Za-z])\s*[:=]?\s*(?P<number>\d+)[\s,;]*")
_MOST = 10_000  # ticks; nobody means more


class AnswerError(Exception):
    """What was typed can't be read; the message says where, and shows what can."""


def read_timeline(text: str, names: Sequence[str], cpus: int) -> list[Ticks]:
    """Who runs in each tick on each processor. Raises AnswerError."""
    lanes = [_lane(part, names) for part in text.strip().split("/")]
    if len(lanes) > cpus:
        raise AnswerError(f"that is {len(lanes)} processors, and there {'is one' if cpus == 1 else f'are {cpus}'}")
    lanes += [[] for _ in range(cpus - len(lanes))]
    longest = max(map(len, lanes))
    padded: list[Ticks] = [lane + [None] * (longest - len(lane)) for lane in lanes]
    for tick, running in enumerate(zip(*padded, strict=True)):
        busy = [name for name in running if name is not None]
        if len(busy) != len(set(busy)):
            raise AnswerError(f"in tick {tick} {busy[0]} runs on two processors")
    return padded


def read_numbers(text: str, names: Sequence[str]) -> dict[str, int]:
    """``A3 B0`` or, in the order of the tasks, ``3 0``. Raises AnswerError."""
    plain = re.fullmatch(r"\s*\d+(?:[\s,;]+\d+)*[\s,;]*", text)
    if plain:
        numbers = [int(number) for number in re.findall(r"\d+", text)]
        if len(numbers) != len(names):
            raise AnswerError(f"that is {len(numbers)} numbers, and there are {len(names)} tasks: {', '.join(names)}")
        return dict(zip(names, numbers, strict=True))
    found: dict[str, int] = {}
    at = len(text) - len(text.lstrip())
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise AnswerError(_unread(text, at, names, "write for example A3 B0 C5, or 3 0 5"))
        found[_named(pair["who"], names)] = int(pair["number"])
        at = pair.end()
    if missing := [name for name in names if name not in found]:
        raise AnswerError(f"nothing is said about {', '.join(missing)}")
    return found


def written(ticks: Ticks) -> str:
    """A timeline in the notation that it is asked in: ``A3 .1 B2``."""
    parts: list[tuple[str, int]] = []
    for who in ticks:
        name = who or "."
        if parts and parts[-1][0] == name:
            parts[-1] = (name, parts[-1][1] + 1)
        else:
            parts.append((name, 1))
    return " ".join(f"{name}{count}" for name, count in parts)


def _lane(text: str, names: Sequence[str]) -> Ticks:
    ticks: Ticks = []
    at = len(text) - len(text.lstrip())
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise AnswerError(_unread(text, at, names, "write for example AAB or A2 B1, . for an idle tick"))
        who = None if token["who"] in _IDLE else _named(token["who"], names)
        _add(ticks, who, token)
        at = token.end()
    while ticks and ticks[-1] is None:
        ticks.pop()
    return ticks


def _add(ticks: Ticks, who: str | None, token: re.Match[str]) -> None:
    number, end = token["number"], token["end"]
    if end is None:
        ticks += [who] * _bounded(int(number or 1))
        return
    start, until = _bounded(int(number)), _bounded(int(end))
    if start < len(ticks):
        raise AnswerError(f"{token[0].strip()} begins before tick {len(ticks)}, where the one before it ends")
    if until <= start:
        raise AnswerError(f"{token[0].strip()} ends before it begins")
    ticks += [None] * (start - len(ticks)) + [who] * (until - start)


def _bounded(number: int) -> int:
    if number > _MOST:
        raise AnswerError(f"{number} ticks are more than this is about")
    return number


def _named(letter: str, names: Sequence[str]) -> str:
    for name in names:
        if name.lower() == letter.lower():
            return name
    raise AnswerError(f"there is no task {letter!r}; there are {', '.join(names)}")


def _unread(text: str, at: int, names: Sequence[str], example: str) -> str:
    return f"can't read {text[at : at + 12].strip()!r}: {example}. The tasks are {', '.join(names)}"
