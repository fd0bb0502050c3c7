"""Caches of checks: fresh, without a password, not to be changed by programs, and open to the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError

from climb.judge.choices import Choices
from climb.judge.dependencies import Cache
from climb.judge.dependencies.places import moved
from climb.judge.dependencies.resp import Refused, Teller
from climb.judge.expect import CannotTell
from climb.judge.faults import Cut, Emptied, Fault, Full, Injecting, Kill, Pause
from climb.judge.history import Recorder
from climb.judge.world import World
from climb.stack.valkey import valkey


@pytest.fixture
async def cache(world: World) -> Cache:
    """A fresh one."""
    return await world.cache()


@pytest.fixture
async def client(cache: Cache) -> AsyncIterator[redis.Redis]:
    """What a program uses."""
    made = redis.Redis.from_url(cache.url, socket_timeout=0.5, retry=Retry(NoBackoff(), 0))
    yield made
    await made.connection_pool.disconnect(inuse_connections=True)


async def test_the_judge_sees_what_is_in_it(cache: Cache, client: redis.Redis) -> None:
    """Keys and values are read past the proxy; emptied, there are none."""
    await client.set("b", 2)
    await client.set("a", 1)
    seen = await cache.keys(), await cache.ask("GET", "a")

    await cache.empty()

    assert seen == (["a", "b"], b"1")
    assert await cache.keys() == []
    assert await client.get("a") is None


async def test_commands_of_programs_are_counted(cache: Cache, client: redis.Redis) -> None:
    """The judge's own, and those that started the server, are not."""
    before = await cache.commands()
    await client.set("a", 1)
    await client.get("a")
    await client.get("b")
    await cache.keys()
    await cache.ask("GET", "a")

    counted = await cache.commands("get"), await cache.commands("GET", "SET"), await cache.commands("del")

    assert before == 0
    assert counted == (2, 3, 0)


async def test_programs_may_not_change_the_server(cache: Cache, client: redis.Redis) -> None:
    """Who has no password can read and write, and neither stop nor set up the server."""
    with pytest.raises(NoPermissionError):
        await client.config_set("maxmemory", 1)

    assert await client.ping()


@pytest.mark.parametrize("fault", [Cut(), Full(), Kill(), Pause()])
async def test_faults_come_and_go(world: World, cache: Cache, client: redis.Redis, fault: Fault) -> None:
    """An open connection does not answer, nor does a new one; after healing both kinds do, and the history knows."""
    await client.set("a", 1)
    recorder = Recorder(world.now)
    async with Injecting(cache.place, recorder) as faults:
        await faults.inject(fault)
        for _ in range(2):
            with pytest.raises((redis.RedisError, OSError)):
                await client.get("a")
        await faults.heal(fault)

    assert await client.get("a") == (None if isinstance(fault, Kill) else b"1")
    assert [period.label for period in recorder.history().faults] == [f"cache: {fault.label}"]


async def test_emptied_while_it_runs(cache: Cache, client: redis.Redis) -> None:
    """The connection stays, and what was kept is gone."""
    await client.set("a", 1)

    await Emptied().inject(cache.place)

    assert await client.get("a") is None
    assert await cache.commands("get") == 1


async def test_a_restarted_one_counts_anew(cache: Cache, client: redis.Redis) -> None:
    """What started the server again is not counted, and the judge can still set it up."""
    await client.set("a", 1)
    kill = Kill()
    await kill.inject(cache.place)
    await kill.heal(cache.place)

    counted = await cache.commands()

    assert counted == 0
    assert await cache.ask("CONFIG", "GET", "maxmemory-policy") == [b"maxmemory-policy", b"allkeys-lru"]


async def test_what_the_server_refuses(cache: Cache) -> None:
    """A command that is wrong is told in the server's words."""
    with pytest.raises(Refused, match="wrong number of arguments"):
        await cache.ask("GET")


async def test_work_of_the_server_is_counted(cache: Cache) -> None:
    """What a script costs the server is in its processor time."""
    before = cache.cpu_seconds()

    await cache.ask("EVAL", "local n = 0 for i = 1, 50000000 do n = n + i % 7 end return n", "0")

    assert cache.cpu_seconds() - before > 0.1


async def test_a_cache_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty databases of it are used, whose data go at the end; others' data stay, and its process is not touched."""
    with valkey() as server:
        monkeypatch.setenv("CACHE_URL", server.address)
        theirs = Teller(moved(server.address, path="1"), Counter())
        async with theirs:
            await theirs.ask("SET", "kept", "1")
        async with World(Choices("41c2")) as world:
            first, second = await world.cache(), await world.cache()
            program = redis.Redis.from_url(first.url)
            await program.set("a", 1)
            seen = await first.keys(), await second.keys()
            with pytest.raises(CannotTell, match="CACHE_URL"):
                await Kill().inject(first.place)
            spent = first.cpu_seconds()
            await program.connection_pool.disconnect(inuse_connections=True)
        left = [await size(moved(server.address, path=str(number))) for number in range(1, 4)]

    assert seen == (["a"], [])
    assert left == [1, 0, 0]
    assert spent == 0  # nobody knows


async def size(address: str) -> object:
    """How many keys one of the numbered databases has."""
    async with Teller(address, Counter()) as teller:
        return await teller.ask("DBSIZE")
