"""Faults while a client talks through the proxy: each comes at its moment, is healed, and is noted."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from climb.judge.choices import Choices
from climb.judge.faults import (
    FAULTS,
    AfterBytes,
    AfterSeconds,
    Bandwidth,
    Fault,
    HalfOpen,
    Injecting,
    Kill,
    Latency,
    Pause,
    Place,
    Planned,
    Refuse,
    Reset,
    Restart,
    Slicing,
    Stall,
    drawn_plan,
)
from climb.judge.history import Recorder
from climb.judge.world import Direction, Peer, World

PATIENCE_S = 20


class Program:
    """What faults do to a program, as a list of words."""

    def __init__(self, done: list[str]) -> None:
        self.done = done

    async def kill(self) -> None:
        self.done.append("kill")

    def pause(self) -> None:
        self.done.append("pause")

    def resume(self) -> None:
        self.done.append("resume")


class Stage:
    """An echo server, the proxy before it, and a program that only notes what is done to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.done: list[str] = []
        self.recorder = Recorder()

    async def open(self) -> "Stage":
        async def echo(peer: Peer) -> None:
            while data := await peer.receive():
                await peer.send(data)

        server = await self.world.listener(echo, address="127.0.0.1")
        self.proxy = await self.world.proxy(server.port)
        self.place = Place(program=Program(self.done), start=self.start, proxy=self.proxy)
        return self

    async def start(self) -> Program:
        self.done.append("start")
        return Program(self.done)

    async def echoed(self, data: bytes) -> bytes:
        """What comes back of it on a connection of its own, up to its end or its reset."""
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(*self.proxy.address)
            got = b""
            try:
                with contextlib.suppress(ConnectionError):
                    writer.write(data)
                    writer.write_eof()
                    while more := await reader.read(4096):
                        got += more
            finally:
                writer.transport.abort()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
            return got


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """All of it ends without mishaps of the judge."""
    async with World(Choices("faults")) as world:
        yield await Stage(world).open()
    assert world.mishaps == []


MILD = [Latency(5, 5, direction=Direction.TO_CLIENT), Bandwidth(1_000_000), Slicing(7, 1), Latency(1)]


@pytest.mark.parametrize(
    "faults", [[fault] for fault in MILD] + [MILD], ids=lambda each: "+".join(f.name for f in each)
)
async def test_mild_faults_lose_nothing(stage: Stage, faults: list[Fault]) -> None:
    """Late, slow and in pieces, alone and all together: every byte comes back, in order."""
    data = bytes(range(256)) * 8
    async with Injecting(stage.place, stage.recorder) as injecting:
        for fault in faults:
            await injecting.inject(fault)
        back = await stage.echoed(data)

    assert back == data
    assert stage.proxy.conditions == ()


@pytest.mark.parametrize("fault", [Reset(100), HalfOpen(), Stall(), Refuse()], ids=lambda each: each.name)
async def test_hard_faults_are_there_until_they_are_healed(stage: Stage, fault: Fault) -> None:
    """While it lasts nothing comes back as it should; afterwards all does."""
    data = bytes(5000)
    during = b""
    async with Injecting(stage.place, stage.recorder) as injecting:
        await injecting.inject(fault)
        with contextlib.suppress(TimeoutError, ConnectionRefusedError):
            async with asyncio.timeout(0.3):
                during = await stage.echoed(data)
        await injecting.heal(fault)
        after = await stage.echoed(data)

    assert during != data
    assert after == data


async def test_a_planned_fault_comes_at_its_byte(stage: Stage) -> None:
    """A kill after 1,000 bytes: when it happens, exactly so many have been handed on."""
    seen: list[int] = []

    class Looking(Program):
        async def kill(self) -> None:
            await asyncio.sleep(0.05)
            seen.append(stage.proxy.bytes(Direction.TO_PROGRAM))

    stage.place.program = Looking(stage.done)
    async with Injecting(stage.place, stage.recorder) as injecting:
        injecting.follow([Planned(Kill(), AfterBytes(1000))])
        await stage.echoed(bytes(5000))
        await injecting.settled(grace_s=PATIENCE_S)

    assert seen == [1000]


