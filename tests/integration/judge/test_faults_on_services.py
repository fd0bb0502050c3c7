"""Process faults on a real service behind a proxy: it is killed at an exact byte, started again, and found by its clients."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.drivers.service import Instance, Service, accepts
from climb.judge.faults import AfterBytes, Injecting, Kill, Pause, Place, Planned, Restart
from climb.judge.history import Recorder
from climb.judge.world import Direction, Proxy

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
PATIENCE_S = 20


async def start(driver: Service) -> Instance:
    return await driver.start({}, ports=("PORT",), ready=accepts("PORT"))


async def site(driver: Service) -> tuple[Place, Proxy]:
    """An echo service and a proxy before it, which follows it to the port of each new life."""
    first = await start(driver)
    proxy = await driver.world.proxy(first.ports["PORT"])

    async def again() -> Instance:
        instance = await start(driver)
        proxy.aim(instance.ports["PORT"])
        return instance

    return Place(program=first, start=again, proxy=proxy), proxy


async def answer(driver: Service, proxy: Proxy, data: bytes) -> bytes | None:
    """What the service says to a line, through the proxy."""
    client = await driver.instances[-1].connect("PORT", at=proxy.address)
    await client.send(data)
    line = await client.line()
    await client.close()
    return line


async def test_a_restart_at_a_byte(service: MakeService) -> None:
    """Exactly so many bytes have passed when the first life ends; the client is cut off, and later ones reach the second."""
    async with service("echoing") as driver:
        place, proxy = await site(driver)
        recorder = Recorder(driver.now)
        async with Injecting(place, recorder) as faults:
            faults.follow([Planned(Restart(), AfterBytes(1000))])
            client = await driver.instances[0].connect("PORT", at=proxy.address)
            cut = False
            try:
                await client.send(b"x" * 5000 + b"\n")
                cut = await client.line() is None
            except ConnectionLost:
                cut = True
            await faults.settled(grace_s=PATIENCE_S)
            first_life = proxy.links[0].to_program
            later = await answer(driver, proxy, b"again\n")

        history = recorder.history()

        assert cut
        assert first_life >= 1000
        assert later == b"AGAIN"
        assert [instance.running for instance in driver.instances] == [False, True]
        assert [event.kind for event in history.events] == ["killed", "started"]
        assert len(history.faults) == 1


async def test_a_paused_service_answers_when_it_goes_on(service: MakeService) -> None:
    """While it stands still nothing comes back; nothing that was sent meanwhile is lost."""
    async with service("echoing") as driver:
        place, proxy = await site(driver)
        async with Injecting(place, Recorder()) as faults:
            pause = Pause()
            await faults.inject(pause)
            asking = asyncio.get_running_loop().create_task(answer(driver, proxy, b"hello\n"))
            await proxy.reached(6, Direction.TO_PROGRAM)
            _, waiting = await asyncio.wait([asking], timeout=0.2)
            await faults.heal(pause)

            assert waiting
            assert await asking == b"HELLO"


async def test_a_killed_service_stays_dead_without_a_start(service: MakeService) -> None:
    """A place that does not say how it is started leaves it dead, and the proxy resets who comes."""
    async with service("echoing") as driver:
        place, proxy = await site(driver)
        place.start = None
        async with Injecting(place, Recorder()) as faults:
            await faults.inject(Kill())
            await faults.settled()
            reader, writer = await asyncio.open_connection(*proxy.address)
            try:
                ended = await asyncio.wait_for(reader.read(1), PATIENCE_S) == b""
            except ConnectionResetError:
                ended = True
            writer.close()

        assert ended
        assert not driver.instances[0].running
