"""Drafts: what a window has typed so far, kept in ``journal/.drafts`` until its text is saved.

A draft is a file like an entry, with one key more: ``draft_base``, the revision of the entry that the window began with. Its name
is ``<entry id>.<window>.md``, or ``new-<window>.<window>.md`` for an entry that is not there yet.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from climb.errors import UsageError
from climb.journal.document import Document, Unreadable, new_document, parse
from climb.journal.entry import Entry
from climb.journal.files import journal_folder, locked, markdown_files, path_of, sync_folder, write_whole

__all__ = [
    "Draft",
    "all_drafts",
    "comment_for",
    "discard",
    "draft_path",
    "drafts",
    "keep",
    "keep_whole",
    "new_window",
    "read_draft",
    "unreadable",
    "without_base",
]

_WINDOW = re.compile(r"[0-9A-Za-z_-]{1,64}")
_BASE = "draft_base"
_HOW = "Write below this comment. Without a title above, the first heading or the first words become it."


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A text on its way. ``entry`` is the id of the entry that it changes, None for a new one; ``document`` the whole file."""

    entry: str | None
    window: str
    changed: dt.datetime
    base_revision: str | None = None
    title: str = ""
    module: str | None = None
    prompt: str | None = None
    prompt_id: str | None = None
    about: tuple[str, ...] = ()
    text: str
    document: Document


class _Front(msgspec.Struct, kw_only=True):
    title: str = ""
    module: str | None = None
    prompt: str | None = None
    prompt_id: str | None = None
    about: tuple[str, ...] = ()
    draft_base: str | None = None


def new_window(kind: str = "window") -> str:
    """A name for a window, which no other has."""
    return f"{kind}-{secrets.token_hex(8)}"


def keep(
    home: Path,
    window: str,
    *,
    entry: str | None = None,
    base_revision: str | None = None,
    title: str = "",
    text: str,
    module: str | None = None,
    prompt: str | None = None,
    prompt_id: str | None = None,
    about: Sequence[str] = (),
) -> Path:
    """Keep what a window has typed so far, in place of what it had before; the draft's file. Raises SetupError if it can't."""
    values = {"title": title, "module": module, "prompt": prompt, "prompt_id": prompt_id}
    document = new_document(values | {"about": tuple(about) or None, _BASE: base_revision}, text)
    return _write(home, window, entry, document)


def keep_whole(home: Path, window: str, entry: str, data: bytes, base_revision: str) -> Path:
    """Begin a draft with the whole file of an entry, for an editor. Raises UsageError if the file can't be read."""
    try:
        document = parse(data).with_values({_BASE: base_revision})
    except Unreadable as error:
        raise UsageError(f"{path_of(home, entry)} can't be read: {error}", next_step="mend it in an editor") from error
    return _write(home, window, entry, document)


def drafts(home: Path) -> list[Draft]:
    """The drafts whose text is in no entry yet, the one typed last first."""
    from climb.journal.entries import entries  # which drops drafts, and so needs this file

    known = entries(home)
    return [
        draft
        for draft in all_drafts(home)
        if (draft.text or draft.title) and not any(_holds(entry, draft) for entry in known)
    ]


def all_drafts(home: Path) -> list[Draft]:
    """Every draft that can be read, the one typed last first."""
    found = [draft for path in _paths(home) if isinstance(draft := _draft_or_reason(path), Draft)]
    return sorted(found, key=lambda draft: (draft.changed, draft.window), reverse=True)


def _holds(entry: Entry, draft: Draft) -> bool:
    """Whether an entry has what a window typed: the window may have sent it once more after it was saved."""
    same_entry = draft.entry in (None, entry.id)
    return same_entry and draft.text == entry.text and draft.title in ("", entry.title)


def unreadable(home: Path) -> list[tuple[Path, str]]:
    """The drafts that can't be read, and why; their files are left as they are."""
    return [(path, reason) for path in _paths(home) if isinstance(reason := _draft_or_reason(path), str)]


def read_draft(path: Path) -> Draft:
    """The draft in a file. Raises UsageError if it can't be read."""
    found = _draft_or_reason(path)
    if isinstance(found, str):
        raise UsageError(f"the draft {path} can't be read: {found}", next_step="mend it in an editor")
    return found


def discard(home: Path, window: str, entry: str | None = None) -> None:
    """Drop a window's draft, if it has one."""
    path = draft_path(home, window, entry)
    if path in _paths(home):
        with locked(home):
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def draft_path(home: Path, window: str, entry: str | None = None) -> Path:
    """Where a window's draft is kept. Raises UsageError if the names could lead elsewhere."""
    if not _WINDOW.fullmatch(window):
        raise UsageError(f"{window!r} is not the name of a window")
    name = path_of(home, entry).stem if entry is not None else f"new-{window}"
    return _folder(home) / f"{name}.{window}.md"


def without_base(document: Document) -> Document:
    """A draft's document as the entry's file is to be."""
    return document.with_values({_BASE: None})


def comment_for(ask: str | None) -> str:
    """What the learner reads above the place to write; only exactly this is taken out again."""
    lines = [*([ask.replace("-->", "-- >"), ""] if ask else []), _HOW]
    return "\n".join(["<!--", *lines, "-->"])


def _folder(home: Path) -> Path:
    return journal_folder(home) / ".drafts"


def _write(home: Path, window: str, entry: str | None, document: Document) -> Path:
    path = draft_path(home, window, entry)
    with locked(home):
        if not path.parent.exists():
            path.parent.mkdir()
            write_whole(
                path.parent / ".gitignore", b"*\n"
            )  # a journal may be a git repository; half sentences need not be
        write_whole(path, document.data)
    return path


def _paths(home: Path) -> list[Path]:
    return markdown_files(_folder(home))


def _draft_or_reason(path: Path) -> Draft | str:
    name, _, window = path.stem.rpartition(".")
    try:
        document = parse(path.read_bytes())
        front = msgspec.convert(document.values, _Front)
        changed = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except (OSError, Unreadable, msgspec.ValidationError) as error:
        return str(error)
    fields: dict[str, Any] = msgspec.structs.asdict(front)
    return Draft(
        entry=None if name == f"new-{window}" else name,
        window=window,
        changed=changed,
        base_revision=fields.pop(_BASE),
        text=document.text.replace(comment_for(front.prompt), "", 1).strip("\n"),
        document=document,
        **fields,
    )
