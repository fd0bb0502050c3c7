"""Stage 2: the head of a request, read from bytes that arrive in any pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Mirrored, Running
from climb.projects.http.driver.draws import (
    draw_cuts,
    draw_fields,
    draw_method_token,
    draw_path,
    draw_query,
    draw_target,
    draw_text,
    escaped,
    white_space,
)
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.driver.patience import UNHURRIED_MS
from climb.projects.http.rules.resources import HEALTH, METHODS, allowed, not_had
from climb.projects.http.rules.targets import read_target
from climb.projects.http.stages.judged import demand_status, demand_type

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = ["head"]

head = Stage(
    "head",
    "The head",
    concepts=["http-messages", "tcp-ip", "http-semantics"],
    hints=[
        "recv gives you some bytes: perhaps half of a line, perhaps a line and a half. What has to be remembered from one recv to the next, and when do you begin to understand what you have?",
        "Keep the bytes of a connection in a buffer of its own, and look for the end of the head, CRLF CRLF, each time when some have come. Take the head out when it is whole. Everything behind it stays in the buffer. "
        "Split first and decode later: a %2F in a path is not a slash that separates.",
        "Skip CRLFs at the beginning. Split the first line at its spaces into method, target, version. Cut a leading http://host off the target, and split the rest at the first question mark. Decode the path once, to bytes, and these as UTF-8; "
        "leave + alone. For each further line: the name before the first colon, in lower case, and the value behind it without spaces and tabs at its ends. Keep fields in a list, not in a table, so that their order and their doubles stay.",
    ],
)

_WHY_FIELDS = (
    "Names are the same in upper and lower case, and spaces and tabs around a value do not belong to it (RFC 9110, 5.1 and 5.5). "
    "A value begins behind the first colon; it may have others, and it may be empty. Fields of one name mean something by their order (5.2), so none is lost, joined or moved."
)
_WHY_PIECES = (
    "TCP is a stream of bytes: how many of them one recv returns says nothing about where a line or a request ends."
)
_WITHOUT_BODY = tuple(method for method in METHODS if method != "HEAD")


@head.check
async def the_request_line_is_read(server: HttpServer, world: World) -> None:
    """Method, target, path and query of a request are read as they were sent, and shown as JSON."""
    lines = world.draw.some(
        lambda: (world.draw.choice(_WITHOUT_BODY), draw_target(world.draw)), at_least=3, at_most=10, usually=4
    )
    running = await server.start()

    for method, target in [*lines, ("GET", "/mirror?"), ("GET", "/mirror/?a?b=/c")]:
        seen = await running.mirror(None, method, target)

        path, query = read_target(target)
        expect(
            {"method": seen.method, "target": seen.target, "path": seen.path, "query": seen.query}, f"{method} {target}"
        ).equals(
            {"method": method, "target": target, "path": path, "query": query},
            why="The query begins behind the first question mark, and is kept as it was sent (RFC 3986, 3.4). There is nothing to decode in this path.",
        )
    demand_type(await running.ask("GET", "/mirror"), "application/json", "what the mirror shows")
    answer = await running.ask("GET", f"/healthz?{world.draw.word()}", status=None)
    demand_status(
        answer, 200, why="The path of this target is /healthz. A query does not belong to the path (RFC 3986, 3.3)."
    )


@head.check
async def fields_are_read(server: HttpServer, world: World) -> None:
    """Fields are read in their order, also doubled and empty ones, with names in lower case and values without the white space around them."""
    requests = world.draw.some(lambda: _lines(world.draw), at_least=2, at_most=6, usually=2)
    running = await server.start()

    for lines in requests:
        given = [("Host", running.host), *((name, value) for name, value, _ in lines), ("Connection", "close")]
        written = [
            f"{name}:{before}{value}{after}"
            for (name, value), (before, after) in zip(given, _spaces(lines), strict=True)
        ]
        sent = "\r\n".join(["GET /mirror HTTP/1.1", *written, "", ""]).encode()
        seen = mirrored(await running.answer_to(sent, name="GET /mirror", why=_WHY_FIELDS), _WHY_FIELDS)

        # Host is told apart, since its port has more or fewer digits in another run.
        others = [list(field) for field in seen.fields if field[0] != "host"]
        expect(others, "fields beside Host").equals(
            [[name.lower(), value] for name, value in given[1:]], why=_WHY_FIELDS
        )
        expect(seen.values("host"), "Host").equals([running.host], why=_WHY_FIELDS)


@head.check
async def pieces_make_no_difference(server: HttpServer, world: World) -> None:
    """A request is read the same when it arrives byte by byte, or cut anywhere."""
    target = draw_target(world.draw)
    fields = draw_fields(world.draw, at_most=4)
    running = await server.start(head_ms=UNHURRIED_MS)
    sent = running.request("GET", target, (*fields, ("Connection", "close")))
    end = len(sent)
    first_line = sent.index(b"\r\n")
    ways = [
        list(range(1, end)),
        [first_line + 1, end - 3, end - 1],
        [end - 2],
        *(draw_cuts(world.draw, end) for _ in range(2)),
    ]

    whole = mirrored(await running.answer_to(sent, name="GET /mirror in one piece"))
    for cuts in ways:
        pieces = (
            "a byte at a time" if len(cuts) == end - 1 else f"cut before byte {', '.join(map(str, cuts)) or 'none'}"
        )
        why = f"Sent in one piece it was answered. This time its {end} bytes came {pieces}. {_WHY_PIECES}"
        seen = mirrored(
            await running.answer_to(sent, cuts=cuts, name=f"GET /mirror in {len(cuts) + 1} pieces", why=why), why
        )

        expect(_read(seen), "what the mirror shows").equals(
            _read(whole),
            why=f"That is what it showed of the same request in one piece. {_WHY_PIECES}",
            saw=f"{end} bytes, {pieces}",
        )


@head.check
async def paths_are_decoded_once(server: HttpServer, world: World) -> None:
    """A path is percent-decoded once and read as UTF-8, and its plus signs stay plus signs."""
    texts = world.draw.some(lambda: draw_text(world.draw), at_least=2, at_most=6)
    rng = world.draw.source()
    query = draw_query(world.draw)
    raws = [
        "a+b",
        "a%2Bb",
        "a%20b",
        "100%2525",
        "%c3%a9%C3%89",
        "%E4%B8%AD",
        "a%2Fb",
        "%3F",
        *(escaped(rng, text) for text in texts),
    ]
    running = await server.start()

    for raw in raws:
        target = f"/mirror/{raw}{query}"
        seen = await running.mirror(None, "GET", target)

        path, kept = read_target(target)
        expect({"path": seen.path, "query": seen.query}, f"GET {target}").equals(
            {"path": path, "query": kept},
            why="Cut the query off first: %3F is a question mark in the path. Then decode each %, in upper or lower case, to a byte, exactly once: %2525 is %25 (RFC 3986, 2.1 and 2.4). "
            "Decoded twice, a path passes a check that should have refused it. The bytes are UTF-8. A plus sign means a space in forms alone.",
        )


@head.check
async def whole_urls_are_paths_too(server: HttpServer, world: World) -> None:
    """Targets with http:// and a host, versions like HTTP/1.0 and HTTP/1.2, and empty lines before a request are understood."""
    path, query = draw_path(world.draw), draw_query(world.draw)
    host = world.draw.choice(("127.0.0.1", "example.org", "a-b.example:8080", "[::1]:80"))
    empty_lines = world.draw.integer(1, 3)
    minor = world.draw.integer(2, 9)
    running = await server.start()
    close = [("Connection", "close")]

    whole = f"http://{host}/mirror{path}{query}"
    why = "Clients of a proxy send the whole URL, and every server must take it (RFC 9112, 3.2.2). Its path begins behind the host."
    seen = await running.mirror(None, "GET", whole, why=why)
    expect({"path": seen.path, "query": seen.query}, f"GET {whole}").equals(
        {"path": f"/mirror{path}", "query": query[1:]}, why=why
    )
    for bare in (f"http://{host}", f"http://{host}?/mirror"):
        answer = await running.ask("GET", bare, status=None)
        demand_status(answer, 404, why="A URL without a path has the path /, and the server has nothing there.")

    sent = b"\r\n" * empty_lines + running.request("GET", f"/mirror{path}", close)
    why = f"Some clients send line ends too many behind a body, so empty lines before a request line are ignored, here {empty_lines} (RFC 9112, 2.2)."
    answer = await running.answer_to(sent, name=f"GET /mirror{path} behind empty lines", why=why)
    expect(mirrored(answer, why).path, f"the path behind {empty_lines} empty lines").equals(f"/mirror{path}", why=why)

    for version, known in (("1.0", ("1.0",)), (f"1.{minor}", (f"1.{minor}", "1.1"))):
        why = f"HTTP/{version}: versions with the same major number understand each other (RFC 9110, 2.5)."
        sent = running.request("GET", f"/mirror{path}", close, version=version)
        seen = mirrored(await running.answer_to(sent, name=f"GET /mirror{path} of HTTP/{version}", why=why), why)
        expect(seen.version, f"the version of a request of HTTP/{version}").satisfies(
            lambda given, known=known: given in known,  # type: ignore[misc]  # a default binds the loop's value
            expected=" or ".join(known),
            why=why,
        )


