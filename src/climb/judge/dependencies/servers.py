"""The servers of this process: one PostgreSQL for all checks, and some that a check has to itself while it lasts.

They are started on first use and thrown away when the process ends. Each has a keeper that notices that end, however it comes, so
nothing is left of them. Those that a check had to itself are put in order and used again: to start one takes half a second.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from climb.errors import SetupError
from climb.judge import processes
from climb.stack.errors import StackError
from climb.stack.leftovers import descendants
from climb.stack.postgres import postgres
from climb.stack.server import Kept
from climb.stack.valkey import valkey

__all__ = ["cpu_seconds", "end_all", "given", "postgres_alone", "postgres_shared", "put_in_order", "valkey_alone"]

_POSTGRES = (
    "max_connections=400",  # of many checks at once; each program's role has a limit of its own
    "shared_preload_libraries=pg_stat_statements",
    "pg_stat_statements.max=20000",
    "autovacuum_naptime=1h",  # what it does to a fresh database only disturbs measurements
)

_lock = threading.Lock()
_running = ExitStack()
_shared: list[Kept] = []
_idle: list[tuple[Kept, ExitStack]] = []


def given(variable: str) -> str | None:
    """The address that the environment names instead of a server of ours."""
    return os.environ.get(variable) or None


def postgres_shared() -> Kept:
    """The one for all checks; takes half a second the first time. Raises SetupError if it can't be started."""
    with _lock:
        if not _shared:
            _shared.append(_entered(_running, postgres(settings=_POSTGRES)))
        return _shared[0]


@contextmanager
def postgres_alone() -> Iterator[Kept]:
    """One that nobody else uses while the block lasts; it may be left killed or paused."""
    with _lock:
        server, own = _idle.pop() if _idle else (None, ExitStack())
    if server is None:
        server = _entered(own, postgres(settings=_POSTGRES))
    try:
        yield server
    finally:
        _give_back(server, own)


@contextmanager
def valkey_alone() -> Iterator[Kept]:
    """A Valkey while the block lasts. Raises SetupError if it can't be started."""
    with ExitStack() as own:
        yield _entered(own, valkey())


def end_all() -> None:
    """End all servers that this process has; the next use starts new ones."""
    with _lock:
        _shared.clear()
        idle = [own for _, own in _idle]
        _idle.clear()
        stacks = [_running.pop_all(), *idle]
    for stack in stacks:
        with contextlib.suppress(StackError, OSError):
            stack.close()


def cpu_seconds(server: Kept | None) -> float:
    """Processor time of all processes of a server so far; 0 of one that is not ours, which tells nobody."""
    pid = None if server is None else server.pid
    return 0.0 if pid is None else processes.cpu_seconds([pid, *descendants(pid)])


def put_in_order(server: Kept) -> None:
    """Let it run again, whatever was done to it. Raises StackError if it does not."""
    server.resume()
    server.start()


def _give_back(server: Kept, own: ExitStack) -> None:
    """Keep it for the next check, or end it if it can't be put in order."""
    try:
        put_in_order(server)
    except (StackError, OSError):
        with contextlib.suppress(StackError, OSError):
            own.close()
        return
    with _lock:
        _idle.append((server, own))


def _entered(stack: ExitStack, server: AbstractContextManager[Kept]) -> Kept:
    try:
        return stack.enter_context(server)
    except StackError as error:
        raise SetupError(str(error), next_step=error.next_step) from error


atexit.register(end_all)