@pytest.mark.parametrize(
    ("fault", "done", "kinds"),
    [
        (Kill(), ["kill", "start"], ["killed", "started"]),
        (Restart(), ["kill", "start"], ["killed", "started"]),
        (Pause(), ["pause", "resume"], ["paused", "resumed"]),
    ],
    ids=["kill", "restart", "pause"],
)
async def test_what_happens_to_the_program(stage: Stage, fault: Fault, done: list[str], kinds: list[str]) -> None:
    """Each is undone by healing, once, and both are events of the history."""
    async with Injecting(stage.place, stage.recorder) as injecting:
        await injecting.inject(fault)
        await injecting.heal(fault)
        await injecting.heal(fault)

    history = stage.recorder.history()
    assert stage.done == done
    assert [event.kind for event in history.events] == kinds
    assert [period.label for period in history.faults] == [fault.label]


async def test_two_kills_at_once_are_one(stage: Stage) -> None:
    """Who is dead is not killed again, and is started once, however many heal it."""
    async with Injecting(stage.place, stage.recorder) as injecting:
        await asyncio.gather(*(injecting.inject(fault) for fault in (Kill(), Kill(), Restart())))

    assert stage.done == ["kill", "start"]
    assert stage.place.program is not None


async def test_what_has_not_come_is_missed(stage: Stage) -> None:
    """A fault whose moment did not come is dropped when things settle; it is no period of the history."""
    late = Planned(Stall(), AfterBytes(1_000_000))
    async with Injecting(stage.place, stage.recorder) as injecting:
        injecting.follow([late])
        await stage.echoed(b"little")
        await injecting.settled()

        assert injecting.missed == [late]
    assert stage.recorder.history().faults == ()


async def test_a_program_that_does_not_start_again_ends_the_block(stage: Stage) -> None:
    """What the start raises is raised, after everything else was healed."""

    async def broken() -> Program:
        raise RuntimeError("it did not start")

    async def inject() -> None:
        async with Injecting(stage.place, stage.recorder) as injecting:
            await injecting.inject(Stall())
            injecting.follow([Planned(Restart(), AfterSeconds(0))])
            await injecting.settled(grace_s=PATIENCE_S)

    stage.place.start = broken
    with pytest.raises(RuntimeError, match="did not start"):
        await inject()

    assert stage.proxy.conditions == ()


async def test_the_blocks_own_error_is_the_one_that_is_told(stage: Stage) -> None:
    """A check that failed is not kept waiting for a program to start."""

    async def fail() -> None:
        async with Injecting(stage.place, stage.recorder) as injecting:
            await injecting.inject(Kill())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert stage.done == ["kill"]


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_drawn_and_says_what_it_is(name: str) -> None:
    """The simplest draw and a random one give faults of this name with a label."""
    simplest, random = (FAULTS[name].drawn(Choices("x", forced=forced)) for forced in ([], None))

    assert simplest.name == random.name == name
    assert simplest.label
    assert random.label


def test_a_plan_without_draws_is_empty() -> None:
    """No fault is simplest; else the latest moment, the first kind, and no time at all."""
    kinds = [Stall, Kill]

    assert drawn_plan(Choices("x", forced=[]), kinds, within=AfterBytes(1000)) == []
    (planned,) = drawn_plan(Choices("x", forced=[]), kinds, within=AfterBytes(1000), at_least=1)
    assert isinstance(planned.fault, Stall)
    assert (planned.after, planned.lasts_s) == (AfterBytes(1000), 0.0)


def test_a_plan_is_the_same_again_from_its_draws() -> None:
    """Moments, kinds and lengths are all drawn."""
    first = Choices("seed")
    plan = drawn_plan(first, list(FAULTS.values()), within=AfterSeconds(2.0), at_most=5, at_least=3)
    again = drawn_plan(
        Choices("other", forced=first.drawn), list(FAULTS.values()), within=AfterSeconds(2.0), at_most=5, at_least=3
    )

    assert [(each.fault.label, each.after, each.lasts_s) for each in plan] == [
        (each.fault.label, each.after, each.lasts_s) for each in again
    ]
    assert all(0 < each.after.seconds <= 2.0 for each in plan)


async def test_a_client_at_the_moment_of_refusal() -> None:
    """A client whose coming the event loop has seen, but not told when the proxy begins to refuse, is no error."""
    errors: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    async with World(Choices("refusal")) as world:
        server = await world.listener()
        proxy = await world.proxy(server.port, host=server.address)
        await asyncio.sleep(0.01)  # the loop waits for clients

        with socket.create_connection(proxy.address):
            loop.call_soon(proxy.refuse)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        proxy.accept()
        _, writer = await asyncio.open_connection(*proxy.address)
        writer.close()

    assert errors == []
    assert world.mishaps == []
