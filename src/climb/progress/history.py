"""The runs of all known submissions, in short. Summaries are kept in ``index.sqlite``, which is made from the run folders alone."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path

import msgspec

from climb import __version__
from climb.errors import SetupError, UsageError
from climb.judge import runs
from climb.progress.folders import climb_folders
from climb.progress.summaries import RunSummary, StageSummary, summarise

__all__ = ["find_summary", "open_index", "run_summaries"]

_BUSY_SECONDS = 5.0  # another process may be writing the index
# What this process has read already, by home and run folder: when the verdict was written, and its summary, if it could be read.
# A page needs all of them, and to decode a thousand takes longer than the page may.
_Known = dict[str, tuple[int, RunSummary | None]]
_MEMORY: dict[Path, _Known] = {}
_DECODER = msgspec.json.Decoder(RunSummary, dec_hook=lambda kind, value: kind(value))


def run_summaries(home: Path) -> list[RunSummary]:
    """Every run that has a verdict, the oldest first; those that can't be read are left out."""
    found = _stored(home)
    known = _MEMORY.get(home, {})
    if known.keys() != found.keys() or any(known[folder][0] != changed for folder, changed in found.items()):
        known = _MEMORY[home] = _read_anew(home, found, known)
    summaries = [summary for _, summary in known.values() if summary is not None]
    return sorted(summaries, key=lambda summary: (summary.started_at, summary.run))


def find_summary(home: Path, run: str) -> RunSummary | None:
    """The run whose folder has this name, the newest if there are several."""
    return next((summary for summary in reversed(run_summaries(home)) if summary.run == run), None)


@contextlib.contextmanager
def open_index(home: Path) -> Iterator[sqlite3.Connection]:
    """The index, ready to use; one that is broken or of another version is made anew. Changes are kept at the end.

    Raises SetupError if it can't be had, or if what is done with it meets a disk that is full or may not be written to.
    """
    path = home / "index.sqlite"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connected(path)) as connection, connection:
            yield connection
    except (OSError, sqlite3.Error) as error:
        raise SetupError(
            f"the index {path} can't be used: {error}",
            next_step=f"make room in {home}, or make it a folder that you can write to",
        ) from error


def _connected(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        raise  # busy, or no room: deleting it would help nobody
    except sqlite3.DatabaseError:
        for leftover in path.parent.glob("index.sqlite*"):
            leftover.unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        schema, version = _schema()
        tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'made_by'").fetchone()[0]
        made_by = connection.execute("SELECT version FROM made_by").fetchone() if tables else None
        if made_by != (version,):
            connection.executescript(f"BEGIN IMMEDIATE; {schema}")
            connection.execute("INSERT INTO made_by VALUES (?)", (version,))
            connection.commit()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


@cache
def _schema() -> tuple[str, str]:
    """What makes the tables, and the version that stands for them and for the summaries in them."""
    schema = resources.files("climb.progress").joinpath("index.sql").read_text(encoding="utf-8")
    shape = (schema, RunSummary.__struct_fields__, StageSummary.__struct_fields__)
    return schema, f"{__version__} {blake2b(repr(shape).encode(), digest_size=8).hexdigest()}"


def _read_anew(home: Path, found: dict[str, int], known: _Known) -> _Known:
    """All that was found: what is not known yet from the index, and what is not in there from its verdict."""
    read: _Known = {}
    with open_index(home) as index:
        rows = {row[0]: row[1:] for row in index.execute("SELECT folder, changed_ns, summary FROM runs")}
        index.executemany("DELETE FROM runs WHERE folder = ?", [(name,) for name in rows.keys() - found.keys()])
        for folder, changed in found.items():
            row = rows.get(folder)
            current = row is not None and row[0] == changed
            if folder in known and known[folder][0] == changed:
                summary = known[folder][1]
            else:
                summary = _DECODER.decode(row[1]) if row is not None and current else _read(Path(folder))
            if summary is not None and not current:
                _keep(index, folder, changed, summary)
            read[folder] = changed, summary
    return read


def _stored(home: Path) -> dict[str, int]:
    """The run folders that hold a verdict, and when it was written."""
    found = {}
    for climb_folder in climb_folders(home):
        runs_folder = str(climb_folder / "runs")
        try:
            names = os.listdir(runs_folder)  # noqa: PTH208 - a Path for each run costs more than the rest
        except OSError:
            continue
        for name in names:
            folder = f"{runs_folder}/{name}"
            with contextlib.suppress(OSError):
                found[folder] = os.stat(f"{folder}/verdict.json").st_mtime_ns  # noqa: PTH116 - a Path costs twice the call
    return found


def _read(folder: Path) -> RunSummary | None:
    try:
        return summarise(folder, runs.read_verdict(folder))
    except UsageError:
        return None  # broken, or of another version: it says nothing


def _keep(index: sqlite3.Connection, folder: str, changed: int, summary: RunSummary) -> None:
    row = (folder, changed, msgspec.json.encode(summary, enc_hook=str))
    index.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", row)
