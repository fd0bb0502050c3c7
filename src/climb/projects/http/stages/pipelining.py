"""Stage 5: requests that come before earlier ones are answered."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.driver.draws import draw_cuts
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.judged import demand_closed, demand_read
from climb.projects.http.stages.requests import HIDDEN, Asked, draw_asked

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

_QUIET_S = 0.2  # what is wrong to come would come at once; waiting longer finds only slower mistakes


@pipelining.check
async def order_is_kept(server: HttpServer, world: World) -> None:
    """Requests of all kinds in one segment, or cut anywhere, are answered once each, in their order."""
    asked = world.draw.some(lambda: draw_asked(world.draw, errors=True), at_least=3, at_most=40, usually=10)
    many = world.draw.integer(1_100, 1_500)  # more than some languages let functions call one another
    running = await server.start()
    parts = [one.sent(running) for one in asked]
    sent = b"".join(parts)

    for cuts in ([], draw_cuts(world.draw, len(sent))):
        conversation = await running.converse(f"{len(asked)} requests in a row")
        conversation.expects(*(one.method for one in asked))
        await conversation.send(sent, cuts=cuts)

        for number, one in enumerate(asked, 1):
            one.demand(await conversation.answer(running.patience_s), f"request {number} of {len(asked)} in a row")
        conversation.close()
    await _demand_many(running, many)


@pipelining.check
async def a_half_request_waits(server: HttpServer, world: World) -> None:
    """Behind whole requests the beginning of another one waits for its rest; the whole ones are answered meanwhile."""
    asked = world.draw.some(lambda: draw_asked(world.draw), at_least=1, at_most=8)
    last = draw_asked(world.draw)
    running = await server.start()
    whole, half = b"".join(one.sent(running) for one in asked), last.sent(running)
    cut = world.draw.integer(1, len(half) - 1)
    conversation = await running.converse(f"{len(asked)} requests and a part of one")
    conversation.expects(*(one.method for one in asked))

    await conversation.send(whole + half[:cut])
    for number, one in enumerate(asked, 1):
        answer = await conversation.answer(running.patience_s)
        one.demand(
            answer,
            f"request {number} of {len(asked)}",
            why=f"Behind them are the first {cut} bytes of another one, and they don't wait for its rest.",
        )
    quiet = await conversation.silent(_QUIET_S)
    expect(
        "silence" if quiet else "bytes of an answer", f"what comes after {cut} of the {len(half)} bytes of {last}"
    ).equals("silence", why="A request that is not whole can't be answered yet.")

    answer = await running.answer_to(half[cut:], method=last.method, conversation=conversation)
    last.demand(
        answer, "the last request", why=f"Its first {cut} bytes came together with the requests before, the rest later."
    )


@pipelining.check
async def half_closed_is_not_gone(server: HttpServer, world: World) -> None:
    """A client that has shut down its sending side still gets the answers to all that it sent, and then the end of the connection."""
    asked = world.draw.some(lambda: draw_asked(world.draw), at_least=1, at_most=30, usually=6)
    running = await server.start()
    conversation = await running.converse(f"{len(asked)} requests, then nothing more")
    conversation.expects(*(one.method for one in asked))

    await conversation.send(b"".join(one.sent(running) for one in asked))
    await conversation.half_close()

    for number, one in enumerate(asked, 1):
        answer = await conversation.answer(running.patience_s)
        one.demand(
            answer,
            f"request {number} of {len(asked)}",
            why="The client has shut down its sending side only, and reads on (RFC 9293, 3.6).",
        )
    await demand_closed(
        conversation,
        running.patience_s,
        behind="the last answer to a client that has shut down its sending side",
        why="No request can come any more. A server that keeps the connection keeps it for ever.",
    )


@pipelining.check
async def behind_close_nothing_is_read(server: HttpServer, world: World) -> None:
    """What follows a request with Connection: close, or one of HTTP/1.0, in the same segment is not answered."""
    before = world.draw.some(lambda: draw_asked(world.draw), at_most=4, usually=2)
    running = await server.start()

    for version, fields in (("1.1", [("Connection", "close")]), ("1.0", [])):
        conversation = await running.converse(f"a last request of HTTP/{version}, and one behind it")
        last = running.request("GET", "/mirror/last", fields, version=version)
        conversation.expects(*(one.method for one in before), "GET")
        await conversation.send(b"".join(one.sent(running) for one in before) + last + running.request("GET", HIDDEN))

        for number, one in enumerate(before, 1):
            one.demand(await conversation.answer(running.patience_s), f"request {number} of {len(before) + 1}")
        seen = mirrored(await conversation.answer(running.patience_s))
        demand_read(seen, method="GET", path="/mirror/last", why="It is the last request that is answered.")
        # An answer too many is found by the reader, as bytes behind the last answer.
        await conversation.ended(running.patience_s)


async def _demand_many(running: Running, many: int) -> None:
    """So many small requests at once are answered, each once and in order."""
    asked = [Asked(method="GET", path=f"/mirror/{number}") for number in range(1, many + 1)]
    conversation = await running.converse(f"{many} requests in a row")
    conversation.expects(*(one.method for one in asked))
    await conversation.send(b"".join(one.sent(running) for one in asked))
    for number, one in enumerate(asked, 1):
        one.demand(await conversation.answer(running.patience_s), f"request {number} of {many} in a row")
    conversation.close()
