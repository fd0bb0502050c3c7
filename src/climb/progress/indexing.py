"""Bring what can be searched up to date: only what has changed since it was last read is read again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path

from climb.course.loader import content_folder, course
from climb.journal.entries import entries
from climb.journal.files import journal_folder, markdown_files
from climb.judge.project import projects_folder
from climb.labs import lab as labs
from climb.progress.searchable import Document, course_documents, entry_document, plain_name, run_document, run_state
from climb.progress.summaries import RunSummary

__all__ = ["RUNS", "bring_up_to_date"]

COURSE = "course"
JOURNAL = "journal"
RUNS = "runs"

_PASSED_OVER = {"__pycache__", "starters", "recordings"}


def bring_up_to_date(index: sqlite3.Connection, home: Path, runs: Iterable[RunSummary]) -> None:
    """Make the documents those of now; ``runs`` are all runs."""
    installed = _state_of_the_installation()
    if _changed(index, COURSE, installed):
        _replace(index, COURSE, {each.key: each for each in course_documents(course(), installed)})
        _remember(index, COURSE, installed)
    written = _state_of_files(markdown_files(journal_folder(home)))
    if _changed(index, JOURNAL, written):
        _replace(index, JOURNAL, {each.id: entry_document(each) for each in entries(home)})
        _remember(index, JOURNAL, written)
    _refresh_runs(index, {str(run.folder): run for run in runs})


@cache
def _state_of_the_installation() -> str:
    """What stands for the course, projects and labs that this process has: by when their files were changed, and their sizes."""
    folders = (content_folder(), projects_folder(), Path(str(labs.__file__)).parent)
    return _state_of_files(path for folder in folders for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    for where, below, names in os.walk(folder):
        below[:] = sorted(set(below) - _PASSED_OVER)
        yield from (Path(where, name) for name in sorted(names))


def _state_of_files(paths: Iterable[Path]) -> str:
    seen = blake2b(digest_size=16)
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue  # gone since it was listed, or a link to nowhere
        seen.update(f"{path}\0{found.st_mtime_ns}\0{found.st_size}\0{found.st_ino}\0".encode(errors="surrogateescape"))
    return seen.hexdigest()


def _changed(index: sqlite3.Connection, source: str, state: str) -> bool:
    row = index.execute("SELECT state FROM sources WHERE source = ?", (source,)).fetchone()
    return bool(row != (state,))


def _remember(index: sqlite3.Connection, source: str, state: str) -> None:
    index.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (source, state))


def _replace(index: sqlite3.Connection, source: str, wanted: Mapping[str, Document]) -> None:
    """Make the documents of a source these; those in the same state stay as they are."""
    new = _drop_others(index, source, {key: document.state for key, document in wanted.items()})
    _add(index, source, (wanted[key] for key in new))


def _refresh_runs(index: sqlite3.Connection, runs: Mapping[str, RunSummary]) -> None:
    """The same for runs: there are many, so only those that are new become documents."""
    states = {folder: run_state(run) for folder, run in runs.items()}
    new = _drop_others(index, RUNS, states)
    _add(index, RUNS, (run_document(runs[folder]) for folder in new))


def _drop_others(index: sqlite3.Connection, source: str, wanted: Mapping[str, str]) -> list[str]:
    """Remove the documents whose key or state is none of these; the keys whose document is missing then."""
    known: dict[str, str] = dict(
        index.execute("SELECT key, state FROM documents WHERE source = ?", (source,)).fetchall()
    )
    _remove(index, source, [key for key, state in known.items() if wanted.get(key) != state])
    return [key for key, state in wanted.items() if known.get(key) != state]


def _remove(index: sqlite3.Connection, source: str, keys: Iterable[str]) -> None:
    index.executemany("DELETE FROM documents WHERE source = ? AND key = ?", [(source, key) for key in keys])


def _add(index: sqlite3.Connection, source: str, documents: Iterable[Document]) -> None:
    index.executemany(
        "INSERT INTO documents (source, key, state, kind, place, title, names, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(source, document) for document in documents],
    )


def _row(source: str, document: Document) -> tuple[str, ...]:
    names = "\n".join(dict.fromkeys(map(plain_name, (document.title, *document.names))))
    return (
        source,
        document.key,
        document.state,
        document.kind,
        document.place,
        document.title,
        names,
        document.body,
    )
