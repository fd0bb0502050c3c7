"""PostgreSQL: what is asked of it is answered in time, or is Unavailable."""

import asyncio
import contextlib

import asyncpg
from part import Part
from problem import Problem, Unavailable
from schema import SCHEMA

CONNECTIONS = 10
PATIENCE_S = 1.5
LOOK_S = 0.7  # of a following, which can be answered from the cache as well
STARTING = 1  # the name of a lock
OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of something
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)


class Connection(asyncpg.Connection):
    def get_reset_query(self):
        return ""  # nothing here outlives a transaction


class Database:
    def __init__(self, url: str):
        self.url = url
        self.part = Part(self.ping)
        self.has_tables = False

    async def open(self):
        """Connects to nothing yet."""
        self.pool = await asyncpg.create_pool(
            self.url, min_size=0, max_size=CONNECTIONS, connection_class=Connection, max_inactive_connection_lifetime=0
        )

    async def run(self):
        """Makes the tables as soon as the database is there, then looks after it."""
        while not self.has_tables:
            try:
                async with self.transaction() as sql:
                    await sql.execute(f"SELECT pg_advisory_xact_lock({STARTING})")
                    await sql.execute(SCHEMA)
                self.has_tables = True
            except Exception:
                self.part.away = False
                await asyncio.sleep(0.2)
        await self.part.watch()

    async def ping(self, patience_s: float = LOOK_S):
        async with self.connection(patience_s, probing=True) as sql:
            await sql.fetchval("SELECT 1")

    @contextlib.asynccontextmanager
    async def connection(self, patience_s: float = PATIENCE_S, *, probing: bool = False):
        """Raises Unavailable if what is done in the block takes too long, or the database is away."""
        if self.part.away and not probing:
            raise Unavailable("the database is away")
        try:
            async with asyncio.timeout(patience_s):
                sql = await self.pool.acquire()
                try:
                    yield sql
                except (Problem, asyncpg.IntegrityConstraintViolationError):
                    raise
                except BaseException:
                    sql.terminate()  # nobody knows when an answer comes
                    raise
                finally:
                    await self.pool.release(sql)
        except OUTAGES as error:
            if not isinstance(error, asyncpg.TransactionRollbackError):
                self.part.away = True
                await self.pool.expire_connections()  # the others are as old
            raise Unavailable("the database does not answer") from error

    @contextlib.asynccontextmanager
    async def transaction(self, patience_s: float = PATIENCE_S):
        """Committed at the end of the block; all of it or nothing."""
        async with self.connection(patience_s) as sql, sql.transaction():
            yield sql
