"""The same engine and policies, compiled by numba, on the same state as rows of numpy arrays.

A policy is compiled once: what comes out is kept under ``CLIMB_HOME``, in a folder that is named after the sources, so
that no program made from other sources is ever loaded. numba itself looks at the file of one function only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from climb.systems.scheduler import engine
from climb.systems.scheduler.binding import chosen_by
from climb.systems.scheduler.state import Clock, Processor, Queue, Record, Row, TaskState, columns_of, machine_for

if TYPE_CHECKING:
    from climb.systems.scheduler.model import Options, Workload
    from climb.systems.scheduler.state import Machine

__all__ = ["arrays_for", "arrays_of", "available", "compiled_engine_of", "is_kept"]

_VERSIONS = 4  # of the sources, for which what was compiled is kept: several checkouts may share a home
_ROWS = 1 << 16  # segments that are handed over at once
_OURS = "climb.systems.scheduler"
_CALLED = (f"{_OURS}.heap", f"{_OURS}.tree")  # all else is made one function, which is twice as fast again
_MANNER: Any = {
    "nogil": True,
    "error_model": "numpy",  # nothing is divided by 0 here, so nothing has to look for it
    "_nrt": False,  # nothing is allocated either: without counting references to the arrays this is twice as fast
}


def available() -> bool:
    """Tell whether numba is installed, without loading it."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled_engine_of(policy: str) -> Any:
    """Return ``advance`` for a policy; it is compiled, or what was kept of that is loaded, when it is called first."""
    import numba

    numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]  # read from the environment
    names = chosen_by(policy)
    return _compiled(cast("FunctionType", engine.advance), names, {}, f"{_OURS}.{policy}", keep=_can_keep())


def is_kept(policy: str) -> bool:
    """Tell whether a policy was compiled before."""
    return any(_folder().glob(f"*/*.{policy}-*.nbi"))


def _compiled(
    function: FunctionType, names: dict[str, Any], known: dict[FunctionType, Any], name: str, *, keep: bool = False
) -> Any:
    """Return a copy of a function that numba compiles, and that calls such copies of all functions of ours."""
    import numba

    if function in known:
        return known[function]
    top = function is engine.advance
    place = {**function.__globals__, **names} if function.__module__ == engine.__name__ else dict(function.__globals__)
    copy = FunctionType(function.__code__, place, name, function.__defaults__)
    copy.__qualname__ = name
    copy.__module__ = function.__module__
    inline = not top and function.__module__ not in _CALLED
    known[function] = numba.njit(**_MANNER, cache=keep, forceinline=inline)(copy)
    for used in function.__code__.co_names:
        value = place.get(used)
        if isinstance(value, FunctionType) and value.__module__.startswith(_OURS):
            place[used] = _compiled(value, names, known, value.__name__)
    return known[function]


# --- the state ------------------------------------------------------------------------------------------------------


def arrays_for(workload: Workload, options: Options) -> Any:
    """Return the machine before the first tick, in arrays."""
    import numpy as np

    tasks = np.zeros(len(workload.tasks), _kind(TaskState))
    for field, column in columns_of(workload).items():
        tasks[field] = column
    return arrays_of(machine_for(workload, options, tasks))  # type: ignore[arg-type]  # rows either way


def arrays_of(machine: Machine) -> Any:
    """Return the same state in arrays."""
    import numpy as np

    arrays: dict[str, Any] = {
        "tasks": _table(TaskState, machine.tasks),
        "cpus": _table(Processor, machine.cpus),
        "queues": _table(Queue, machine.queues),
        "clock": _table(Clock, machine.clock),
        "rows": np.zeros(_ROWS, _kind(Row)),
        "bursts": np.array(machine.bursts, np.int64),
        "tree": np.array(machine.tree, np.int64),
    }
    return machine._replace(**arrays)


def _table(record: type[Record], rows: Any) -> Any:
    import numpy as np

    if isinstance(rows, np.ndarray):
        return rows
    fields: tuple[str, ...] = record.__slots__
    table = np.zeros(len(rows), _kind(record))
    for field in fields:
        table[field] = [getattr(row, field) for row in rows]
    return table


def _kind(record: type[Record]) -> Any:
    import numpy as np

    fields = [(field, np.int64) for field in record.__slots__]
    spare = -len(fields) % 8 if record is TaskState else 0  # a task fills whole lines of the processor's cache
    return np.dtype(fields + [(f"spare_{number}", np.int64) for number in range(spare)], align=True)


# --- what is kept ---------------------------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    """Return the folder for these sources and this numba."""
    from importlib.metadata import version

    sources = sorted(Path(engine.__file__).parent.rglob("*.py"))
    content = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    content.update(version("numba").encode())
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb").absolute()
    return home / "cache" / "scheduler" / content.hexdigest()[:16]


def _can_keep() -> bool:
    """Tell whether that folder can be written to; if not, what is compiled ends with the process."""
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        _forget_older()
    except OSError:
        return False
    return os.access(_folder(), os.W_OK)


def _forget_older() -> None:
    """Remove what was compiled from versions of the sources that have been left behind."""
    versions = sorted(_folder().parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for version in versions[_VERSIONS:]:
        if version != _folder():
            shutil.rmtree(version, ignore_errors=True)
