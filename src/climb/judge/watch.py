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


class _Sources(DefaultFilter):
    """Everything in the folder but what builds and judges leave behind."""

    def __init__(self) -> None:
        super().__init__(ignore_dirs=(*DefaultFilter.ignore_dirs, *LARGE_FOLDERS))

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path)


async def changes(submission: Submission, stop: asyncio.Event) -> AsyncIterator[list[str]]:
    """Yield the names of the files that changed, each time some did, until ``stop`` is set.

    The caller may take as long as it likes between two steps; changes in the meantime come with the next one.
    """
    before = sources(submission)
    async for _ in awatch(
        submission.folder, watch_filter=_Sources(), debounce=1600, step=_SETTLE_MS, stop_event=stop, recursive=True
    ):
        now = sources(submission)
        changed = sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))
        before = now
        if changed:
            yield changed
