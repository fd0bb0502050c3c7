"""The command without click, for command lines that are ordinary and right.

To import click takes longer than to scan a near host. So the words are first read by the table of options alone; what
this reader does not understand is left to click, which reads the words anew and has messages for what is wrong. A test
holds both readers to the same understanding.
"""

from __future__ import annotations

from climb.systems.scanner.errors import ScanUsageError
from climb.systems.scanner.options import OPTIONS, Option, Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["read", "run_quickly"]

_OPTIONS: dict[str, Option] = {spelling: option for option in OPTIONS for spelling in option.spellings}
_OFF: dict[str, Option] = {option.opposite: option for option in OPTIONS if option.opposite}


def run_quickly(words: Sequence[str], name: str) -> int | None:
    """Carry out the command and return its exit code; None if click must read it, and then nothing has been done.

    *name* is what the user calls the command.
    """
    order = read(words)
    if order is None:
        return None
    from climb.systems.scanner.run import run

    try:
        return run(order)
    except ScanUsageError as error:
        from climb.systems.scanner.command import explain

        return explain(error, name)


def read(words: Sequence[str]) -> Order | None:
    """What the words ask for; None if there is anything unusual about them."""
    values: dict[str, Any] = {option.sets: option.default for option in OPTIONS}
    targets = []
    given = iter(words)
    for word in given:
        spelling, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        option = _OPTIONS.get(spelling)
        if option is not None and option.read is not None:
            value = value if equals else next(given, "-")
            if value.startswith("-") or (option.choices and value not in option.choices):
                return None
            try:
                values[option.sets] = option.read(value)
            except ScanUsageError:
                return None
        elif word in _OPTIONS or word in _OFF:
            values[_OFF[word].sets if word in _OFF else _OPTIONS[word].sets] = word in _OPTIONS
        elif word.startswith("-"):
            return None
        else:
            targets.append(word)
    return Order(targets=tuple(targets), **values)
