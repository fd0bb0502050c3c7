"""Group commit: one thread writes and syncs what was appended, while the next batches are parsed and taken."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Aside"]


class Aside:
    """Does one thing at a time in a thread of its own, and makes a descriptor readable when it is done."""

    def __init__(self, name: str) -> None:
        self._wake = threading.Semaphore(0)
        self._task: Callable[[], Any] | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._done = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.busy = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def fileno(self) -> int:
        return self._done

    def start(self, task: Callable[[], Any]) -> None:
        """Begin; nothing may be in work."""
        assert not self.busy
        self.busy = True
        self._task = task
        self._wake.release()

    def finish(self) -> Any:
        """Return what came of it, after the descriptor became readable; raise what was raised."""
        os.eventfd_read(self._done)
        self.busy = False
        if self._error:
            raise self._error
        return self._result

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            assert self._task is not None
            try:
                self._result = self._task()
            except BaseException as error:
                self._error = error
            os.eventfd_write(self._done, 1)
