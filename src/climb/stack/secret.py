"""Texts that must not be seen: they are shown as stars wherever they are shown by mistake."""

from __future__ import annotations

from typing import final

__all__ = ["Secret"]


@final
class Secret:
    """A text that ``repr``, ``str``, formatting and logs do not show; who needs it says :meth:`reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not copied into a file")
