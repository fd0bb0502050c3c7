"""How kernels are compiled, and where what was compiled is kept.

It is kept under ``CLIMB_HOME``, in a folder that is named after the sources of all kernels, because numba itself notices a
change only in the file of the function that is called. This module is imported by kernels alone, so that a program which
needs none of them does not load numba.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

__all__ = ["kernel", "warm"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_VERSIONS = 4  # of the sources, for which what was compiled is kept: several checkouts may share a home
_MANNER: dict[str, Any] = {
    "nogil": True,  # the log is synced, and other connections are read, meanwhile
    "error_model": "numpy",  # nothing is divided by 0 here, so nothing has to look for it
    "_nrt": False,  # nothing is allocated in kernels, so no references have to be counted
}


def kernel(function: _Function) -> _Function:
    """Compile a function when it is first called, or load what was kept of that."""
    return cast("_Function", numba.njit(**_MANNER, cache=_KEEPS)(function))


def warm() -> None:
    """Load all kernels, or compile them first, which takes a while and is told on standard error.

    What is loaded is shared with processes that are forked afterwards.
    """
    if not any(_FOLDER.glob("*/*.nbi")):
        print("compiling the stream processor, once for this version …", file=sys.stderr, flush=True)
    from climb.systems.processor.engine.warming import use_every_kernel

    use_every_kernel()


def _folder() -> Path:
    sources = sorted((Path(__file__).parent / "kernels").glob("*.py"))
    content = hashlib.sha256(b"".join(path.read_bytes() for path in [*sources, Path(__file__)]))
    content.update(version("numba").encode())
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
    cache = Path(os.environ.get("CLIMB_CACHE") or home / "cache").absolute()  # tests have many homes and one cache
    return cache / "processor" / content.hexdigest()[:16]


def _can_keep(folder: Path) -> bool:
    """Tell whether that folder can be written to; if not, what is compiled ends with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        older = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[_VERSIONS:]
    except OSError:
        return False
    for path in older:
        if path != folder:
            shutil.rmtree(path, ignore_errors=True)
    return os.access(folder, os.W_OK)


_FOLDER = _folder()
_KEEPS = _can_keep(_FOLDER)
numba.config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]  # read from the environment
