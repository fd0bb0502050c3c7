"""PostgreSQL: transactions that take their time or fail, and never hang."""

import asyncio
import contextlib
import contextvars
import time

import asyncpg

from problem import Problem, Unavailable
from schema import SCHEMA

MOST_CONNECTIONS = 12
PATIENCE_S = 2.4  # of a request, for all its transactions together
STARTING, LAST_ADMIN, ACCOUNTS, EVENTS = 1, 2, 3, 4  # names of locks
OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)


class Budget:
    """Until when a request may wait for the database, or for others that wait for it."""

    def __init__(self):
        self.until = time.monotonic() + PATIENCE_S


BUDGET = contextvars.ContextVar("BUDGET")


@contextlib.contextmanager
def not_counted():
    """What the block waits for has nothing to do with the database."""
    began = time.monotonic()
    try:
        yield
    finally:
        if budget := BUDGET.get(None):
            budget.until += time.monotonic() - began


class Connection(asyncpg.Connection):
    def get_reset_query(self):
        return ""  # nothing here outlives a transaction, so there is nothing to reset


class Database:
    def __init__(self, url: str):
        self.url = url

    async def open(self):
        """Connects to nothing yet."""
        self.pool = await asyncpg.create_pool(
            self.url, min_size=0, max_size=MOST_CONNECTIONS, connection_class=Connection
        )

    async def make_tables(self):
        async with self.transaction() as sql:
            await lock(sql, STARTING)
            await sql.execute(SCHEMA)

    @contextlib.asynccontextmanager
    async def transaction(self):
        """Committed at the end of the block. Raises Unavailable if the database does not answer in time."""
        budget = BUDGET.get(None) or Budget()
        try:
            async with asyncio.timeout(budget.until - time.monotonic()):
                sql = await self.pool.acquire()
                try:
                    await sql.execute("BEGIN")
                    yield sql
                    await sql.execute("COMMIT")
                except Problem:
                    await sql.execute("ROLLBACK")
                    raise
                except BaseException:
                    sql.terminate()  # nobody knows what state it is in, or when an answer comes
                    raise
                finally:
                    await self.pool.release(sql)
        except OUTAGES as error:
            if isinstance(error, TimeoutError):
                await self.pool.expire_connections()  # the others may be as silent
            raise Unavailable("The database does not answer.") from error


async def lock(sql, name: int):
    """Held until the transaction ends."""
    await sql.execute(f"SELECT pg_advisory_xact_lock({name})")
