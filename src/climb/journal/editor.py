"""The learner's own editor, on a file."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from climb.errors import SetupError

__all__ = ["edit", "editor"]

_ELSE = ("nano", "vi")
_END_SECONDS = 5.0


def editor() -> list[str]:
    """The words that start the editor: ``VISUAL``, else ``EDITOR``, else one that most machines have.

    Raises SetupError if there is none, or ours would need a terminal where there is none.
    """
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not named:
        found = next((name for name in _ELSE if shutil.which(name)), None)
        if found is None:
            raise SetupError("there is no editor here", next_step="export EDITOR=…   (the command that starts yours)")
        if not (sys.stdin.isatty() and sys.stdout.isatty()):  # it would wait for ever, for nobody
            raise SetupError(f"the editor {found} needs a terminal, and this is none", next_step="climb reflect there")
        return [found]
    words = _words(named)
    if not words or shutil.which(words[0]) is None:
        raise SetupError(
            f"the editor {named!r} is not installed", next_step="export EDITOR=…   (the command that starts yours)"
        )
    return words


def _words(named: str) -> list[str]:
    try:
        return shlex.split(named)
    except ValueError:  # an open quote
        return []


def edit(path: Path) -> None:
    """Open a file in the editor, and wait until it ends. Raises SetupError if it ends badly.

    On Ctrl-C, and on what we treat like it, the editor is asked to end, which lets it keep what it holds.
    """
    words = editor()
    with subprocess.Popen([*words, str(path)]) as process:
        try:
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    if code != 0:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise SetupError(f"the editor {words[0]} ended with {how}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
        return
    process.kill()
