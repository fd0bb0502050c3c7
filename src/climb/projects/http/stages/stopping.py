"""Stage 14: SIGTERM. What was asked is answered, nothing new is begun, and the program is gone soon."""

from __future__ import annotations

import asyncio
import math
import os
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison
from climb.judge.expect import CannotTell, fail, within
from climb.judge.on_time import Clock, clock
from climb.judge.stage import Stage
from climb.judge.together import all_to_the_end
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.driver.chunks import draw_chunked
from climb.projects.http.driver.draws import draw_body
from climb.projects.http.driver.understood import understood
from climb.projects.http.stages.judged import demand_body, demand_status
from climb.projects.http.stages.waiting import demand_ended, demand_open

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["stopping"]

stopping = Stage(
    "stopping",
    "An orderly end",
    concepts=["graceful-shutdown", "signals"],
    timed=True,
    hints=[
        "A new version of your program is to be started, and this one gets SIGTERM. Some of its connections are idle, some wait for an answer, some are in the middle of a body. What has to become of "
        "each of them, so that no client notices?",
        "In the handler set a flag and wake up whoever waits, nothing else. Close the listening socket. Close each connection that is between two requests. Every other one finishes the request whose "
        "head is there, says Connection: close if the head of the answer is not sent yet, and is closed behind it.",
        "Count the requests under way, and exit with 0 when there are none. Start a timer of less than 10 seconds with the signal, for clients that never read or never send the rest, and exit with 0 "
        "then as well. Wait for connections that are in their lingering close too, but briefly.",
    ],
)

_LARGE = 16 * 1024 * 1024  # more than the kernel's buffers hold
_SETTLE_S = 0.2
_READS_AFTER_S = 0.5
_LONG_MS = 60_000
_LONGEST_S = 10.0
_POLL_S = 0.05
_AT_ONCE_S = 1.0
_SHOWN = 160


@stopping.check
async def answers_under_way_are_finished(server: HttpServer, world: World) -> None:
    """An answer that is under way at SIGTERM arrives whole, also if it takes its time or its client is slow."""
    lines = world.draw.integer(4, 7)
    running = await server.start()
    os.truncate(running.write("large", b""), _LARGE)
    counting = await _counting(running, lines, 200)
    slow = await running.converse("reads late", reading=False, receive_buffer=65_536, keep=False)
    await slow.send(running.request("GET", "/files/large"))
    await _settled(running)

    running.instance.terminate()

    await asyncio.sleep(_READS_AFTER_S)
    slow.go_on_reading()
    counted = await _whole(running, counting, "/count")
    demand_body(
        counted.body,
        _numbers(lines),
        "the lines of /count",
        why="The request was there before SIGTERM. Its client knows nothing of the stop, and waits for all of it.",
    )
    await _whole(running, slow, "a large file")


@stopping.check
async def bodies_under_way_are_answered(server: HttpServer, world: World) -> None:
    """A request whose head had come at SIGTERM is answered, with Connection: close, although its body comes later."""
    body = draw_body(world.draw, at_most=50_000) + b"the end"
    sent = draw_chunked(world.draw, body).sent
    running = await server.start()
    requests = (
        ("Content-Length", running.request("POST", "/echo", body=body)),
        ("chunks", running.request("POST", "/echo", [("Transfer-Encoding", "chunked")], sent)),
    )
    halves = []
    for how, data in requests:
        conversation = await running.converse(f"a body under way, {how}")
        head = data.index(b"\r\n\r\n") + 4
        cut = world.draw.integer(head, len(data) - 1)
        conversation.expects("POST")
        await conversation.send(data[:cut])
        halves.append((how, conversation, data[cut:]))
    await _settled(running)

    running.instance.terminate()

    await asyncio.sleep(_READS_AFTER_S)
    for how, conversation, rest in halves:
        await conversation.send_some(rest, timeout_s=running.patience_s)
        answer = await _whole(running, conversation, f"an echo whose body was under way, {how}")
        why = "The head of this request had come before SIGTERM, so it is answered, as soon as its body is there."
        demand_status(answer, 200, why=why)
        demand_body(answer.body, body, "the echo", why=why)
        if "close" not in answer.headers.get("connection", "").lower():
            answer.blame(
                "Connection: close",
                f"Connection: {answer.headers['connection']}"
                if "connection" in answer.headers
                else "no Connection field",
                "It is the last answer on this connection, and the client should know, so that it sends nothing more (RFC 9112, 9.6).",
            )


