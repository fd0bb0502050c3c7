"""Header fields: as they came, and by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

__all__ = ["Fields", "Headers"]

Fields: TypeAlias = tuple[tuple[str, str], ...]  # names in lower case and values, in the order in which they came


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; fields of one name are joined by a comma (RFC 9110, 5.3)."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in fields:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """One more field."""
        key = name.lower()
        self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"
