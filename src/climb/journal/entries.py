"""The entries: one Markdown file each, ``journal/<id>.md``, whoever wrote it. Nothing of it is lost or written over unseen.

Who saves names the revision that they read. If the file has another one by now, their text is kept beside it, as
``<id>.other-<n>.md``, until both are merged. Removing an entry is the learner's own business, with ``rm`` or git.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import msgspec

from climb.errors import SetupError, UsageError
from climb.journal import drafts
from climb.journal.document import Document, Value, new_document
from climb.journal.entry import Entry, Problem, checked, entry_or_problem, read, stored, title_in
from climb.journal.files import journal_folder, locked, markdown_files, path_of, revision_of, sync_folder, write_over
from climb.journal.titles import title_of

__all__ = [
    "Conflict",
    "Entry",
    "Problem",
    "Saved",
    "create",
    "entries",
    "others",
    "problems",
    "read",
    "replace",
    "resolve",
    "save",
    "source",
]

_OTHER = re.compile(r"(?P<entry>.+)\.other-(?P<number>\d+)")
_TITLE_LENGTH = 60  # characters of a title that its file's name keeps

Change: TypeAlias = Callable[[Document | None], Document]


class Saved(msgspec.Struct, frozen=True):
    """The entry holds what was to be saved."""

    entry: Entry


class Conflict(msgspec.Struct, frozen=True):
    """The entry had changed, and was left as it is: ``current``, None if it can't be read. ``other`` keeps the new text."""

    current: Entry | None
    other: Entry


def entries(home: Path) -> list[Entry]:
    """All entries that can be read, the newest first."""
    return _load(home)[0]


def problems(home: Path) -> list[Problem]:
    """The files that are left out of ``entries`` and ``drafts``, and why."""
    broken = [Problem(path, reason) for path, reason in drafts.unreadable(home)]
    return _load(home)[1] + broken


def source(home: Path, name: str) -> tuple[bytes, str]:
    """The whole file of an entry, for an editor, and its revision. Raises UsageError if there is none."""
    data, _ = stored(home, name)
    return data, revision_of(data)


def create(
    home: Path,
    *,
    title: str = "",
    text: str,
    module: str | None = None,
    prompt: str | None = None,
    prompt_id: str | None = None,
    about: Sequence[str] = (),
    like: Document | None = None,
    window: str | None = None,
) -> Entry:
    """A new entry; of ``like`` it takes the keys that we don't know. Raises SetupError if it can't be kept.

    The draft of ``window`` is dropped, since its text is kept now.
    """
    now = dt.datetime.now(dt.UTC).astimezone().replace(microsecond=0)
    title = " ".join(title.split()) or title_of(text) or prompt or "Untitled"
    values: dict[str, Value | None] = {"title": title, "created": now, "module": module, "prompt": prompt}
    values |= {"prompt_id": prompt_id, "about": tuple(about) or None}
    data = (like or new_document({}, "")).with_values(values).with_text(text).data
    with locked(home) as folder:
        name = _write_under_free_name(folder, f"{now:%Y-%m-%d}-{_words(title)}", data)
    if window is not None:
        drafts.discard(home, window)
    return read(home, name)


def save(
    home: Path,
    name: str,
    base_revision: str,
    title: str,
    text: str,
    *,
    module: str | None = None,
    about: Sequence[str] | None = None,
    window: str | None = None,
) -> Saved | Conflict:
    """Give an entry another title and text, if it still has the revision that was read; what is None stays.

    The draft of ``window`` is dropped: its text is kept, in the entry or beside it. An entry whose file was removed meanwhile is
    written anew. Raises SetupError if nothing could be kept.
    """

    def change(document: Document | None) -> Document:
        return _edited(document, name, title, text, module, about)

    return _commit(home, name, base_revision, change, window)


def replace(home: Path, name: str, base_revision: str, data: bytes, *, window: str | None = None) -> Saved | Conflict:
    """Put a whole file in an entry's place, under the rules of ``save``. Raises UsageError if it would be no entry."""
    document = checked(data)
    return _commit(home, name, base_revision, lambda _: document, window)


def others(home: Path, name: str) -> list[Entry]:
    """The texts kept beside an entry, the oldest first."""
    found = ((_OTHER.fullmatch(stem), stem) for stem in _stems(home))
    numbered = sorted((int(match["number"]), stem) for match, stem in found if match and match["entry"] == name)
    return [entry for _, stem in numbered if isinstance(entry := entry_or_problem(home, stem), Entry)]


