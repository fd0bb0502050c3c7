"""Pieces of Flink SQL: names, texts, intervals and times, written so that what they hold can't end them early."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EPOCH", "epoch_ms", "indented", "interval", "name", "options", "text"]

EPOCH = "TIMESTAMP '1970-01-01 00:00:00.000'"
_MS_A_SECOND, _MS_A_MINUTE, _MS_AN_HOUR, _MS_A_DAY = 1000, 60_000, 3_600_000, 86_400_000


def name(identifier: str) -> str:
    """An identifier; quoted, because many plain words (``value``, ``start``) are reserved."""
    return "`" + identifier.replace("`", "``") + "`"


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def interval(milliseconds: int) -> str:
    """A span of time of at most 99 days, which is as far as the two digits reach; a pipeline's are shorter than 12."""
    days, rest = divmod(milliseconds, _MS_A_DAY)
    hours, rest = divmod(rest, _MS_AN_HOUR)
    minutes, rest = divmod(rest, _MS_A_MINUTE)
    seconds, rest = divmod(rest, _MS_A_SECOND)
    return f"INTERVAL '{days} {hours:02}:{minutes:02}:{seconds:02}.{rest:03}' DAY TO SECOND(3)"


def epoch_ms(expression: str) -> str:
    """A time as milliseconds since 1970; Flink has no function for it, and its differences of times are 32-bit numbers."""
    return f"EXTRACT(EPOCH FROM {expression}) * 1000 + EXTRACT(MILLISECOND FROM {expression})"


def options(values: Mapping[str, str]) -> str:
    """The ``WITH`` clause of a table."""
    lines = ",\n".join(f"  {text(key)} = {text(value)}" for key, value in values.items())
    return f"WITH (\n{lines}\n)"


def indented(block: str, by: str = "  ") -> str:
    """A block of lines further right."""
    return "\n".join(by + line if line else line for line in block.splitlines())
