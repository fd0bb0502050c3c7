"""Stage 13: clients that are slow, greedy or many, and what the others notice of it: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os

from climb.judge.expect import expect
from climb.judge.load.neighbours import Flooding, Neighbour, NeverReading, SlowBody, SlowHead
from climb.judge.on_time import clock
from climb.judge.stage import Stage
from climb.judge.together import all_to_the_end, in_background
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, explained
from climb.projects.http.stages.acks import held_back
from climb.projects.http.stages.beside import Others
from climb.projects.http.stages.crowd import crowded, demand_all_served, demand_small, few_descriptors
from climb.projects.http.stages.judged import demand_status
from climb.projects.http.stages.waiting import cut_off, demand_ended, demand_timeout, drips, received, slowly

__all__ = ["neighbours"]

neighbours = Stage(
    "neighbours",
    "Slow, greedy, many",
    concepts=["timeouts", "non-blocking-io", "file-descriptors", "nagle-and-delayed-acks"],
    timed=True,
    hints=[
        "Each connection waits for something: a head, a body, room in a buffer, a next request. How long may it wait, from when on, and who notices that the time is over?",
        "Nobody who serves several connections may wait for one. Give each connection the moment at which its present wait ends, and set that moment anew only when the brief says so: a byte of "
        "a head does not, a byte of a body does. An answer under way is not idleness.",
        "Keep deadlines in a heap or look at all of them a few times a second; don't rely on a timeout of recv alone, since a byte resets it. For accept: on EMFILE stop watching the listening socket "
        "until a connection was closed, or for some milliseconds. Set TCP_NODELAY, or write head and body at once.",
    ],
)

_NEVER_MS = 60_000
_SHORT_MS = 800  # what is judged is at most a second, whatever the time
_LARGE = 64 * 1024 * 1024
_SLOW = 16 * 1024 * 1024
_STEPS = 16
_THOUSAND = 1_000
_DRIPPING = "no byte is late, but the head as a whole is: one slow byte a minute would keep a connection for ever."


@neighbours.check
async def slow_heads_end(server: HttpServer, world: World) -> None:
    """A head that is not complete HEAD_MS after its first byte is answered with 408, however its bytes are spread, and the connection is closed."""
    head_ms = _SHORT_MS + world.draw.integer(0, 200)
    due_s = head_ms / 1000
    running = await server.start(head_ms=head_ms)
    whole = running.request("GET", "/mirror", [("X-Fill", "a" * 20)])
    cut = world.draw.integer(1, len(whole) - 1)
    why = f"HEAD_MS is {head_ms}, from the first byte of a head to its last (RFC 9110, 15.5.9)."

    async def stops(what: str, begin: bytes, answers: int = 0, idle_s: float = 0.0) -> None:
        conversation = await running.converse(what)
        if idle_s:
            demand_status(await conversation.ask(running.request("GET", "/healthz")), 200, why="This request is whole.")
            await asyncio.sleep(idle_s)
        before = running.now()
        await conversation.send(begin)
        since = (before, running.now())
        for _ in range(answers):
            demand_status(await conversation.answer(running.patience_s), 200, why="This request came whole.")
        await demand_timeout(running, watch, conversation, since=since, due_s=due_s, what=what, why=why)

    async def dribbles() -> None:
        what = "a byte of a field every 50 ms"
        conversation = await running.converse(what)
        before = running.now()
        await conversation.send(whole.removesuffix(b"\r\n\r\n"))
        since = (before, running.now())
        async with in_background(drips(conversation)):
            await demand_timeout(
                running, watch, conversation, since=since, due_s=due_s, what=what, why=f"{why} Here {_DRIPPING}"
            )

    async def in_time() -> None:
        conversation = await running.converse("slowly, and in time")
        began = running.now()
        pieces = [cut * step // 6 for step in range(1, 6)]
        await conversation.send(whole, cuts=pieces, pause_s=due_s / 15)
        took = running.now() - began
        answer = await conversation.answer(running.patience_s)
        if took < due_s * 0.8:
            demand_status(answer, 200, why=f"This head took {took:.2f} s. {why}")

    async with clock() as watch:
        await all_to_the_end(
            stops("the first byte of a head, and nothing more", whole[:1]),
            stops(f"{cut} bytes of a head, and nothing more", whole[:cut]),
            stops("a head without its empty line", whole.removesuffix(b"\r\n")),
            stops(
                "the beginning of a second head behind a first one", running.request("GET", "/healthz") + whole[:cut], 1
            ),
            stops("the beginning of a second head, some time after the first", whole[:cut], idle_s=due_s * 0.6),
            dribbles(),
            in_time(),
        )


@neighbours.check
async def stalled_bodies_end(server: HttpServer, world: World) -> None:
    """A body of which nothing comes for STALL_MS is answered with 408, and the connection is closed; one that keeps coming, however slowly, is served."""
    stall_ms = _SHORT_MS + world.draw.integer(0, 200)
    due_s = stall_ms / 1000
    running = await server.start(stall_ms=stall_ms)
    body = world.draw.source().randbytes(4)
    size = world.draw.integer(20, 100_000)
    length = running.request("POST", "/mirror", [("Content-Length", str(size))])
    chunked = running.request("POST", "/mirror", [("Transfer-Encoding", "chunked")])
    exact = running.request("POST", "/mirror", [("Content-Length", str(len(body)))])
    why = f"STALL_MS is {stall_ms}: how long a client may send nothing of a body that is due (RFC 9110, 15.5.9)."

    async def stalls(what: str, *pieces: bytes) -> None:
        conversation = await running.converse(what)
        before = running.now()
        for number, piece in enumerate(pieces):
            if number:
                await asyncio.sleep(due_s * 0.5)
            before = running.now()
            await conversation.send(piece)
        since = (before, running.now())
        await demand_timeout(running, watch, conversation, since=since, due_s=due_s, what=what, why=why)

    async def keeps_coming(what: str, head: bytes, pieces: list[bytes]) -> None:
        conversation = await running.converse(what)
        why = f"A piece came every {due_s * 0.5:.2f} s, and STALL_MS is {stall_ms}. A slow body that keeps coming is fine, however long it takes."
        await slowly(running, conversation, head, pieces, body, due_s * 0.5, why=why)

    one_by_one = [body[at : at + 1] for at in range(len(body))]
    async with clock() as watch:
        await all_to_the_end(
            stalls("nothing of a body", length),
            stalls("a part of a body, and nothing more", length + body),
            stalls("two parts of a body, and nothing more", length + body, body),
            stalls("a part of a chunk, and nothing more", chunked + b"a\r\nhel"),
            stalls("a chunk, and nothing more", chunked, b"5\r\nhello\r\n"),
            stalls("a part of a chunk's size, and nothing more", chunked + b"5"),
            keeps_coming("a body that comes slowly", exact, one_by_one),
            keeps_coming(
                "chunks that come slowly", chunked, [b"1\r\n%b\r\n" % piece for piece in one_by_one] + [b"0\r\n\r\n"]
            ),
        )


@neighbours.check
async def who_does_not_read_is_let_go(server: HttpServer, world: World) -> None:
    """A client that takes nothing of its answer for STALL_MS is disconnected; one that reads slowly gets all of it."""
    stall_ms = _SHORT_MS + world.draw.integer(0, 200)
    due_s = stall_ms / 1000
    running = await server.start(stall_ms=stall_ms)
    for name, size in (("large", _LARGE), ("slow", _SLOW)):
        os.truncate(running.write(name, b""), size)  # a hole: it costs no disk
    why = f"STALL_MS is {stall_ms}: how long a client may take nothing of an answer. Who waits longer keeps a connection and a file for somebody who is not there."

    async def does_not_read(target: str) -> None:
        conversation = await running.converse(
            f"does not read {target}", reading=False, receive_buffer=4_096, keep=False
        )
        since = running.now()
        await conversation.send(running.request("GET", target))
        answer = await cut_off(conversation, until_s=watch.allowed_s(due_s), patience_s=running.patience_s)
        if answer is not None:
            conversation.blame(
                f"the end of the connection before {watch.allowed_s(due_s):.3g} s were over",
                f"a whole answer of {answer.body_bytes:,} bytes, which the client began to read then",
                why,
            )
        watch.demand_not_before(
            conversation.ended_at, since=since, due_s=due_s, subject="who does not read is let go", why=why
        )

    async def reads_slowly() -> None:
        conversation = await running.converse("reads slowly", reading=False, receive_buffer=65_536, keep=False)
        await conversation.send(running.request("GET", "/files/slow"))
        for step in range(1, _STEPS):
            await asyncio.sleep(due_s * 2.4 / _STEPS)
            conversation.go_on_reading()
            await received(conversation, step * _SLOW // _STEPS, timeout_s=running.patience_s)
            conversation.stop_reading()
        conversation.go_on_reading()
        keeps = f"It took a megabyte every {due_s * 2400 / _STEPS:.0f} ms, and STALL_MS is {stall_ms}. A slow client that keeps taking is fine."
        with explained(keeps):
            answer = await conversation.answer(running.patience_s)
        expect(answer.body_bytes, "bytes of the file that a slow reader got").equals(_SLOW, why=keeps)

    async with clock() as watch:
        await all_to_the_end(does_not_read("/files/large"), does_not_read("/count?to=10000000"), reads_slowly())


@neighbours.check
async def idle_connections_end(server: HttpServer, world: World) -> None:
    """A connection without a request for IDLE_MS is closed without an answer, counted from its beginning and from the end of each answer."""
    idle_ms = _SHORT_MS + world.draw.integer(0, 200)
    due_s = idle_ms / 1000
    running = await server.start(idle_ms=idle_ms)
    healthz = running.request("GET", "/healthz")
    why = f"IDLE_MS is {idle_ms}: how long a connection may stay open without a request, from its beginning and from the end of each answer."

    async def never_asks() -> None:
        before = running.now()
        conversation = await running.converse("never asks")
        await demand_ended(
            running,
            watch,
            conversation,
            since=(before, running.now()),
            due_s=due_s,
            what="a connection on which nothing was sent is closed",
            why=why,
        )

    async def asks(times: int) -> None:
        conversation = await running.converse(f"asks {times} times")
        for number in range(times):
            if number:
                await asyncio.sleep(due_s * 0.6)
            before = running.now()
            answer = await conversation.ask(healthz, timeout_s=running.patience_s)
            demand_status(answer, 200, why=f"The last answer was {due_s * 0.6:.2f} s ago. {why}")
        await demand_ended(
            running,
            watch,
            conversation,
            since=(before, answer.ended_at),
            due_s=due_s,
            what=f"a connection is closed behind answer {times}",
            why=why,
        )

    async def takes_long() -> None:
        conversation = await running.converse("an answer that takes long")
        before = running.now()
        answer = await conversation.ask(
            running.request("GET", f"/count?to=5&pause_ms={int(idle_ms * 0.3)}"), timeout_s=running.patience_s + due_s
        )
        expect(answer.text, "the lines of /count").equals(
            "1\n2\n3\n4\n5\n",
            why=f"An answer that is under way is no idleness, also if it takes longer than IDLE_MS. {why}",
        )
        await demand_ended(
            running,
            watch,
            conversation,
            since=(before + idle_ms * 0.0012, answer.ended_at),
            due_s=due_s,
            what="a connection is closed behind an answer that took long",
            why=why,
        )

    async def sends_slowly() -> None:
        conversation = await running.converse("a body that comes slowly")
        head = running.request("POST", "/mirror", [("Content-Length", "5")])
        note = f"A request that is under way is no idleness. {why}"
        await slowly(running, conversation, head, [b"h", b"e", b"l", b"l", b"o"], b"hello", due_s * 0.3, why=note)

    async with clock() as watch:
        await all_to_the_end(never_asks(), asks(1), asks(2), takes_long(), sends_slowly())


@neighbours.check
async def slow_clients_delay_nobody(server: HttpServer, world: World) -> None:
    """Clients that send half a head or half a body, do not read, or send as fast as they can, do not delay the others."""
    running = await server.start(head_ms=_NEVER_MS, stall_ms=_NEVER_MS)
    others = Others(running)
    await others.arrive()
    alone_s = await others.undisturbed()
    low = world.draw.integer(0, 20)
    kinds: tuple[Neighbour, ...] = (
        SlowHead(connections=30 + low, target="/mirror"),
        SlowBody(connections=20 + low, target="/mirror"),
        NeverReading(connections=5 + low // 2, target="/count?to=10000000", requests=1),
        Flooding(connections=1 + low // 7, target="/mirror/flood"),
    )

    async with contextlib.AsyncExitStack() as stack:
        for number in range(len(kinds)):
            crowd = running.instance.neighbours("PORT", kinds[number : number + 1])
            await stack.enter_async_context(crowd)
            await others.not_delayed(alone_s, ", and ".join(kind.label for kind in kinds[: number + 1]))


@neighbours.check
async def a_thousand_connections(server: HttpServer, world: World) -> None:
    """A thousand connections at the same time are served, whatever each of them does, and an idle one costs at most 64 KiB."""
    running = await server.start(head_ms=_NEVER_MS, stall_ms=_NEVER_MS, limits=crowded())
    idle = await demand_small(running, _THOUSAND // 2)

    heads, bodies = [], []
    sent = running.request("GET", "/mirror/half")
    posted = running.request("POST", "/mirror/half", body=b"hello")
    cut = world.draw.integer(1, len(sent) - 1)
    for number in range(_THOUSAND // 4):
        heads.append(await running.converse(f"half a head {number}"))
        await heads[-1].send(sent[:cut])
        bodies.append(await running.converse(f"half a body {number}"))
        await bodies[-1].send(posted[:-3])
    await running.alive()
    await demand_all_served(running, idle, running.request("GET", "/mirror/idle"), "that was idle")
    await demand_all_served(running, heads, sent[cut:], "whose head was not whole")
    await demand_all_served(running, bodies, posted[-3:], "whose body was not whole")


@neighbours.check
async def few_file_descriptors(server: HttpServer, world: World) -> None:
    """Without a file descriptor left, new connections wait until there is one, the others go on, and the processor does not burn."""
    await few_descriptors(server, world)


@neighbours.check
async def answers_wait_for_no_ack(server: HttpServer, world: World) -> None:
    """No part of an answer waits until the client's kernel has acknowledged another part of it."""
    running = await server.start(root={"small.txt": world.draw.source().randbytes(3_000)})
    body = world.draw.source().randbytes(world.draw.integer(1, 3_000))
    for sent, what in (
        (running.request("GET", "/mirror/x"), "the mirror"),
        (running.request("POST", "/echo", body=body), f"an echo of {len(body):,} bytes"),
        (running.request("GET", "/files/small.txt"), "a file of 3,000 bytes"),
        (running.request("GET", "/count?to=50"), "fifty lines of /count"),
        (running.request("GET", "/nothing"), "404"),
    ):
        await held_back(running, sent, what)
