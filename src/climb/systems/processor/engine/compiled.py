"""How kernels are compiled, and where what was compiled is kept.

It is kept under ``CLIMB_HOME``, in a folder that is named after all that it was made of: numba itself notices a change only
in the file of the function that is called, and then writes over what others may be reading. So such a folder appears at
once, with everything in it, and is never written to again. This module is imported by kernels alone, so that a program
which needs none of them does not load numba.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding  # type: ignore[import-untyped]
import numba

__all__ = ["is_kept", "kernel", "warm"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_VERSIONS = 6  # for which what was compiled is kept: several checkouts may share a home
_MANNER: dict[str, Any] = {
    "nogil": True,  # the log is synced, and other connections are read, meanwhile
    "error_model": "numpy",  # nothing is divided by 0 here, so nothing has to look for it
    "_nrt": False,  # nothing is allocated in kernels, so no references have to be counted
}
_kernels: list[Any] = []
_locks: list[int] = []


def kernel(function: _Function) -> _Function:
    """Compile a function when it is first called, or load what was kept of that."""
    compiled = numba.njit(**_MANNER, cache=_PLACE is not None)(function)
    _kernels.append(compiled)
    return cast("_Function", compiled)


def is_kept() -> bool:
    """Whether these kernels were compiled before; then loading them takes no while."""
    return _PLACE == _FOLDER


def warm() -> None:
    """Load all kernels, or compile them first, which takes a while and is told on standard error.

    What is loaded is shared with processes that are forked afterwards.
    """
    if not is_kept():
        print("compiling the stream processor, once for this version …", file=sys.stderr, flush=True)
    from climb.systems.processor.engine.warming import use_every_kernel

    use_every_kernel()
    if _PLACE is not None and _PLACE != _FOLDER:
        _keep(_PLACE)
    while _locks:
        os.close(_locks.pop())
    for compiled in _kernels:
        compiled._cache.disable()  # noqa: SLF001  # whatever else is compiled ends with this process


def _folder() -> Path:
    """Return where what is compiled from these sources, here, by this numba and for this processor belongs."""
    made_of = hashlib.sha256(f"{sys.implementation.cache_tag} {numba.__version__}".encode())
    made_of.update(llvmlite.binding.get_host_cpu_name().encode())
    made_of.update(llvmlite.binding.get_host_cpu_features().flatten().encode())
    for path in [*sorted((Path(__file__).parent / "kernels").glob("*.py")), Path(__file__)]:
        made_of.update(f"{path} {path.stat().st_mtime_ns}".encode() + path.read_bytes())
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
    cache = Path(os.environ.get("CLIMB_CACHE") or home / "cache").absolute()  # tests have many homes and one cache
    return cache / "processor" / made_of.hexdigest()[:16]


def _place(folder: Path) -> Path | None:
    """Return that folder if it is there, else one beside it to compile into, or None if there can't be one.

    Who compiles holds a lock until that is done, and others wait: together they would not be faster. What a killed one has
    left is whole, each function in files of its own, and is gone on with.
    """
    ours = folder.with_suffix(".tmp")
    try:
        if not folder.is_dir():
            ours.mkdir(parents=True, exist_ok=True)
            _locks.append(os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
            fcntl.flock(_locks[-1], fcntl.LOCK_EX)
        if folder.is_dir():
            with suppress(OSError):
                os.utime(folder)  # the ones that are used last are kept
            return folder
        ours.mkdir(exist_ok=True)
    except OSError:
        return None
    return ours


def _keep(place: Path) -> None:
    """Give what was compiled its name, unless the sources have changed meanwhile, and delete what was not used for long."""
    with suppress(OSError):
        if _folder() == _FOLDER:
            place.rename(_FOLDER)
        else:
            shutil.rmtree(place, ignore_errors=True)
        kept = [path for path in _FOLDER.parent.iterdir() if not path.suffix]
        for old in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)[_VERSIONS:]:
            gone = old.with_suffix(".tmp")
            old.rename(gone)  # at once, for those that look whether it is there
            shutil.rmtree(gone, ignore_errors=True)
            old.with_suffix(".lock").unlink(missing_ok=True)


_FOLDER = _folder()
_PLACE = _place(_FOLDER)
numba.config.CACHE_DIR = str(_PLACE or "")  # type: ignore[attr-defined]  # read from the environment
