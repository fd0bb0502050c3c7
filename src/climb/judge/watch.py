"""Judge again whenever the submission changes.

A change during a run is not lost: it is noticed when the run has ended. Editors that save by writing a new file and renaming it are
covered, since the folder is watched and not the file. What the judge and the build write themselves does not count: run folders
and large folders are not watched, and a change counts only if the files' contents changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from watchfiles import Change, DefaultFilter, awatch

from climb.judge.build import LARGE_FOLDERS, sources
from climb.judge.submission import Submission

__all__ = ["changes"]

_SETTLE_MS = 150  # several saves within this time are one change
_IN_A_ROW = 3  # changes during so many runs in a row are the program's own work, and wait for the next save
_LOOK_MS = 1000  # how soon a change is seen that was made before the watch began


class _Sources(DefaultFilter):
    """Everything in the folder but what builds and judges leave behind."""

    def __init__(self) -> None:
        super().__init__(ignore_dirs=(*DefaultFilter.ignore_dirs, *LARGE_FOLDERS))

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path)


def changes(submission: Submission, stop: asyncio.Event) -> AsyncIterator[list[str]]:
    """Yield the names of the files that changed since this call, each time some did, until ``stop`` is set.

    The caller may take as long as it likes before the first step and between two; changes in the meantime come with the next one.
    """
    return _changes(submission, sources(submission), stop)


async def _changes(submission: Submission, before: dict[str, str], stop: asyncio.Event) -> AsyncIterator[list[str]]:
    looked = False
    async for noticed in awatch(
        submission.folder,
        watch_filter=_Sources(),
        debounce=1600,
        step=_SETTLE_MS,
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        recursive=True,
    ):
        if looked and not noticed:
            continue  # nothing happened; only the first time something may have changed before the watch began
        looked = True
        for again in range(_IN_A_ROW + 1):
            now = sources(submission)
            changed = sorted(path for path in now.keys() | before.keys() if _changed(submission, path, before, now))
            before = now
            if not changed or again == _IN_A_ROW:
                break
            yield changed


def _changed(submission: Submission, path: str, before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether a file was written or deleted; one that has turned out to be a product of the build is no source any more."""
    if path in now:
        return now[path] != before.get(path)
    return not (submission.folder / path).exists()
