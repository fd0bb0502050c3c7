"""An entry's file as text: TOML between two lines of +++, then Markdown. Both may be the learner's own work.

So a change touches what it changes and nothing else: every other key, comment, blank line and line ending stays as it was
written. A file without front matter gets one only when there is something to put into it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

__all__ = ["Document", "Unreadable", "Value", "new_document", "parse"]

Value: TypeAlias = str | dt.datetime | Sequence[str]

_MARK = "\ufeff"
_FENCE = re.compile(r"\+\+\+[ \t]*(?:\r?\n|\Z)")
_FRONT = re.compile(
    r"(?P<opening>\+\+\+[ \t]*\r?\n)(?P<front>.*?)(?P<closing>^\+\+\+[ \t]*(?:\r?\n|\Z))", re.DOTALL | re.MULTILINE
)
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")


class Unreadable(ValueError):
    """A file that is no entry; the message says why and where."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file's content, cut into pieces that make the file again when they are joined."""

    mark: str = ""  # the byte order mark that some editors write
    opening: str = ""
    front: str = ""
    closing: str = ""
    body: str = ""

    @property
    def data(self) -> bytes:
        """The file's bytes."""
        whole = self if self.opening or not _FENCE.match(self.body) else self._with_fences()
        # What no encoding knows can't be typed; a browser's broken input must not cost the rest of the text.
        return f"{whole.mark}{whole.opening}{whole.front}{whole.closing}{whole.body}".encode(errors="replace")

    @property
    def values(self) -> dict[str, Any]:
        """What the front matter says. Raises Unreadable that names the line."""
        try:
            return tomllib.loads(self.front)
        except tomllib.TOMLDecodeError as error:
            reason = re.sub(r"at line (\d+)", lambda at: f"at line {int(at[1]) + 1}", str(error))
            raise Unreadable(f"its front matter is not TOML: {reason}") from error

    @property
    def text(self) -> str:
        """The Markdown, with plain line ends and without blank lines around it."""
        return _cut(self.body)[1]

    def with_text(self, text: str) -> Document:
        """The document with another text; with the same text it is the same to the byte."""
        text = _cut(text)[1]
        before, old, after = _cut(self.body)
        if text == old:
            return self
        if self.opening and not self.body:
            before = "\n"
        return msgspec.structs.replace(self, body=(before + text + (after or "\n")).replace("\n", self._newline))

    def with_values(self, values: Mapping[str, Value | None]) -> Document:
        """The document with these keys in its front matter; None takes a key away."""
        now = self.values
        changes = {key: value for key, value in values.items() if now.get(key) != _plain(value)}
        if not changes:
            return self
        front = _changed(self.front, changes, self._newline)
        if not front.strip() and self.front.strip():
            body = re.sub(r"\A\r?\n", "", self.body)
            return msgspec.structs.replace(self, opening="", front="", closing="", body=body)
        return msgspec.structs.replace(self if self.opening else self._with_fences(), front=front)

    def _with_fences(self) -> Document:
        fence = "+++" + self._newline
        return msgspec.structs.replace(self, opening=fence, closing=fence, body=self._newline + self.body)

    @property
    def _newline(self) -> str:
        """The line ending that most of the lines have."""
        whole = self.front + self.body
        return "\r\n" if 2 * whole.count("\r\n") > whole.count("\n") else "\n"


def parse(data: bytes) -> Document:
    """The document in a file. Raises Unreadable if it is no text, or its front matter is never closed."""
    try:
        source = data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: byte {error.start + 1}") from error
    mark = _MARK if source.startswith(_MARK) else ""
    source = source.removeprefix(_MARK)
    found = _FRONT.match(source)
    if found is None and _FENCE.match(source):
        raise Unreadable("the +++ in its first line is never closed by another one")
    if found is None:
        return Document(mark=mark, body=source)
    return Document(mark=mark, **found.groupdict(), body=source[found.end() :])


def new_document(values: Mapping[str, Value | None], text: str) -> Document:
    """A document of ours."""
    return Document(opening="+++\n", closing="+++\n").with_values(values).with_text(text)


def _cut(body: str) -> tuple[str, str, str]:
    """The blank lines before the text, the text, and the white space after it, with plain line ends."""
    body = body.replace("\r\n", "\n")
    blank = _BLANK_LINES.match(body)
    assert blank is not None
    text = body[blank.end() :].rstrip()
    return blank[0], text, body[blank.end() + len(text) :]


def _changed(front: str, changes: Mapping[str, Value | None], newline: str) -> str:
    """Front matter in which the keys in ``changes`` have new values, in the places where they stood."""
    left = dict(changes)
    before, tables = [], []
    for statement, key in _statements(front):
        if key is not None and key in left:
            value = left.pop(key)
            before.append("" if value is None else f"{key} = {_written(value)}{_comment(statement)}{newline}")
        elif _is_table(statement):
            tables.append(statement)
        else:
            before.append(statement)
    before += [f"{key} = {_written(value)}{newline}" for key, value in left.items() if value is not None]
    return "".join(before + tables)


def _statements(front: str) -> Iterator[tuple[str, str | None]]:
    """The statements of TOML with their keys; a table and all that follows is one, since its keys are not ours.

    A statement ends where what was read so far is TOML: a value that goes on in the next line is none yet.
    """
    statement = ""
    for line in re.findall(r"[^\n]*\n", front):
        statement += line
        if _is_table(statement):
            continue
        try:
            keys = list(tomllib.loads(statement))
        except tomllib.TOMLDecodeError:
            continue
        yield statement, keys[0] if keys else None
        statement = ""
    if statement:
        yield statement, None


def _is_table(statement: str) -> bool:
    return statement.lstrip().startswith("[")


def _comment(statement: str) -> str:
    """The comment after a value: from the first # before which the statement is whole."""
    for at, character in enumerate(statement):
        if character == "#":
            try:
                tomllib.loads(statement[:at])
            except tomllib.TOMLDecodeError:
                continue
            return "  " + statement[at:].rstrip("\r\n")
    return ""


def _plain(value: Value | None) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _written(value: Value) -> str:
    if isinstance(value, str):
        # TOML's escapes are those of JSON, but for DEL, which TOML wants escaped. A lone surrogate would not be text.
        clean = value.encode(errors="replace").decode()
        return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return "[" + ", ".join(_written(each) for each in value) + "]"
