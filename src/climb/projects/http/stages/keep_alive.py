"""Stage 4: one connection that serves one request after the other, and ends when it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, explained
from climb.projects.http.driver.draws import draw_method_token, draw_path
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.judged import demand_closed, demand_read
from climb.projects.http.stages.requests import HIDDEN, Asked, draw_asked

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["keep_alive"]

keep_alive = Stage(
    "keep-alive",
    "One connection, many requests",
    concepts=["http-framing", "request-smuggling", "connection-pools"],
    hints=[
        "Opening a connection costs a round trip before the first byte. So clients keep it and send the next request on it. What does your server still hold of the first request when the second begins?",
        "Close behind an answer only if the request said so, or if you can't tell where it ends. Whatever the answer was, the body of the request has to be read to its end: otherwise its bytes are "
        "taken for the next request.",
        "Serve a connection in a loop: read a head, read its body also for 404 and 405, answer, and go on with what is left in the buffer. Leave the loop when the client has closed, when the version is 1.0, or when one of the words of "
        "Connection, split at commas and compared without case, is close. Then send Connection: close with the answer.",
    ],
)

_CLOSE = ("close", "Close", "keep-alive, close", "x-y ,CLOSE", "close,close", "close \t, upgrade")
_STAY = ("keep-alive", "closed", "x-close", "not-close, close-not", "closeclose")


@keep_alive.check
async def a_connection_serves_many(server: HttpServer, world: World) -> None:
    """A connection serves requests one after the other, with bodies and without."""
    drawn = world.draw.some(lambda: draw_asked(world.draw), at_least=4, at_most=30, usually=8)
    asked = [
        Asked(method="POST", path="/mirror/first", body=b"a body"),
        Asked(method="GET", path="/mirror/second"),
        *drawn,
    ]
    running = await server.start()
    conversation = await running.converse("one connection for all")

    for number, one in enumerate(asked, 1):
        why = "Each request is read for itself, and nothing of an earlier one is left in it. Nobody has asked for the end of the connection (RFC 9112, 9.3)."
        with explained(why, f"the answer to request {number} of {len(asked)} on one connection: {one}"):
            answer = await running.answer_to(one.sent(running), method=one.method, conversation=conversation)

        one.demand(answer, f"request {number} of {len(asked)} on one connection", why=why)


@keep_alive.check
async def close_is_obeyed(server: HttpServer, world: World) -> None:
    """A request with Connection: close, as one word of a list in any case, or of HTTP/1.0, is the last: its answer says close and the connection ends."""
    closing = [[("Connection", value)] for value in world.draw.sample(_CLOSE, 4)]
    closing += [[("Connection", "keep-alive"), ("Connection", "Close")], [("connection", "close")]]
    staying = world.draw.sample(_STAY, 3)
    path, missing = draw_path(world.draw), f"/{world.draw.word()}"
    running = await server.start()

    requests = [(running.request("GET", f"/mirror{path}", fields), _words(fields)) for fields in closing]
    old: tuple[list[tuple[str, str]], ...] = ([], [("Connection", "keep-alive")])
    requests += [
        (running.request("GET", f"/mirror{path}", fields, version="1.0"), f"HTTP/1.0, {_words(fields)}")
        for fields in old
    ]
    requests.append(
        (running.request("GET", missing, [("Connection", "close")]), "Connection: close for what is not there")
    )
    for sent, words in requests:
        conversation = await running.converse(words)
        answer = await running.answer_to(sent, conversation=conversation)
        given = answer.headers.get("connection", "")
        if "close" not in [word.strip(" \t").lower() for word in given.split(",")]:
            answer.blame(
                "Connection: close in the answer",
                f"Connection: {given}" if given else "no Connection field",
                f"The request is the last one on this connection: {words}. A server that is about to close says so with its last answer, so that the client sends nothing more (RFC 9112, 9.6).",
            )
        await demand_closed(
            conversation,
            running.patience_s,
            behind=f"the answer to a request with {words}",
            why="The words of Connection are compared in any case (RFC 9110, 7.6.1). HTTP/1.0 ends a connection with the answer, and this brief knows no exception.",
        )
    for value in staying:
        conversation = await running.converse(f"Connection: {value}")
        for _ in range(2):
            why = f"Connection: {value} does not have the word close, so the connection serves the next request too."
            sent = running.request("GET", f"/mirror{path}", [("Connection", value)])
            seen = mirrored(await running.answer_to(sent, conversation=conversation, why=why), why)
            demand_read(seen, method="GET", path=f"/mirror{path}", why=why)


@keep_alive.check
async def a_body_is_read_to_its_end(server: HttpServer, world: World) -> None:
    """What is in the body of a request is never taken for the next request, whatever the answer was."""
    places = world.draw.some(
        lambda: world.draw.choice(
            (("GET", "/healthz"), ("POST", "/healthz"), ("PUT", f"/{world.draw.word()}"), ("HEAD", "/healthz"))
        ),
        at_least=2,
        at_most=6,
    )
    apart, line_end = world.draw.flag(), world.draw.choice((b"", b"\r\n"))
    running = await server.start()
    hidden = running.request("GET", HIDDEN)

    for method, place in [("GET", "/healthz"), ("POST", "/healthz"), *places]:
        conversation = await running.converse(f"{method} {place}")
        sent = running.request(method, place, (), hidden)
        cuts = [len(sent) - len(hidden)] if apart else []
        await running.answer_to(sent, method=method, cuts=cuts, conversation=conversation)

        # Some clients send a line end behind a body that does not belong to it.
        following = line_end + running.request("GET", "/mirror/next", [("Connection", "close")])
        answer = await _next(conversation, following, running.patience_s)
        why = (
            f"The body of the {method} before was {len(hidden)} bytes that look like a request for {HIDDEN}. It is read whole, also for an error, and never taken for a request: "
            "else a stranger can write requests in the name of somebody else (request smuggling, RFC 9112, 11.2)."
        )
        if answer is None:
            conversation.blame("an answer to the next request", "the end of the connection", why)
        behind = (
            "Behind the body came a line end that does not belong to it, which is ignored (RFC 9112, 2.2)."
            if line_end
            else ""
        )
        demand_read(mirrored(answer, f"{why} {behind}".strip()), method="GET", path="/mirror/next", why=why)


@keep_alive.check
async def an_error_keeps_the_connection(server: HttpServer, world: World) -> None:
    """404, 405 and 501 do not end a connection, and neither does HEAD."""
    token = draw_method_token(world.draw)
    steps = [
        ("GET", f"/{world.draw.word()}", 404),
        ("POST", "/healthz", 405),
        ("DELETE", f"/{world.draw.word()}", 404),
        (token, "/healthz", 501),
        ("HEAD", "/healthz", 200),
        ("HEAD", f"/{world.draw.word()}", 404),
    ]
    running = await server.start()
    conversation = await running.converse("errors on one connection")

    for method, place, status in world.draw.sample(steps, len(steps)):
        answer = await _next(conversation, running.request(method, place), running.patience_s, method)
        given = "the end of the connection" if answer is None else answer.headers.get("connection", "")
        expect(given, f"what became of the connection at {method} {place}").satisfies(
            lambda given: given != "the end of the connection" and "close" not in given.lower(),
            expected=f"an answer ({status}), and no Connection: close in it",
            why="The requests so far were well-formed, and their ends are clear. An error in an answer is no reason to close (RFC 9112, 9.3).",
        )


async def _next(conversation: Conversation, sent: bytes, timeout_s: float, method: str = "GET") -> Answer | None:
    """The answer to another request on this connection; None if the program has ended it."""
    try:
        return await conversation.ask(sent, method=method, timeout_s=timeout_s)
    except ConnectionLost:
        return None


def _words(fields: list[tuple[str, str]]) -> str:
    return " and ".join(f"{name}: {value}" for name, value in fields) or "no Connection field"
