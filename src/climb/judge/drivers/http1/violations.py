"""What breaks the rules of RFC 9112 in an answer: said once by the grammar, placed by the reader, shown as a report."""

from __future__ import annotations

import msgspec

from climb.judge.evidence import Comparison

__all__ = ["Broken", "Violation", "shown"]

_AROUND = 60  # bytes shown on each side of the place


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule.

    ``at`` is the byte of all that came over the connection, from 0, and ``line`` the line of the answer's head, from 1; 0 if the place
    is not in a head. ``mark`` is the part of ``received`` to point at: start and length in characters. ``about`` says which answer it is.
    """

    what: str
    about: str
    expected: str
    received: str
    mark: tuple[int, int]
    at: int
    line: int
    section: str
    why: str

    def __str__(self) -> str:
        return f"{self.what} at byte {self.at} ({self.section}): {self.received}"

    @property
    def place(self) -> str:
        """Where it is, in words."""
        line = f"line {self.line} of its head, " if self.line else ""
        return f"{self.about}: {line}byte {self.at:,} of what came"

    def comparison(self) -> Comparison:
        """The violation as evidence."""
        return Comparison(
            subject=self.place,
            expected=self.expected,
            received=self.received,
            mark=self.mark,
            why=f"{self.why} ({self.section})",
        )


class Broken(Exception):
    """A rule was broken in ``text``, at ``start``, for ``length`` bytes; the reader knows where the text was."""

    def __init__(
        self, what: str, *, expected: str, text: bytes, start: int = 0, length: int = 1, section: str, why: str
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.text = text
        self.start = start
        self.length = length
        self.section = section
        self.why = why

    def placed(self, *, about: str, at: int, line: int) -> Violation:
        """The violation, if the first byte of the text was byte ``at`` of the connection."""
        text = self.text if self.start < len(self.text) else self.text + b"\r\n"  # what is missing is pointed at too
        begin, length = max(self.start - _AROUND, 0), min(self.length, len(text) - self.start)
        end = min(self.start + length, self.start + _AROUND)
        before = ("…" if begin else "") + shown(text[begin : self.start])
        marked = shown(text[self.start : end])
        after = shown(text[end : end + _AROUND]) + ("…" if end + _AROUND < len(text) else "")
        return Violation(
            what=self.what,
            about=about,
            expected=self.expected,
            received=before + marked + after,
            mark=(len(before), len(marked)),
            at=at + self.start,
            line=line,
            section=self.section,
            why=self.why,
        )


def shown(data: bytes) -> str:
    """Bytes as a report shows them: what is not printable ASCII as an escape."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else _escape(byte) for byte in data)


def _escape(byte: int) -> str:
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(byte, f"\\x{byte:02x}")
