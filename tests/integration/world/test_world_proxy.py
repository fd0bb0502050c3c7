"""The proxy with real sockets at both ends: each effect alone, together, one way, on one connection, and gone again."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from climb.judge.choices import Choices
from climb.judge.world import World
from climb.judge.world.effects import Condition, Direction, Effect
from climb.judge.world.link import QUEUE_BYTES
from climb.judge.world.proxy import Proxy

PATIENCE_S = 20
THERE, BACK = Direction.TO_PROGRAM, Direction.TO_CLIENT


class Ends:
    """A client for each call of ``connect``, and the program's end of each of them."""

    def __init__(self, proxy: Proxy, listening: socket.socket) -> None:
        self.proxy = proxy
        self.listening = listening
        self.opened: list[socket.socket] = []

    async def connect(self) -> tuple[socket.socket, socket.socket]:
        client = await self.client()
        program, _ = await within(loop().sock_accept(self.listening))
        self.opened.append(program)
        program.setblocking(False)
        return client, program

    async def client(self) -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        self.opened.append(client)
        await within(loop().sock_connect(client, self.proxy.address))
        return client

    def put_on(self, **effect: object) -> Condition:
        where = {name: effect.pop(name) for name in ("direction", "connection") if name in effect}
        condition = Condition(Effect(**effect), **where)
        self.proxy.put_on(condition)
        return condition


def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def within(what):
    async with asyncio.timeout(PATIENCE_S):
        return await what


async def send(sock: socket.socket, data: bytes) -> None:
    await within(loop().sock_sendall(sock, data))


async def receive(sock: socket.socket, count: int) -> bytes:
    """Exactly ``count`` bytes, or fewer at the end."""
    got = b""
    while len(got) < count and (data := await within(loop().sock_recv(sock, count - len(got)))):
        got += data
    return got


async def is_reset(sock: socket.socket) -> bool:
    """Whether what comes next is a reset."""
    try:
        await receive(sock, 1)
    except ConnectionResetError:
        return True
    return False


async def is_silent(sock: socket.socket) -> bool:
    """Nothing is there to be read after the event loop had many turns: whatever was to come on loopback has come."""
    await asyncio.sleep(0.1)
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    return False


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """A proxy before a port on which the test itself accepts; all of it ends without mishaps."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        async with World(Choices("proxy")) as world:
            ends = Ends(await world.proxy(listening.getsockname()[1]), listening)
            yield ends
        for sock in ends.opened:
            sock.close()
    assert world.mishaps == []


async def test_bytes_pass_both_ways_and_are_counted(ends: Ends) -> None:
    """What one end sends the other reads, and the link knows how much it was."""
    client, program = await ends.connect()

    await send(client, b"question")
    asked = await receive(program, 8)
    await send(program, b"answer")
    answered = await receive(client, 6)

    assert (asked, answered) == (b"question", b"answer")
    assert (ends.proxy.links[0].to_program, ends.proxy.links[0].to_client) == (8, 6)
    assert (ends.proxy.bytes(THERE), ends.proxy.bytes(BACK)) == (8, 6)


async def test_the_end_of_one_way_leaves_the_other_open(ends: Ends) -> None:
    """After the client has shut down its side, the program reads the end and can still answer."""
    client, program = await ends.connect()

    await send(client, b"all")
    client.shutdown(socket.SHUT_WR)
    asked = await receive(program, 100)
    await send(program, b"bye")
    program.close()

    assert asked == b"all"
    assert await receive(client, 100) == b"bye"


async def test_a_broken_end_breaks_the_other(ends: Ends) -> None:
    """A client that resets its connection resets the program's."""
    client, program = await ends.connect()
    await send(client, b"x")
    await receive(program, 1)

    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()

    assert await is_reset(program)


async def test_a_program_that_refuses_resets_the_client(ends: Ends) -> None:
    """Nobody listens behind the proxy: the client's connection is reset, and later clients are served again."""
    ends.proxy.aim(1)
    client = await ends.client()
    reset = await is_reset(client)
    ends.proxy.aim(ends.listening.getsockname()[1])
    later, program = await ends.connect()
    await send(later, b"x")

    assert reset
    assert await receive(program, 1) == b"x"


