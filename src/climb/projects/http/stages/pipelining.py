"""Stage 5: requests that come before earlier ones are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.driver.draws import draw_cuts
from climb.projects.http.driver.patience import UNHURRIED_MS
from climb.projects.http.stages.judged import demand_closed
from climb.projects.http.stages.requests import HIDDEN, Asked, demand_answers, draw_asked

__all__ = ["pipelining"]

pipelining = Stage(
    "pipelining",
    "Requests in a row",
    concepts=["http-framing", "tcp-ip", "sockets"],
    hints=[
        "A client sends ten requests with one send, and reads the answers afterwards. How many times does your program call recv, and what is in its buffer after the first request?",
        "Bytes behind a request are the next request, or the beginning of it. Look into the buffer before you call recv again: what is there already will not come a second time. And the end of what a client sends is not the end of what it reads.",
        "Take one request out of the buffer, answer it, then try again with what is left; only when that is no whole request, receive. When recv returns nothing, the client has shut down its sending side: answer everything that is whole in the buffer, then "
        "close. Behind a request with Connection: close throw away what is left.",
    ],
)

_PIECE_S = 0.002  # between two pieces
_WHY = "All of them are sent before the first answer is read. Each is answered once, and clients know by the order alone which answer is whose (RFC 9112, 9.3.2)."
_SMALL = 1_000  # bytes of a body
_QUIET_S = 0.2  # what is wrong to come would come at once; waiting longer finds only slower mistakes


@pipelining.check
async def order_is_kept(server: HttpServer, world: World) -> None:
    """Requests of all kinds in one segment, or cut anywhere, are answered once each, in their order."""
    asked = world.draw.some(lambda: draw_asked(world.draw, errors=True), at_least=3, at_most=40, usually=10)
    many = world.draw.integer(1_100, 1_500)  # more than some languages let functions call one another
    running = await server.start()
    sent = b"".join(one.sent(running) for one in asked)
    small = [Asked(method="GET", path=f"/mirror/{number}") for number in range(1, many + 1)]

    await _demand_row(running, asked, sent)
    await _demand_row(running, asked, sent, cuts=draw_cuts(world.draw, len(sent)))
    await _demand_row(running, small, b"".join(one.sent(running) for one in small))


@pipelining.check
async def a_half_request_waits(server: HttpServer, world: World) -> None:
    """Behind whole requests the beginning of another one waits for its rest; the whole ones are answered meanwhile."""
    asked = world.draw.some(lambda: draw_asked(world.draw), at_least=1, at_most=8)
    last = draw_asked(world.draw)
    running = await server.start(head_ms=UNHURRIED_MS, stall_ms=UNHURRIED_MS)
    whole, half = b"".join(one.sent(running) for one in asked), last.sent(running)
    cut = world.draw.integer(1, len(half) - 1)
    conversation = await running.converse(f"{len(asked)} requests and a part of one")
    conversation.expects(*(one.method for one in asked))

    await conversation.send(whole + half[:cut])
    why = f"They are whole. Behind them are the first {cut} bytes of another one, for whose rest they need not wait."
    await demand_answers(running, conversation, asked, "in a row", why=why)
    quiet = await conversation.silent(_QUIET_S)
    expect("silence" if quiet else "bytes", f"what comes after {cut} of the {len(half)} bytes of {last}").equals(
        "silence", why="A request that is not whole can't be answered yet."
    )

    conversation.expects(last.method)
    await conversation.send(half[cut:])
    why = f"Its first {cut} bytes came together with the requests before, the rest later."
    await demand_answers(running, conversation, [last], "that came in two parts", why=why)


@pipelining.check
async def half_closed_is_not_gone(server: HttpServer, world: World) -> None:
    """A client that has shut down its sending side still gets the answers to all that it sent, and then the end of the connection."""
    asked = world.draw.some(lambda: draw_asked(world.draw), at_least=1, at_most=30, usually=6)
    running = await server.start()

    # First while the program stands still, so that the end is there together with the first request. All of it has to fit into the kernel's buffers.
    small = [one for one in asked if len(one.body or b"") <= _SMALL]
    running.instance.pause()
    await _demand_half_closed(running, small or [Asked(method="GET", path="/healthz")], sent=running.instance.resume)
    await _demand_half_closed(running, asked)


@pipelining.check
async def behind_close_nothing_is_read(server: HttpServer, world: World) -> None:
    """What follows a request with Connection: close, or one of HTTP/1.0, in the same segment is not answered."""
    before = world.draw.some(lambda: draw_asked(world.draw), at_most=4, usually=2)
    running = await server.start()
    last = Asked(method="GET", path="/mirror/last")

    for version, fields in (("1.1", [("Connection", "close")]), ("1.0", [])):
        conversation = await running.converse(f"a last request of HTTP/{version}, and one behind it")
        conversation.expects(*(one.method for one in before), last.method)
        ending = running.request(last.method, last.path, fields, version=version)
        await conversation.send(b"".join(one.sent(running) for one in before) + ending + running.request("GET", HIDDEN))

        await demand_answers(running, conversation, [*before, last], "up to the last one", why=_WHY)
        # An answer too many is found by the reader, as bytes behind the last answer.
        await conversation.ended(running.patience_s)


async def _demand_row(running: Running, asked: Sequence[Asked], sent: bytes, *, cuts: Sequence[int] = ()) -> None:
    conversation = await running.converse(f"{len(asked)} requests in a row")
    conversation.expects(*(one.method for one in asked))
    await conversation.send(sent, cuts=cuts, pause_s=_PIECE_S)
    await demand_answers(
        running, conversation, asked, f"in a row, {len(cuts) + 1} pieces" if cuts else "in a row", why=_WHY
    )
    conversation.close()


async def _demand_half_closed(
    running: Running, asked: Sequence[Asked], *, sent: Callable[[], None] = lambda: None
) -> None:
    conversation = await running.converse(f"{len(asked)} requests, then nothing more")
    conversation.expects(*(one.method for one in asked))
    await conversation.send(b"".join(one.sent(running) for one in asked))
    await conversation.half_close()
    sent()

    why = "The client has shut down its sending side and no more: it waits for the answers to all that it sent (RFC 9293, 3.6)."
    await demand_answers(running, conversation, asked, "before the end of what is sent", why=why)
    await demand_closed(
        conversation,
        running.patience_s,
        behind="the last answer to a client that has shut down its sending side",
        why="No request can come any more. A server that keeps the connection keeps it for ever.",
    )
