"""Finding the first ``<title>`` in an HTML document that arrives in pieces and may mean harm.

A regular expression over the whole document would be shorter, but a document of nothing but ``<!--`` makes it quadratic.
This scanner never looks at a byte twice, bar the few that a tag's name needs.
"""

from __future__ import annotations

__all__ = ["TitleFinder", "plain_text"]

_LONGEST_START = len(b"<script>")
_SKIPPED = {b"<script": b"</script", b"<style": b"</style"}  # their text is not markup
_TAG_ENDS = b" \t\r\n\f/>"


class TitleFinder:
    """Fed with the body, keeps the text of the first title."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._body = bytearray()
        self._lower = bytearray()  # tag names are matched without regard to case
        self._at = 0
        self._until = b""  # what ends the part that is being skipped or kept; empty in ordinary markup
        self._start = -1  # where the title's text begins, once its tag is closed

    def feed(self, data: bytes) -> bool:
        """Look at more of the body; true once the title is known."""
        self._body += data
        self._lower += data.lower()
        while self.title is None and self._step():
            pass
        return self.title is not None

    def _step(self) -> bool:
        """Go on by one tag or one skipped part; false if more bytes are needed."""
        return self._skip() if self._until else self._next_tag()

    def _skip(self) -> bool:
        end = self._lower.find(self._until, self._at)
        if end < 0:
            self._at = max(self._at, len(self._lower) - len(self._until) + 1)
            return False
        if self._start >= 0:
            self.title = plain_text(bytes(self._body[self._start : end]))
        elif self._until == b">":
            self._until = b"</title"
            self._start = self._at = end + 1
            return True
        self._until, self._at = b"", end + 1
        return True

    def _next_tag(self) -> bool:
        at = self._lower.find(b"<", self._at)
        if at < 0:
            self._at = len(self._lower)
            return False
        self._at = at
        if len(self._lower) - at < _LONGEST_START:
            return False  # the tag's name may be cut in two
        self._enter(at)
        return True

    def _enter(self, at: int) -> None:
        head = bytes(self._lower[at : at + _LONGEST_START])
        self._at = at + 1
        if head.startswith(b"<!--"):
            self._until, self._at = b"-->", at + 2  # "<!-->" is a whole comment
        elif head.startswith(b"<title") and head[6:7] in _TAG_ENDS:
            self._until, self._at = b">", at + 6
        else:
            for tag, end in _SKIPPED.items():
                if head.startswith(tag) and self._lower[at + len(tag)] in _TAG_ENDS:
                    self._until = end


def plain_text(raw: bytes) -> str:
    """Text as a reader sees it: entities resolved, each run of white space one space, trimmed."""
    text = raw.decode("utf-8", "replace")
    if "&" in text:
        from html import unescape  # its table of entities is worth a megabyte: only when there is one

        text = unescape(text)
    return " ".join(text.split())
