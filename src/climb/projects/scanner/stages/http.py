"""Stage 6: HTTP, on whatever port it is."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.peer import Peer, Script
from climb.judge.world.scripts import hold, http_response, page, redirect, say
from climb.projects.scanner.report import Scanner, listed, quoted

__all__ = ["http"]

http = Stage(
    "http",
    "HTTP",
    concepts=["http-messages", "banners"],
    hints=[
        "Connect to a web server by hand (nc 127.0.0.1 8080) and type a request. What must it contain before the server answers?",
        'Send "GET / HTTP/1.1", a Host header, "Connection: close" and an empty line, each line ended by CR LF. The first line of the answer '
        "holds the status, the headers follow until an empty line; their names are the same in upper and lower case.",
        "Some servers speak before they are asked: what comes first is a banner, unless it begins with HTTP/. If you ask with HTTP/1.1, the body may "
        "come in chunks: decode them before you look for <title>. Asking with HTTP/1.0 avoids them.",
    ],
)

_SERVERS = ("nginx", "Apache/2.4.57 (Debian)", "Caddy", "gunicorn/22.0", "Jetty(12.0.9)")


@http.check
async def an_http_server_is_described(scanner: Scanner, world: World) -> None:
    """HTTP on a port of any number is recognised, with its status and its Server header."""
    status = world.draw.choice([200, 404, 401, 403, 500, 503, 204])
    software = world.draw.choice(_SERVERS)
    server = await world.listener(http_response(status, headers={"Server": software}))

    report = await scanner(server.address, "--ports", server.port)

    row = report.row(server.port)
    expect(row, "the line").equals(
        {"port": server.port, "service": "http", "banner": None},
        why="The server answered GET / with an HTTP response. A port is what it speaks, not what its number suggests.",
        saw=asked(server.seen.requests),
    )
    expect(row.get("http"), "http").equals(
        {"status": status, "server": software, "title": None, "location": None},
        why="The status is the second word of the first line. Any status is an answer, an error too. What the answer lacks is null.",
        saw=asked(server.seen.requests),
    )


@http.check
async def the_title_is_found(scanner: Scanner, world: World) -> None:
    """The title is the text of the first title element, its white space collapsed, however the tag is written."""
    words = [world.draw.word() for _ in range(world.draw.integer(1, 4))]
    tag = world.draw.choice(["title", "TITLE", "Title", 'title lang="en"', 'title data-x="1"'])
    space = world.draw.choice([" ", "\n", "  \t ", "\r\n    "])
    inside = space + space.join(words) + space
    body = f"<!doctype html><html><head><meta charset=utf-8>\n<{tag}>{inside}</{tag.split()[0]}></head><body><title>no</title></body>"
    server = await world.listener(http_response(headers={"Content-Type": "text/html"}, body=body.encode()))

    report = await scanner(server.address, "--ports", server.port)

    expect(report.row(server.port).get("http"), "http").equals(
        {"title": " ".join(words)},
        why="HTML tags may be in upper case and have attributes, white space in a title counts as one space, and the first title counts.",
        saw=f"the page was {quoted(body.encode())}",
    )


@http.check
async def a_redirect_is_reported(scanner: Scanner, world: World) -> None:
    """A redirect is reported with its Location, and not followed."""
    goal = await world.listener(page(world.draw.word()))
    to = f"http://{goal.address}:{goal.port}/{world.draw.word()}"
    status = world.draw.choice([301, 302, 303, 307, 308])
    server = await world.listener(redirect(to, status=status))

    report = await scanner(server.address, "--ports", server.port)

    expect(report.row(server.port).get("http"), "http").equals(
        {"status": status, "location": to},
        why="The Location header of the answer says where the page is. Header names are the same in upper and lower case.",
        saw=f"the server answered with status {status} and the header Location: {to}",
    )
    expect(goal.seen.connections, "connections to the redirect's goal").equals(
        0, why="You were asked about one port. Following a redirect scans a host and a port that nobody named."
    )


@http.check
async def header_names_in_any_case(scanner: Scanner, world: World) -> None:
    """Header names are the same in upper and lower case, and the space around a value does not belong to it."""
    name = world.draw.choice(["server", "SERVER", "sErVeR"])
    gap = world.draw.choice(["", "  ", "\t"])
    software = world.draw.word()
    head = f"HTTP/1.1 200 OK\r\nX-Server: wrong\r\n{name}:{gap}{software} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    server = await world.listener(raw_response(head.encode()))

    report = await scanner(server.address, "--ports", server.port)

    expect(report.row(server.port).get("http"), "http").equals(
        {"server": software},
        why="RFC 9110, section 5.1: field names are case-insensitive; 5.5: white space around a value is no part of it.",
        saw=f"the server answered {quoted(head.encode())}",
    )


@http.check
async def a_title_in_chunks(scanner: Scanner, world: World) -> None:
    """A body that comes in chunks has its title found, even where a chunk ends within it."""
    words = f"{world.draw.word()} {world.draw.word()}"
    body = f"<html><head><title>{words}</title></head></html>".encode()
    size = world.draw.integer(1, 20)
    server = await world.listener(http_response(body=body, chunked=[size]))

    report = await scanner(server.address, "--ports", server.port)

    expect(report.row(server.port).get("http"), "http").equals(
        {"title": words},
        why="RFC 9112, section 7.1: each chunk has its size in front, which is not part of the page. Join the chunks before you read it.",
        saw=f"the page was {quoted(body)}, in chunks of {size} bytes; {asked(server.seen.requests)}",
    )


@http.check
async def who_speaks_first_has_a_banner(scanner: Scanner, world: World) -> None:
    """What a server says before it is asked is its banner: the first line, without its line ending."""
    greeting = world.draw.choice(
        ["SSH-2.0-OpenSSH_9.6", "220 mail.example ESMTP Postfix", "220 FTP ready", "+OK POP3 server"]
    )
    line = f"{greeting} {world.draw.word()}"
    more = world.draw.choice(["", "220 second line\r\n"])
    greetings = f"{line}\r\n{more}".encode()
    server = await world.listener(say(greetings))

    report = await scanner(server.address, "--ports", server.port)

    expect(report.row(server.port), "the line").equals(
        {"banner": line, "http": None},
        why="SSH, SMTP, FTP and others introduce themselves. It is the quickest way to know who is there.",
        saw=f"the server sent {quoted(greetings)} as soon as it was connected to",
    )


@http.check
async def not_everything_is_http(scanner: Scanner, world: World) -> None:
    """A server that accepts and says nothing is open, and its service, banner and http are null."""
    ports = [(await world.listener_on_one_of([8080, 8000, 8888], hold())).port]
    ports.append((await world.listener(hold())).port)

    report = await scanner(world.host, "--ports", listed(ports), "--timeout", 0.7)

    for port in ports:
        expect(report.row(port), f"port {port}").equals(
            {"state": "open", "service": None, "banner": None, "http": None, "tls": None},
            why="It accepted the connection and never said a word. That 8080 is often HTTP makes it no HTTP.",
        )


def asked(requests: list[bytes]) -> str:
    """The first request that a server received, for a report."""
    return f"the server received {quoted(requests[0][:300])}" if requests else "the server received no request"


def raw_response(data: bytes) -> Script:
    """Answer a request with exactly these bytes, then close."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(data)

    return script