@head.check
async def methods_have_their_places(server: HttpServer, world: World) -> None:
    """A method that a resource does not have is 405 with Allow, one that the server does not have is 501, and HEAD is GET without the body."""
    foreign = ["get", *(draw_method_token(world.draw) for _ in range(2))]
    target = draw_target(world.draw)
    running = await server.start()

    for method in not_had(HEALTH):
        answer = await running.ask(method, "/healthz", status=None)
        demand_allow(answer, HEALTH)
    for method, place in zip(foreign, ("/healthz", target, f"/{world.draw.word()}"), strict=True):
        answer = await running.ask(method, place, status=None)
        demand_status(
            answer,
            501,
            why="A server that does not know a method at all says so, wherever it is used (RFC 9110, 9.1). Methods are compared letter by letter: get is not GET.",
        )
    for place in ("/healthz", target, f"/{world.draw.word()}"):
        await _demand_the_same_head(running, place)


def demand_allow(answer: Answer, had: tuple[str, ...]) -> None:
    """The answer is 405, and its Allow names these methods."""
    demand_status(answer, 405, why=f"The resource has {', '.join(had)}, and no other method.")
    given = answer.headers.get("allow")
    if given is None or allowed(given) != sorted(had):
        answer.blame(
            f"Allow: {', '.join(had)}",
            "no Allow" if given is None else f"Allow: {given}",
            "A 405 must name the methods that the resource has (RFC 9110, 15.5.6), so that the client knows what it may do instead.",
        )


