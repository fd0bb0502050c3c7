"""What an entry is, and how one is understood from its file."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from climb.errors import UsageError
from climb.journal.document import Document, Unreadable, parse
from climb.journal.files import journal_folder, path_of, revision_of
from climb.journal.titles import title_of

__all__ = ["Entry", "Problem", "checked", "entry_or_problem", "read", "stored", "title_in"]

_DATED = re.compile(r"\A(?P<date>\d{4}-\d{2}-\d{2})(?:-|\Z)")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is stored. ``revision`` stands for exactly these bytes; ``about`` holds references to evidence."""

    id: str
    title: str
    created: dt.datetime
    changed: dt.datetime
    module: str | None = None
    prompt: str | None = None
    prompt_id: str | None = None
    about: tuple[str, ...] = ()
    text: str
    revision: str


class Problem(msgspec.Struct, frozen=True):
    """A file of the journal that can't be shown, and why."""

    path: Path
    reason: str


class _Front(msgspec.Struct, kw_only=True):
    """The keys that we know; all others are the learner's."""

    title: str = ""
    created: Any = None
    module: str | None = None
    prompt: str | None = None
    prompt_id: str | None = None
    about: tuple[str, ...] = ()


def read(home: Path, name: str) -> Entry:
    """The entry with this id. Raises UsageError if there is none, or if its file can't be read."""
    data, changed = stored(home, name)
    return _understood(home, name, data, changed)


def entry_or_problem(home: Path, name: str) -> Entry | Problem:
    """The entry with this id, or why there is none."""
    try:
        return read(home, name)
    except UsageError as error:
        return Problem(journal_folder(home) / f"{name}.md", str(error))


def stored(home: Path, name: str) -> tuple[bytes, dt.datetime]:
    """An entry's file and when it was last changed. Raises UsageError if there is none."""
    path = path_of(home, name)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a file")
        with path.open("rb") as file:
            changed = dt.datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, dt.UTC)
            return file.read(), changed
    except OSError as error:
        raise UsageError(
            f"there is no entry {name!r}: {error.strerror}", next_step="climb reflect --list   (names them)"
        ) from error


def _understood(home: Path, name: str, data: bytes, changed: dt.datetime) -> Entry:
    try:
        document = parse(data)
        front = _front(document)
        created = _created(front.created, name, changed)
    except Unreadable as error:
        raise UsageError(f"{path_of(home, name)} can't be read: {error}", next_step="mend it in an editor") from error
    return Entry(
        id=name,
        title=title_in(document, name),
        created=created,
        changed=changed,
        module=front.module,
        prompt=front.prompt,
        prompt_id=front.prompt_id,
        about=front.about,
        text=document.text,
        revision=revision_of(data),
    )


def _front(document: Document) -> _Front:
    try:
        return msgspec.convert(document.values, _Front)
    except msgspec.ValidationError as error:
        raise Unreadable(f"its front matter is not as expected: {error}") from error


def title_in(document: Document, name: str) -> str:
    """What an entry is called: by its front matter, its first heading, or its file."""
    named = document.values.get("title")
    if isinstance(named, str) and named.strip():
        return named.strip()
    return title_of(document.text, headings_only=True) or _DATED.sub("", name, count=1).replace("-", " ") or name


def _created(value: object, name: str, changed: dt.datetime) -> dt.datetime:
    """When an entry was begun: by its front matter, its file's name, or, for want of both, its last change."""
    dated = _DATED.match(name)
    if value is None:
        return (_moment(dated["date"]) if dated else None) or changed
    moment = _moment(value)
    if moment is None:
        raise Unreadable(f"its created is no date: {value!r}")
    return moment


def _moment(value: object) -> dt.datetime | None:
    """A time as TOML or RFC 3339 has it, or a local day; None if it is none."""
    try:
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - made aware below
        return value.astimezone() if isinstance(value, dt.datetime) else None
    except (ValueError, OverflowError):  # no such day, or none that this system's clock knows
        return None


def checked(data: bytes) -> Document:
    """The document in a file, if it would be an entry. Raises UsageError that says what is wrong."""
    try:
        document = parse(data)
        _created(_front(document).created, "", dt.datetime.now(dt.UTC))
    except Unreadable as error:
        raise UsageError(f"the text is no entry: {error}") from error
    return document