async def test_a_reader_that_waits_makes_the_writer_wait(ends: Ends) -> None:
    """With a program that does not read, no more is taken from the client than the queue and the kernel's buffers hold."""
    client, program = await ends.connect()
    data = bytes(64 * 1024 * 1024)
    sending = loop().create_task(loop().sock_sendall(client, data))

    await asyncio.sleep(0.5)
    passed, waits = ends.proxy.links[0].to_program, not sending.done()
    read = 0
    while read < len(data):
        read += len(await within(loop().sock_recv(program, 1 << 20)))
    await within(sending)

    assert waits
    assert passed < len(data) // 2


async def test_latency_delays_and_does_not_slow_down(ends: Ends) -> None:
    """Each byte comes late, but many that are sent together come together, in their order."""
    client, program = await ends.connect()
    ends.put_on(delay_s=0.2, jitter_s=0.1, seed=7)
    data = bytes(range(256)) * (QUEUE_BYTES // 256)

    began = time.monotonic()
    await send(client, data)
    received = await receive(program, len(data))
    took = time.monotonic() - began

    assert received == data
    assert 0.2 <= took < 0.2 * len(data) / (16 * 1024)  # less than if one chunk waited for the other


async def test_latencies_add_up(ends: Ends) -> None:
    """Two delays in the same direction are one after the other."""
    client, program = await ends.connect()
    ends.put_on(delay_s=0.1)
    ends.put_on(delay_s=0.15, direction=THERE)

    began = time.monotonic()
    await send(client, b"x")
    await receive(program, 1)

    assert time.monotonic() - began >= 0.25


async def test_a_bandwidth_is_kept_in_its_direction(ends: Ends) -> None:
    """20,000 bytes at 50,000 a second take 0.4 s less the first piece; the other way they are not slowed."""
    client, program = await ends.connect()
    ends.put_on(bytes_per_s=50_000, direction=THERE)
    data = bytes(20_000)

    began = time.monotonic()
    await send(program, data)
    await receive(client, len(data))
    back = time.monotonic() - began
    await send(client, data)
    await receive(program, len(data))
    there = time.monotonic() - began - back

    assert there >= 0.4 - 0.02
    assert ends.proxy.links[0].to_client == len(data)
    assert back < there


async def test_slices_arrive_one_by_one(ends: Ends) -> None:
    """With pieces of three bytes a reader never gets more than three at once, and all in the end."""
    client, program = await ends.connect()
    ends.put_on(piece_bytes=3, pause_s=0.02, direction=THERE)

    await send(client, b"0123456789")
    pieces = []
    while sum(map(len, pieces)) < 10:
        pieces.append(await within(loop().sock_recv(program, 100)))

    assert b"".join(pieces) == b"0123456789"
    assert ends.proxy.links[0].to_program == 10
    assert len(pieces) > 1


async def test_a_stall_holds_everything_and_loses_nothing(ends: Ends) -> None:
    """While it lasts nothing comes, not even the end; afterwards all does."""
    client, program = await ends.connect()
    stall = ends.put_on(holds=True, direction=THERE)

    await send(client, b"held")
    client.shutdown(socket.SHUT_WR)
    silent = await is_silent(program)
    ends.proxy.take_off(stall)

    assert silent
    assert await receive(program, 100) == b"held"


async def test_a_stall_of_one_connection_leaves_its_neighbour_alone(ends: Ends) -> None:
    """Only the connection with this number stands still."""
    (first, first_end), (second, second_end) = await ends.connect(), await ends.connect()
    ends.put_on(holds=True, connection=0)

    await send(first, b"1")
    await send(second, b"2")

    assert await receive(second_end, 1) == b"2"
    assert await is_silent(first_end)


async def test_half_open_is_silent_about_the_end_too(ends: Ends) -> None:
    """The client is gone, and the program is not told; healing resets what was silent, and later connections are well."""
    client, program = await ends.connect()
    half_open = ends.put_on(silent=True, direction=THERE)

    client.close()
    await send(program, b"are you there")
    silent = await is_silent(program)
    ends.proxy.take_off(half_open)
    reset = await is_reset(program)
    later, later_end = await ends.connect()
    await send(later, b"x")

    assert silent
    assert reset
    assert await receive(later_end, 1) == b"x"


async def test_half_open_lets_the_other_way_pass(ends: Ends) -> None:
    """Silent to the program: what the program says still comes."""
    client, program = await ends.connect()
    ends.put_on(silent=True, direction=THERE)

    await send(client, b"unheard")
    await send(program, b"heard")

    assert await receive(client, 5) == b"heard"
    assert await is_silent(program)


async def test_a_reset_comes_at_its_byte(ends: Ends) -> None:
    """Exactly so many bytes were handed on, then both sides are reset."""
    client, _ = await ends.connect()
    ends.put_on(reset_after=1000, direction=THERE)

    await send(client, bytes(5000))

    assert await is_reset(client)
    assert ends.proxy.links[0].to_program == 1000
    assert ends.proxy.links[0].was_reset


async def test_a_reset_counts_from_when_it_was_put_on_and_for_each_connection(ends: Ends) -> None:
    """Bytes before it don't count; each later connection has a count of its own; healed, nothing is cut."""
    client, program = await ends.connect()
    await send(client, bytes(500))
    await receive(program, 500)
    reset = ends.put_on(reset_after=100)

    await send(client, bytes(300))
    first = await is_reset(client)
    second_client, _ = await ends.connect()
    await send(second_client, bytes(300))
    second = await is_reset(second_client)
    ends.proxy.take_off(reset)
    third_client, third_end = await ends.connect()
    await send(third_client, bytes(300))

    assert first
    assert second
    assert [link.to_program for link in ends.proxy.links[:2]] == [600, 100]
    assert len(await receive(third_end, 300)) == 300


async def test_a_reset_after_nothing_is_at_once(ends: Ends) -> None:
    """A connection on which nothing moves is reset as well."""
    client, program = await ends.connect()

    ends.put_on(reset_after=0)

    assert await is_reset(client)
    assert await is_reset(program)


async def test_refusing_and_accepting_again(ends: Ends) -> None:
    """New connections are refused while open ones go on; then the same port accepts again."""
    client, program = await ends.connect()

    ends.proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await ends.client()
    await send(client, b"x")
    still = await receive(program, 1)
    ends.proxy.accept()
    later, later_end = await ends.connect()
    await send(later, b"y")

    assert still == b"x"
    assert await receive(later_end, 1) == b"y"


async def test_a_port_that_refuses_is_held() -> None:
    """Another judge that replays the same seed draws the same port: it gets another one, and ours accepts again."""
    async with World(Choices("the same")) as ours, World(Choices("the same")) as beside:
        held = await ours.proxy(1)
        held.refuse()
        other = await beside.proxy(1)
        held.accept()

        assert other.port != held.port


async def test_stacked_effects_all_hold(ends: Ends) -> None:
    """Late, in slices, and cut at a byte, all at once."""
    client, _ = await ends.connect()
    ends.put_on(delay_s=0.2)
    ends.put_on(piece_bytes=10, pause_s=0.001)
    ends.put_on(reset_after=95, direction=THERE)

    began = time.monotonic()
    await send(client, bytes(200))
    reset = await is_reset(client)

    assert reset
    assert time.monotonic() - began >= 0.2
    assert ends.proxy.links[0].to_program == 95


async def test_the_proxy_stops_at_a_byte_for_what_is_to_be_done(ends: Ends) -> None:
    """While ``do`` runs exactly so many bytes have passed, then the rest follows."""
    client, program = await ends.connect()
    seen: list[int] = []

    async def look() -> None:
        await asyncio.sleep(0.05)
        seen.append(ends.proxy.bytes(THERE))

    waiting = loop().create_task(ends.proxy.reached(1234, THERE, look))
    await asyncio.sleep(0)
    await send(client, bytes(5000))
    received = await receive(program, 5000)
    await within(waiting)

    assert seen == [1234]
    assert len(received) == 5000


async def test_a_stop_given_up_holds_nothing(ends: Ends) -> None:
    """Once nobody waits for a byte any more, the proxy does not stop there."""
    client, program = await ends.connect()
    waiting = loop().create_task(ends.proxy.reached(10, THERE, asyncio.Event().wait))
    await send(client, bytes(100))
    await receive(program, 10)

    waiting.cancel()

    assert len(await receive(program, 90)) == 90


async def test_the_world_takes_its_proxies_with_it(ends: Ends) -> None:
    """When a world closes, the port refuses and open connections are reset."""
    async with World(Choices("other")) as world:
        proxy = await world.proxy(ends.listening.getsockname()[1])
        other = Ends(proxy, ends.listening)
        client, program = await other.connect()

    assert await is_reset(program)
    with pytest.raises(ConnectionRefusedError):
        await other.client()
    client.close()
    for sock in other.opened:
        sock.close()
