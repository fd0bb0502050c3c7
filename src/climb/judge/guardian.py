"""A service must not outlive the judge, even one that is killed itself: it would hold its ports and its memory for ever.

The judge ends what it started in every other case. For this one a shell waits at the end of a pipe; when the judge is gone the
kernel closes the pipe, and the shell kills the service's process group and removes its folders. (PR_SET_PDEATHSIG would have to be set between fork and
exec, which is unsafe in a process with threads.)
"""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["Guardian"]

_WAIT = 'read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2"'


class Guardian:
    """Kills a process group and removes a folder when this process ends, unless it is dismissed before."""

    def __init__(self, group: int, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _WAIT, "sh", str(group), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )

    def dismiss(self) -> None:
        """There is nothing to guard any more: the group is gone."""
        self._shell.kill()
        self._shell.wait()
        if self._shell.stdin is not None:
            self._shell.stdin.close()