async def _demand_the_same_head(running: Running, target: str) -> None:
    got = await running.ask("GET", target, status=None)
    answer = await running.ask("HEAD", target, status=None, to_the_end=True)
    demand_status(answer, got.status, why=f"HEAD is answered as GET is, which was {got.status} (RFC 9110, 9.3.2).")
    length = answer.headers.get("content-length")
    # The mirror of a HEAD shows another method, and a 404 may name it: their bodies may have other lengths.
    if target == "/healthz" and length not in (None, str(len(got.body))):
        answer.blame(
            f"Content-Length: {len(got.body)}, or none",
            f"Content-Length: {length}",
            "In an answer to HEAD the field says how long the body of the same GET would be (RFC 9110, 8.6).",
        )


def _read(seen: Mirrored) -> dict[str, object]:
    return {
        "target": seen.target,
        "path": seen.path,
        "query": seen.query,
        "fields": [list(field) for field in seen.fields],
    }


def _lines(draw: Draws) -> list[tuple[str, str, tuple[str, str]]]:
    """Fields, each with the white space before and after its value."""
    fields = draw_fields(draw, at_least=1)
    return [(name, value, (white_space(draw), white_space(draw))) for name, value in fields]


def _spaces(lines: list[tuple[str, str, tuple[str, str]]]) -> list[tuple[str, str]]:
    return [(" ", ""), *(around for _, _, around in lines), (" ", "")]
