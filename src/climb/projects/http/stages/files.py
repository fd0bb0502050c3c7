"""Stage 7: the files below a folder, and nothing else of the machine."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer, Running, explained
from climb.projects.http.driver.draws import draw_text, escaped
from climb.projects.http.rules.media import TYPES, type_of
from climb.projects.http.rules.resources import FILES, not_had
from climb.projects.http.rules.targets import PLAIN_PATH, encoded
from climb.projects.http.stages.head import demand_allow
from climb.projects.http.stages.judged import demand_body, demand_status, demand_type
from climb.projects.http.stages.large_file import LARGE, demand_little, large_file, watched, while_it_waits
from climb.projects.http.stages.ways_out import SECRET, links, ways_out

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = ["files"]

files = Stage(
    "files",
    "Files",
    concepts=["file-systems", "system-calls", "page-cache", "http-semantics"],
    hints=[
        "A path comes from a stranger. Before you open anything: which file would it be, if it contains .., %2e%2e, %2F, or passes a symbolic link? And what happens in open(2) if it is a pipe that nobody writes to?",
        "Split the path at its slashes first and decode each segment for itself, then refuse segments that are . or .., or have a slash or a zero byte in them. Resolve what is left with its links, and compare with the resolved ROOT, "
        "whole segments at a time. Ask fstat what you have opened.",
        "Decode the segments, join them to ROOT, take realpath of the result, and answer 404 unless it is ROOT or begins with ROOT and a slash. stat it: a folder is 301 without the slash at the end (with its path, encoded, and a slash as Location) and its index.html with it; "
        "what is not a regular file is 404. Send the size as Content-Length, then the file in parts of 64 KiB, or with sendfile.",
    ],
)

_WHY_BYTES = "A file is bytes, and they are sent as they are, whatever they would mean as text."
_WHY_OUTSIDE = (
    "A segment that decodes to . or .., or has a slash or a zero byte in it, names no file below ROOT, and a link may not lead outside. Else every file that the program may read is "
    "everybody's."
)
_WHY_NO_FILE = (
    "What is neither file nor folder is 404. Opening a pipe waits for somebody who writes to it, perhaps for ever: stat(2) tells before, or open(2) with O_NONBLOCK and "
    "fstat(2) behind it."
)
_READ_S = 30.0  # for the judge itself, which has to read all of it
_SAME_SIZE = "written over with as many other bytes"
_STALL_MS = 60_000  # the judge stops reading on purpose
_NAMES_OF_TYPES = (*TYPES, "gz", "jpeg", "md", "bin")


@files.check
async def content_and_type(server: HttpServer, world: World) -> None:
    """A file is answered byte for byte, with its length and the Content-Type of its last extension; HEAD is the same without the body."""
    drawn = world.draw.some(lambda: (_plain_name(world.draw), _content(world.draw)), at_least=3, at_most=8)
    site = dict(drawn)
    site |= {f"types/a.{ending}": ending.encode() for ending in world.draw.sample(_NAMES_OF_TYPES, 5)}
    site |= {
        "archive.tar.gz": b"\x1f\x8b",
        "page.txt.html": b"<p>caf\xe9\r\n",
        "noextension": b"?",
        "deep/er/empty.txt": b"",
    }
    running = await server.start(root=site)

    for name, content in site.items():
        with explained(_WHY_BYTES):
            answer = await running.ask("GET", f"/files/{name}", status=None)
        demand_status(answer, 200, why=f"The file is there, with {len(content):,} bytes.")
        demand_body(
            answer.body,
            content,
            f"the body of GET /files/{name}",
            why=_WHY_BYTES,
        )
        demand_type(answer, type_of(name), f"{name.rpartition('/')[2]} (by what follows its last dot)")
    name, content = world.draw.choice(list(site.items()))
    await _demand_the_same_head(running, f"/files/{name}", len(content))
    for missing, why in (
        (f"/files/{world.draw.word()}-none", "There is no such file."),
        (f"/files/{name}/x", f"{name} is a file, so there is nothing below it."),
        ("/files/deep/none.txt", "There is no such file."),
        (f"/files/{'n' * 300}", "There is no such file, and none can have so long a name (ENAMETOOLONG in open(2))."),
    ):
        demand_status(await running.ask("GET", missing, status=None), 404, why=why)
    demand_allow(await running.ask(world.draw.choice(not_had(FILES)), f"/files/{name}", status=None), FILES)


@files.check
async def names_are_decoded(server: HttpServer, world: World) -> None:
    """Names with spaces, percent signs and letters of any script are found by their percent-encoded UTF-8, decoded once."""
    names = [
        "a b.txt",
        "100%.txt",
        "a%20b.txt",
        "a+b.txt",
        "what?.txt",
        "a..b.txt",
        "..more.txt",
        "#1.txt",
        "é.txt",
        "中文/🙂.txt",
        "semi;colon=1&2.txt",
        *world.draw.some(lambda: _odd_name(world.draw), at_least=2, at_most=6),
    ]
    rng = world.draw.source()
    query = world.draw.choice(("?x=1", "?a%20b.txt", ""))
    running = await server.start(root={name: f"content of {name}".encode() for name in names})

    for name in names:
        raw = "/".join(escaped(rng, part) for part in name.split("/"))
        answer = await running.ask("GET", f"/files/{raw}{query}", status=None)

        why = f"The file is called {name!r}. Its name in the target is percent-encoded UTF-8, to be decoded once (RFC 3986, 2.1 and 2.4); a query does not belong to it."
        demand_status(answer, 200, why=why)
        demand_body(answer.body, f"content of {name}".encode(), f"the body of GET /files/{raw}{query}", why=why)


@files.check
async def folders_have_an_index(server: HttpServer, world: World) -> None:
    """A folder with a slash at the end answers its index.html, or 404 without one; without the slash it is 301 with the right Location."""
    names = ["plain", "with.dot.txt", "a b", "100%", "é?", *world.draw.some(world.draw.word, at_most=4)]
    rng = world.draw.source()
    site = {f"{name}/inner/index.html": f"<p>{name}".encode() for name in names}
    running = await server.start(root={**site, "index.html": b"<p>the root"})

    answer = await running.ask("GET", "/files/")
    demand_body(
        answer.body, b"<p>the root", "the body of GET /files/", why="ROOT is a folder too, and has an index.html."
    )
    for name in names:
        raw = "/".join(escaped(rng, part) for part in f"{name}/inner".split("/"))
        answer = await running.ask("GET", f"/files/{raw}/", status=None)
        demand_status(answer, 200, why="The folder has an index.html.")
        demand_body(
            answer.body,
            site[f"{name}/inner/index.html"],
            f"the body of GET /files/{raw}/",
            why="A folder answers its index.html.",
        )
        demand_type(answer, "text/html", "index.html")
        _demand_location(running, await running.ask("GET", f"/files/{raw}", status=None), f"{name}/inner")
        above = "/".join(escaped(rng, part) for part in name.split("/"))
        demand_status(
            await running.ask("GET", f"/files/{above}/", status=None),
            404,
            why="The folder has no index.html, and a list of its files is nobody's business.",
        )


@files.check
async def nothing_outside_is_served(server: HttpServer, world: World) -> None:
    """Nothing outside ROOT is served, by dots, slashes, zero bytes or symbolic links; links that stay inside are followed."""
    name = world.draw.word()
    depth = world.draw.integer(1, 3)
    root = server.folder({"a/b/inside.txt": b"inside", f"{name}.txt": b"inside"})
    secret = root.parent / "secret.txt"
    secret.write_bytes(SECRET)
    links(root, name)
    running = await server.start(root=root)

    for target in ways_out(secret, name, depth):
        with explained(_WHY_OUTSIDE):
            answer = await running.ask("GET", target, status=None)
        demand_status(answer, *(404, 400), why=_WHY_OUTSIDE)
    for target in (f"/files/to-file-{name}", f"/files/to-folder-{name}/inside.txt", f"/files/a/up-{name}.txt"):
        answer = await running.ask("GET", target, status=None)
        demand_status(answer, 200, why="The link leads to a file below ROOT, and such a link is followed.")
        demand_body(answer.body, b"inside", f"the body of GET {target}", why="It is what the link leads to.")
    await _demand_root_by_a_link(server, root, f"/files/{name}.txt")


@files.check
async def what_is_no_file(server: HttpServer, world: World) -> None:
    """A named pipe and a socket are 404, at once, and hold nobody up."""
    running = await server.start(root={"file.txt": b"x", "folder/inner/index.html/a.txt": b"x"})
    name = world.draw.word()
    os.mkfifo(running.root / name)
    os.mkfifo(running.root / "folder/index.html")
    with socket.socket(socket.AF_UNIX) as listening:
        _bind(listening, running.root, "socket")

        for target in (f"/files/{name}", "/files/socket", "/files/folder/", "/files/folder/inner/", f"/files/{name}/"):
            with explained(_WHY_NO_FILE):
                answer = await running.ask("GET", target, status=None)
            demand_status(answer, 404, why=_WHY_NO_FILE)
    await running.ask("GET", "/files/file.txt")


@files.check
async def a_large_file_costs_no_memory(server: HttpServer, world: World) -> None:
    """A large file is sent without memory of its size, and whole."""
    running = await server.start(root={"small.txt": b"x"}, stall_ms=_STALL_MS)
    await running.ask("GET", "/files/small.txt")
    digest = await asyncio.to_thread(large_file, running.root / "large.bin", world.draw.source())
    before = running.instance.memory().now
    conversation = await running.converse("GET /files/large.bin", keep=False, receive_buffer=64 * 1024, reading=False)
    conversation.expects("GET")
    await conversation.send(running.request("GET", "/files/large.bin", [("Connection", "close")]))

    used = await while_it_waits(running)
    conversation.go_on_reading()
    why = "The client begins to read late, and gets all of the file. What send(2) has not taken, which its result tells, has to be sent again."
    with explained(why):
        answer = await watched(running, conversation.answer(running.patience_s + _READ_S), used)

    received = {"status": answer.status, "bytes": answer.body_bytes, "SHA-256": answer.body_sha256}
    expect(received, "GET /files/large.bin").equals({"status": 200, "bytes": LARGE, "SHA-256": digest}, why=why)
    demand_little([(at, bytes_now - before) for at, bytes_now in used])


@files.check
async def a_changed_file_is_served_anew(server: HttpServer, world: World) -> None:
    """A file is served as it is at that moment: changed, replaced, removed or new."""
    steps = world.draw.some(
        lambda: world.draw.choice(("written over", "replaced", _SAME_SIZE, "removed")), at_least=3, at_most=8
    )
    running = await server.start(root={"news.txt": b"first"})
    path = running.root / "news.txt"
    content: bytes | None = b"first"
    _demand_news(await running.ask("GET", "/files/news.txt", status=None), content, "made")

    for number, step in enumerate(["written over", _SAME_SIZE, _SAME_SIZE, "removed", "replaced", *steps], 1):
        content = _change(path, step, number, len(content or b"first"))
        for _ in range(2):
            _demand_news(await running.ask("GET", "/files/news.txt", status=None), content, step)


def _demand_news(answer: Answer, content: bytes | None, step: str) -> None:
    why = f"The file was {step} a moment ago. What the program remembers of a file is worth nothing unless it looks whether it is still the same."
    demand_status(answer, 200 if content is not None else 404, why=why)
    if content is not None:
        demand_body(answer.body, content, "the body of GET /files/news.txt", why=why)


def _change(path: Path, step: str, number: int, size: int) -> bytes | None:
    """Do something to the file, which has or had this size; its content afterwards."""
    if step == "removed":
        path.unlink(missing_ok=True)
        return None
    content = f"{number:0{size}}".encode() if step == _SAME_SIZE else f"edition {number} ".encode() * number
    if step == "replaced":
        new = path.with_name("new.tmp")
        new.write_bytes(content)
        new.replace(path)
    else:
        path.write_bytes(content)
    return content


def _plain_name(draw: Draws) -> str:
    folders = draw.some(lambda: draw.word(1, 8), at_most=3, usually=1)
    return "/".join([*folders, f"{draw.word(1, 8)}.{draw.choice(_NAMES_OF_TYPES)}"])


def _content(draw: Draws) -> bytes:
    size = draw.choice((10, 0, 1, 4_096, 65_536, 1_000_000))
    return draw.source().randbytes(size)


def _odd_name(draw: Draws) -> str:
    """A name of a file that a file system takes: no slash, not too long, not of dots alone."""
    text = draw_text(draw, at_most=20).replace("/", "-")
    return f"{text}~"


async def _demand_root_by_a_link(server: HttpServer, root: Path, target: str) -> None:
    link = root.with_name("link-to-root")
    link.symlink_to(root)
    running = await server.start(root=link)
    answer = await running.ask("GET", target, status=None)
    demand_status(
        answer,
        200,
        why="Now ROOT is itself a symbolic link, and the file is below the folder that it leads to. Whoever compares resolved paths has to resolve ROOT too.",
    )


async def _demand_the_same_head(running: Running, target: str, size: int) -> None:
    answer = await running.ask("HEAD", target, to_the_end=True)
    length = answer.headers.get("content-length")
    if length not in (None, str(size)):
        answer.blame(
            f"Content-Length: {size}, or none",
            f"Content-Length: {length}",
            "HEAD tells how long the body of GET would be (RFC 9110, 8.6).",
        )
    demand_type(answer, type_of(target), f"HEAD {target}")


def _demand_location(running: Running, answer: Answer, name: str) -> None:
    """A 301 to the folder's path with a slash at its end; relative to the target or whole."""
    why = "Links in index.html are relative to the folder, which they are only behind a slash. So the client is sent there (RFC 9110, 10.2.2 and 15.4.2), by a reference that is percent-encoded as every URL is."
    demand_status(answer, 301, why=why)
    given = answer.headers.get("location", "")
    base = f"http://{running.host}/files/{encoded(name, PLAIN_PATH)}"
    to = urlsplit(urljoin(base, given))
    received = unquote_to_bytes(to.path).decode(errors="replace")
    if (
        not given.isascii()
        or to.netloc != running.host
        or received != f"/files/{name}/"
        or to.query
        or to.fragment
        or " " in given
    ):
        wanted = urlsplit(base).path + "/"
        answer.blame(
            f"Location: {wanted}, or one that means the same", f"Location: {given}" if given else "no Location", why
        )


def _bind(listening: socket.socket, folder: Path, name: str) -> None:
    """A socket at this path, however long the path is: an address holds 108 bytes (unix(7)), so it is given by way of the folder's descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listening.bind(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