@stopping.check
async def idle_connections_are_closed(server: HttpServer, world: World) -> None:
    """Idle connections are closed at SIGTERM, although another answer is still under way."""
    running = await server.start()
    idle = [await running.converse(f"idle {number}") for number in range(1, world.draw.integer(2, 6) + 1)]
    for conversation in idle[1:]:
        demand_status(
            await conversation.ask(running.request("GET", "/healthz"), timeout_s=running.patience_s),
            200,
            why="It is ready.",
        )
    async with clock() as watch:
        await _outlasting(running, watch)
        await _settled(running)
        for conversation in idle:
            demand_open(conversation)

        asked = running.instance.terminate()
        why = "A client that has nothing under way loses nothing, and goes elsewhere. Whoever keeps such connections has to wait for each of them."
        await all_to_the_end(
            *(
                demand_ended(
                    running,
                    watch,
                    each,
                    since=(asked, asked),
                    due_s=0.0,
                    what=f"an idle connection is closed after SIGTERM: {each.name}",
                    why=why,
                )
                for each in idle
            )
        )


@stopping.check
async def new_ones_are_refused(server: HttpServer, world: World) -> None:
    """After SIGTERM no new connection is taken, although an answer is still under way."""
    running = await server.start()
    async with clock() as watch:
        counting = await _outlasting(running, watch, more_s=world.draw.integer(0, 1))
        await _settled(running)
        asked = running.instance.terminate()
        while (taken := await _taken(running)) is not None:
            if running.now() - asked > watch.allowed_s(0.0):
                fail(
                    f"a new connection {running.now() - asked:.2f} s after SIGTERM",
                    expected="refused",
                    received=taken,
                    why="Close the listening socket first. Whoever connects now should go to another server at once, and not wait for one that is about to end.",
                )
            if counting.ended_at is not None:
                raise CannotTell(
                    "the answer under way ended before the program was late to close its listening socket, so this machine is too busy to tell"
                )
            await asyncio.sleep(_POLL_S)


@stopping.check
async def later_requests_are_not_answered(server: HttpServer, world: World) -> None:
    """A request that comes after SIGTERM, on a connection whose answer is still under way, is not answered; the connection is closed behind that answer."""
    lines = world.draw.integer(4, 6)
    running = await server.start()
    counting = await _counting(running, lines, 250)
    await _settled(running)

    running.instance.terminate()

    await asyncio.sleep(_SETTLE_S)
    await counting.send_some(running.request("GET", "/mirror/later"), timeout_s=running.patience_s)
    sent = running.now()
    if (await _whole(running, counting, "/count")).ended_at < sent:
        raise CannotTell(
            "the answer under way ended before the later request was sent: this machine is too busy to tell"
        )
    try:
        later = await counting.answer(running.patience_s)
    except ConnectionLost:
        return
    except TimedOut:
        counting.blame(
            "the end of the connection behind the answer to /count",
            f"still open after {running.patience_s:.0f} s",
            "SIGTERM came, and nothing is under way here any more.",
        )
    later.blame(
        "no answer to a request that came after SIGTERM, and the end of the connection",
        f"{later.line}   {understood(later) or later.text[:_SHOWN]}",
        "A client that goes on asking would keep the program from ending.",
    )


@stopping.check
async def it_ends_in_time(server: HttpServer, world: World) -> None:
    """It exits with code 0: at once when nothing is under way, and after 10 seconds at the latest whatever its clients do."""
    async with clock() as watch:
        await _ends_at_once(server, watch, idle=world.draw.integer(1, 5))
        await _ends_behind_the_last(server, watch)
        await _ends_anyway(server, watch)


async def _ends_at_once(server: HttpServer, watch: Clock, *, idle: int) -> None:
    running = await server.start()
    for number in range(idle):
        await (await running.converse(f"idle {number}")).ask(
            running.request("GET", "/healthz"), timeout_s=running.patience_s
        )
    stopped = await running.instance.stop()
    _demand_at_once(running, watch, stopped.seconds, "with nothing but idle connections")


