"""Writing in an editor: a draft is opened, edited as the file that it is, and becomes an entry. It stays until it has."""

from __future__ import annotations

from pathlib import Path

from climb.errors import UsageError
from climb.journal.drafts import (
    Draft,
    all_drafts,
    comment_for,
    discard,
    draft_path,
    keep,
    keep_whole,
    new_window,
    read_draft,
    without_base,
)
from climb.journal.entries import Conflict, Saved, create, replace, source
from climb.journal.prompts import Prompt
from climb.journal.titles import title_of

__all__ = ["abandon", "begin", "begin_again", "conclude", "name_of", "unfinished"]

_KIND = "terminal"  # windows of this kind are ours; those of a browser may still be open there


def begin(home: Path, prompt: Prompt | None, module: str | None = None) -> Path:
    """A draft of a new entry, with the prompt in a comment; one that was begun with this prompt is taken up again."""
    if prompt is None:
        return keep(home, new_window(_KIND), text=comment_for(None), module=module)
    for draft in _ours(home):
        if draft.entry is None and draft.prompt_id == prompt.id:
            return draft_path(home, draft.window)
    return keep(
        home,
        new_window(_KIND),
        text=comment_for(prompt.ask),
        module=prompt.module,
        prompt=prompt.ask,
        prompt_id=prompt.id,
        about=prompt.about,
    )


def begin_again(home: Path, name: str) -> Path:
    """A draft of an entry that there is; one that was begun before is taken up again. Raises UsageError if there is none."""
    for draft in _ours(home):
        if draft.entry == name:
            return draft_path(home, draft.window, name)
    data, revision = source(home, name)
    return keep_whole(home, new_window(_KIND), name, data, revision)


def unfinished(home: Path) -> list[Draft]:
    """The drafts that were begun in a terminal, have something written and were not concluded; the newest first."""
    return [draft for draft in _ours(home) if _has_something(home, draft)]


def name_of(draft: Draft) -> str:
    """What a draft may be called in a list."""
    return draft.title or draft.prompt or draft.entry or title_of(draft.text) or "Without a title"


def abandon(home: Path, path: Path) -> bool:
    """Leave a draft that can't be concluded now: it goes if nothing was written. Whether it stays."""
    try:
        draft = read_draft(path)
    except UsageError:
        return path.exists()  # what can't be read now is not ours to throw away
    if _has_something(home, draft):
        return True
    discard(home, draft.window, draft.entry)
    return False


def conclude(home: Path, path: Path) -> Saved | Conflict | None:
    """Make of a draft what it is meant to be. None: nothing was written or changed, so nothing is kept.

    Raises UsageError if the draft can't be read; it stays then.
    """
    if not path.exists() or not abandon(home, path):
        return None
    draft = read_draft(path)
    document = without_base(draft.document)
    if draft.entry is not None:
        return replace(home, draft.entry, draft.base_revision or "", document.data, window=draft.window)
    entry = create(
        home,
        title=draft.title,
        text=draft.text,
        module=draft.module,
        prompt=draft.prompt,
        prompt_id=draft.prompt_id,
        about=draft.about,
        like=document,
        window=draft.window,
    )
    return Saved(entry)


def _ours(home: Path) -> list[Draft]:
    return [draft for draft in all_drafts(home) if draft.window.startswith(f"{_KIND}-")]


def _has_something(home: Path, draft: Draft) -> bool:
    """Whether the learner wrote or changed anything."""
    if draft.entry is None:
        return bool(draft.text.strip() or draft.title.strip())
    try:
        return source(home, draft.entry)[0] != without_base(draft.document).data
    except UsageError:
        return True  # the entry was removed meanwhile, so this text is all there is
