"""Which errors say that the database is away, and which that somebody asked it something wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from climb.stack.database.migrations import MigrationError

__all__ = ["BROKEN", "BUSY", "cut_off", "says_away", "told"]

# The server is going or coming, or has no room. The statement was not at fault, and may be right a moment later.
BUSY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting, or cancelled by statement_timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.LockNotAvailableError,  # within lock_timeout
    asyncpg.ReadOnlySQLTransactionError,  # a standby, while another server takes over
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,  # asyncpg's, when the server says goodbye in the moment in which a statement begins
)
# The database's only if the connection is gone: a block may do other things too.
BROKEN = (OSError, asyncpg.InterfaceError)


def says_away(error: BaseException, connection: Any) -> bool:
    """Whether an error of a session with that connection is the database's."""
    return isinstance(error, BUSY) or (isinstance(error, BROKEN) and _is_gone(connection))


def told(error: Exception) -> str:
    """What may stand in a log. The text of other errors can have parts of an address that can't be read, and so of a password."""
    tells = isinstance(error, (asyncpg.PostgresError, MigrationError, OSError))
    return f"{type(error).__name__}: {error}" if tells else type(error).__name__


def cut_off(connection: Any) -> None:
    """End the connection at once, whatever it is doing."""
    with contextlib.suppress(asyncpg.InterfaceError):  # it is gone, with its pool
        connection.terminate()


def _is_gone(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # gone, with its pool
        return True
