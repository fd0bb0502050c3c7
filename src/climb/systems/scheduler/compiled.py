"""The same engine and policies, compiled by numba, on the same state as rows of numpy arrays.

A policy is compiled once: what comes out is kept under ``CLIMB_HOME``, in a folder that is named after the sources, so
that no program made from other sources is ever loaded. numba itself looks at the file of one function only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from climb.systems.scheduler import engine
from climb.systems.scheduler.binding import chosen_by
from climb.systems.scheduler.state import Clock, Machine, Processor, Queue, Record, Row, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["arrays_of", "available", "compiled_engine_of", "is_kept"]

_ROWS = 1 << 16  # segments that are handed over at once
_OURS = "climb.systems.scheduler"


def available() -> bool:
    """Tell whether numba is installed, without loading it."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled_engine_of(policy: str) -> Callable[[Machine, int], int]:
    """Return ``advance`` for a policy; it is compiled, or what was kept of that is loaded, when it is called first."""
    import numba

    numba.config.CACHE_DIR = str(_folder())
    names = chosen_by(policy)
    return _compiled(engine.advance, names, {}, f"{_OURS}.{policy}", keep=True)


def is_kept(policy: str) -> bool:
    """Tell whether a policy was compiled before."""
    return any(_folder().glob(f"*/*{policy}-*.nbi"))


def _compiled(
    function: FunctionType, names: dict[str, Any], known: dict[FunctionType, Any], name: str, *, keep: bool = False
) -> Any:
    """Return a copy of a function that numba compiles, and that calls such copies of all functions of ours."""
    import numba

    if function in known:
        return known[function]
    place = {**function.__globals__, **names} if function.__module__ == engine.__name__ else dict(function.__globals__)
    copy = FunctionType(function.__code__, place, name, function.__defaults__)
    copy.__qualname__ = name
    copy.__module__ = function.__module__
    known[function] = numba.njit(cache=keep, nogil=True)(copy)
    for used in function.__code__.co_names:
        value = place.get(used)
        if isinstance(value, FunctionType) and value.__module__.startswith(_OURS):
            place[used] = _compiled(value, names, known, value.__name__)
    return known[function]


# --- the state ------------------------------------------------------------------------------------------------------


def arrays_of(machine: Machine) -> Machine:
    """Return the same state as arrays."""
    import numpy

    return machine._replace(
        tasks=_table(TaskState, machine.tasks),
        cpus=_table(Processor, machine.cpus),
        queues=_table(Queue, machine.queues),
        clock=_table(Clock, machine.clock),
        rows=numpy.zeros(_ROWS, _kind(Row)),
        bursts=numpy.array(machine.bursts, numpy.int64),
        tree=numpy.array(machine.tree, numpy.int64),
    )


def _table(record: type[Record], rows: Sequence[Record]) -> Any:
    import numpy

    fields = record.__slots__
    return numpy.array([tuple(getattr(row, field) for field in fields) for row in rows], _kind(record))


def _kind(record: type[Record]) -> Any:
    import numpy

    return numpy.dtype([(field, numpy.int64) for field in record.__slots__], align=True)


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
