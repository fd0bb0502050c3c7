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
from climb.journal.files import journal_folder
from climb.judge.project import projects_folder
from climb.labs import lab as labs
from climb.progress.searchable import Document, course_documents, entry_document, plain_name, run_document
from climb.progress.summaries import RunSummary

__all__ = ["RUNS", "bring_up_to_date"]

COURSE = "course"
JOURNAL = "journal"
RUNS = "runs"

_PASSED_OVER = {"__pycache__", "starters", "recordings"}


def bring_up_to_date(index: sqlite3.Connection, home: Path, runs: Iterable[RunSummary]) -> None:
    """Make the documents those of now; ``runs`` are all runs, as the table of that name has them."""
    installed = _state_of_the_installation()
    if _changed(index, COURSE, installed):
        _replace(index, COURSE, course_documents(course(), installed))
        _remember(index, COURSE, installed)
    written = _state_of_files(sorted(journal_folder(home).glob("*.md")))
    if _changed(index, JOURNAL, written):
        _replace(index, JOURNAL, map(entry_document, entries(home)))
        _remember(index, JOURNAL, written)
    _refresh_runs(index, runs)


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


def _replace(index: sqlite3.Connection, source: str, documents: Iterable[Document]) -> None:
    """Make the documents of a source these; those in the same state stay as they are."""
    wanted = {document.key: document for document in documents}
    known: Mapping[str, str] = dict(
        index.execute("SELECT key, state FROM documents WHERE source = ?", (source,)).fetchall()
    )
    old = [key for key, state in known.items() if key not in wanted or wanted[key].state != state]
    _remove(index, source, old)
    _add(index, source, (each for key, each in wanted.items() if known.get(key) != each.state))


def _refresh_runs(index: sqlite3.Connection, runs: Iterable[RunSummary]) -> None:
    """The runs' own table says which of them are new; the rest is not looked at."""
    gone = index.execute("SELECT key FROM documents WHERE source = ? AND key NOT IN (SELECT folder FROM runs)", (RUNS,))
    _remove(index, RUNS, [key for (key,) in gone.fetchall()])
    new = index.execute(
        "SELECT folder, CAST(changed_ns AS TEXT) FROM runs LEFT JOIN documents ON source = ? AND key = folder "
        "WHERE state IS NULL OR state != CAST(changed_ns AS TEXT)",
        (RUNS,),
    ).fetchall()
    if new:
        known = {str(run.folder): run for run in runs}
        _remove(index, RUNS, [folder for folder, _ in new])
        _add(index, RUNS, (run_document(known[folder], state) for folder, state in new if folder in known))


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