def resolve(home: Path, name: str, other: str, base_revision: str, text: str, title: str = "") -> Saved | Conflict:
    """Save the merged text of an entry and of the ``other`` kept beside it, then remove that one.

    If the entry has changed again, nothing is removed, and the merged text is kept beside it too.
    """
    match = _OTHER.fullmatch(other)
    if match is None or match["entry"] != name:
        raise UsageError(f"{other!r} is not a text kept beside {name}")
    path = path_of(home, other)
    if not path.exists():
        raise UsageError(f"{path} is no longer there: it was merged or removed")
    outcome = save(home, name, base_revision, title, text)
    if isinstance(outcome, Saved):
        with locked(home) as folder:
            path.unlink(missing_ok=True)
            sync_folder(folder)
    return outcome


def _commit(home: Path, name: str, base_revision: str, change: Change, window: str | None) -> Saved | Conflict:
    path = path_of(home, name)
    with locked(home) as folder:
        data = path.read_bytes() if path.exists() else None
        document = _readable(data)
        new = change(document).data
        seen = data is None or (document is not None and base_revision == revision_of(data))
        saved = new == data or (seen and write_over(path, data, new))
        kept = name if saved else _keep_beside(folder, name, new)
    if window is not None:
        drafts.discard(home, window, name)
    if kept == name:
        return Saved(read(home, name))
    current = entry_or_problem(home, name)
    return Conflict(current if isinstance(current, Entry) else None, read(home, kept))


def _keep_beside(folder: Path, name: str, data: bytes) -> str:
    """The name under which a text is kept that could not be saved; the same text is kept once."""
    for number in range(1, 10_000):
        other = f"{name}.other-{number}"
        path = folder / f"{other}.md"
        if path.exists() and path.read_bytes() == data:
            return other
        if write_over(path, None, data):
            return other
    raise SetupError(f"{folder} keeps too many texts beside {name}", next_step="merge or remove some of them")


def _write_under_free_name(folder: Path, wanted: str, data: bytes) -> str:
    for name in (wanted, *(f"{wanted}-{number}" for number in range(2, 10_000))):
        if write_over(folder / f"{name}.md", None, data):
            return name
    raise SetupError(f"{folder} has too many entries called {wanted}", next_step="give the entry another title")


def _words(title: str) -> str:
    """A title as part of a file's name."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", title.casefold()))
    short = "-".join(words)[:_TITLE_LENGTH]
    return (short.rpartition("-")[0] if len("-".join(words)) > _TITLE_LENGTH and "-" in short else short) or "entry"


def _edited(
    document: Document | None, name: str, title: str, text: str, module: str | None, about: Sequence[str] | None
) -> Document:
    """The document with what is to be saved; one that there is not, or that can't be read, is begun anew."""
    if document is None:
        values: dict[str, Value | None] = {"title": title or title_of(text) or name, "module": module}
        return new_document(values | {"about": tuple(about or ()) or None}, text)
    changes: dict[str, Value | None] = {}
    title = " ".join(title.split())
    if title and title != title_in(document, name):
        changes["title"] = title
    if module is not None:
        changes["module"] = module or None
    if about is not None:
        changes["about"] = tuple(about) or None
    return document.with_values(changes).with_text(text)


def _readable(data: bytes | None) -> Document | None:
    """The document in a file, unless there is none that is an entry."""
    try:
        return None if data is None else checked(data)
    except UsageError:
        return None


def _load(home: Path) -> tuple[list[Entry], list[Problem]]:
    stems = _stems(home)
    found = [_unless_known(home, stem) for stem in stems if not _is_other(stem, stems)]
    readable = [each for each in found if isinstance(each, Entry)]
    readable.sort(key=lambda entry: (entry.created, entry.id), reverse=True)
    return readable, [each for each in found if isinstance(each, Problem)]


def _unless_known(home: Path, name: str) -> Entry | Problem:
    """An entry, or why it can't be read; a file that has not been touched since is not read again."""
    try:
        seen = path_of(home, name).stat()
    except (OSError, UsageError):
        return entry_or_problem(home, name)
    return _as_it_was(home, name, (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))


@lru_cache(maxsize=4096)
def _as_it_was(home: Path, name: str, _state: tuple[int, ...]) -> Entry | Problem:
    return entry_or_problem(home, name)


def _is_other(stem: str, stems: Sequence[str]) -> bool:
    """Whether a file is a text kept beside an entry; if that entry is gone, the text is all there is, and so an entry."""
    match = _OTHER.fullmatch(stem)
    return match is not None and match["entry"] in stems


def _stems(home: Path) -> list[str]:
    return [path.stem for path in markdown_files(journal_folder(home))]