async def _ends_behind_the_last(server: HttpServer, watch: Clock) -> None:
    running = await server.start()
    counting = await _counting(running, 4, 300)
    await _settled(running)
    asked = running.instance.terminate()
    last = await _whole(running, counting, "/count")
    counting.close()
    stopped = await running.instance.stop()
    _demand_at_once(
        running,
        watch,
        asked + stopped.seconds - last.ended_at,
        "when its last answer was whole and its client had closed",
    )


async def _ends_anyway(server: HttpServer, watch: Clock) -> None:
    """Its deadlines are far away, so only the ten seconds end these."""
    running = await server.start(stall_ms=_LONG_MS, head_ms=_LONG_MS)
    os.truncate(running.write("large", b""), _LARGE)
    deaf = await running.converse("never reads", reading=False, receive_buffer=4_096)
    await deaf.send(running.request("GET", "/files/large"))
    half = await running.converse("never sends the rest of a body")
    await half.send(running.request("POST", "/echo", [("Content-Length", "1000")]) + b"a part")
    head = await running.converse("never sends the rest of a head")
    await head.send(b"GET /mirror HT")
    await _settled(running)
    await running.instance.stop(grace_s=watch.allowed_s(_LONGEST_S))


def _demand_at_once(running: Running, watch: Clock, seconds: float, when: str) -> None:
    ready_s = running.instance.ready_seconds or 0.0
    limit = watch.allowed_s(0.0) + ready_s
    within(
        seconds,
        limit,
        f"the time to its end {when}",
        unit="s",
        calibration=f"one second, what this machine needs to start a small process several times, and the {ready_s:.2g} s that the program takes to start",
        why="When all is done there is nothing to wait for.",
    )


async def _counting(running: Running, lines: int, pause_ms: int) -> Conversation:
    """An answer that is under way: its first line is here."""
    conversation = await running.converse("an answer under way")
    await conversation.send(running.request("GET", f"/count?to={lines}&pause_ms={pause_ms}"))
    await conversation.body(2, running.patience_s)
    return conversation


async def _outlasting(running: Running, watch: Clock, *, more_s: int = 0) -> Conversation:
    """An answer that is still under way when what has to happen at SIGTERM is late: its end would do the same."""
    lines = math.ceil(watch.allowed_s(0.0) + 2 * _AT_ONCE_S) + more_s + 1
    if lines >= _LONGEST_S:
        raise CannotTell(
            f"this machine is so busy that {watch.allowed_s(0.0):.1f} s are allowed for what has to happen at once"
        )
    return await _counting(running, lines, 1_000)


def _numbers(lines: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(1, lines + 1))


async def _settled(running: Running) -> None:
    """What was sent has been read: the program has answered something else since."""
    await asyncio.sleep(_SETTLE_S)
    await running.alive()


async def _whole(running: Running, conversation: Conversation, what: str) -> Answer:
    """The answer that was under way; fails the check if the program has cut it."""
    try:
        return await conversation.answer(running.patience_s + _LONGEST_S)
    except (ConnectionLost, TimedOut) as failure:
        received = next((piece.received for piece in failure.evidence if isinstance(piece, Comparison)), str(failure))
        conversation.blame(
            f"the whole answer to {what}", received, "It was asked for before SIGTERM, and is answered whole."
        )


async def _taken(running: Running) -> str | None:
    """What becomes of a new connection, in words; None if it is refused."""
    try:
        conversation = await running.converse("comes after SIGTERM")
    except ConnectionLost:
        return None
    except TimedOut:
        return "neither accepted nor refused"
    try:
        answer = await conversation.ask(running.request("GET", "/healthz"), timeout_s=_AT_ONCE_S)
    except ConnectionLost:
        return "accepted, and ended without an answer"  # as the last ones in the queue are, when the socket is closed
    except TimedOut:
        conversation.close()
        return f"accepted, and no answer within {_AT_ONCE_S:g} s"
    conversation.close()
    return f"accepted, and answered with {answer.line}"
