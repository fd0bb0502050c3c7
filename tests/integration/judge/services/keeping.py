"""Keeps texts in a database, with a cache before it; WRONG names what it does wrong, if anything.

PUT, GET and DELETE of /things/KEY, POST and GET of /hits/KEY, /healthz and /readyz. What it stands on is asked over connections of
their own, one for each request, which is slow and right.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import redis.asyncio as redis
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

DATABASE, CACHE, WRONG = os.environ["DATABASE_URL"], os.environ["CACHE_URL"], os.environ.get("WRONG", "")
PATIENCE_S = None if WRONG == "no timeout" else 1.0
TABLES = """
CREATE TABLE IF NOT EXISTS things (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS hits (key text PRIMARY KEY, count bigint NOT NULL);
"""
PUT = "INSERT INTO things VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
HIT = "INSERT INTO hits VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET count = hits.count + 1 RETURNING count"
Handler = Callable[[Request], Awaitable[Response]]
later: set[asyncio.Task[None]] = set()
only: list[asyncpg.Connection] = []


@contextlib.asynccontextmanager
async def database() -> AsyncIterator[asyncpg.Connection]:
    if WRONG == "no reconnect":
        if not only:
            only.append(await asyncpg.connect(DATABASE))
        yield only[0]
        return
    connection = await asyncpg.connect(DATABASE, timeout=PATIENCE_S or 60)
    try:
        yield connection
    finally:
        connection.terminate()


@contextlib.asynccontextmanager
async def cache() -> AsyncIterator[redis.Redis]:
    client = redis.Redis.from_url(CACHE, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        yield client
    finally:
        await client.connection_pool.disconnect(inuse_connections=True)


def careful(handler: Handler) -> Handler:
    async def handled(request: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE_S and 1.5 * PATIENCE_S):
                return await handler(request)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, redis.RedisError) as error:
            fields = {} if WRONG == "no retry-after" else {"Retry-After": "1"}
            return PlainTextResponse(f"{type(error).__name__}\n", 503, fields)

    return handled


async def health(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def readiness(_: Request) -> Response:
    async with database() as connection:
        await connection.execute(TABLES)
    return PlainTextResponse("ok\n")


async def put(request: Request) -> Response:
    key, value = request.path_params["key"], (await request.body()).decode()
    if WRONG == "acknowledges early":
        task = asyncio.create_task(write(key, value, after_s=0.5))
        later.add(task)
        task.add_done_callback(later.discard)
    else:
        await write(key, value)
    return Response(status_code=201)


async def write(key: str, value: str, *, after_s: float = 0) -> None:
    await asyncio.sleep(after_s)
    with contextlib.suppress(OSError, asyncpg.PostgresError) if after_s else contextlib.nullcontext():
        async with database() as connection:
            await connection.execute(PUT, key, value)
        await forget(key)


async def delete(request: Request) -> Response:
    key = request.path_params["key"]
    await asyncio.gather(
        *later, return_exceptions=True
    )  # or else a write would come behind the deletion, without any kill
    async with database() as connection:
        await connection.execute("DELETE FROM things WHERE key = $1", key)
    if WRONG != "forgets the cache":
        await forget(key)
    return Response(status_code=204)


async def forget(key: str) -> None:
    async with cache() as client:
        await client.delete(f"things/{key}")


async def get(request: Request) -> Response:
    key = request.path_params["key"]
    with contextlib.suppress(OSError, redis.RedisError):
        async with cache() as client:
            if (known := await client.get(f"things/{key}")) is not None:
                return PlainTextResponse(known)
    async with database() as connection:
        value = await connection.fetchval("SELECT value FROM things WHERE key = $1", key)
    if value is None:
        return Response(status_code=404)
    with contextlib.suppress(OSError, redis.RedisError):
        async with cache() as client:
            await client.set(f"things/{key}", value)
    return PlainTextResponse(value)


async def hit(request: Request) -> Response:
    async with database() as connection:
        count = await connection.fetchval(HIT, request.path_params["key"])
        if WRONG == "counts twice":
            await connection.fetchval(HIT, request.path_params["key"])
    return PlainTextResponse(str(count))


app = Starlette(
    routes=[
        Route("/healthz", health),
        Route("/readyz", careful(readiness)),
        Route("/things/{key}", careful(put), methods=["PUT"]),
        Route("/things/{key}", careful(delete), methods=["DELETE"]),
        Route("/things/{key}", careful(get), methods=["GET"]),
        Route("/hits/{key}", careful(hit), methods=["POST"]),
    ]
)

uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
