"""Stage 9: parts of a file, so that a download can go on where it broke off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.difference import show
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer
from climb.projects.http.rules.dates import fixed
from climb.projects.http.rules.ranges import part_of
from climb.projects.http.stages.one_file import OneFile, serve_one

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["ranges"]

ranges = Stage(
    "ranges",
    "A part of it",
    concepts=["http-semantics", "http-caching"],
    hints=[
        "A download of 4 GB broke off after 3 GB. What does the client have to ask for, and how does it know that the file is still the one of which it has the beginning?",
        "Turn the field into one of three: a part with its first and last byte, beyond the end, or no range that you know. Both ends of a part are included. Only the last of the three "
        "is ignored. Do that as a function of the field and the size, and test it by itself.",
        "Match the whole value against bytes=(digits)-(digits), with digits on at least one side and nothing else; int() takes more than digits. Cut the end to size - 1. Look at preconditions "
        "first, then at If-Range: only the file's own strong tag, or exactly its Last-Modified, lets the range count. 206 needs Content-Range, and Content-Length of the part.",
    ],
)

_MANY = 24
_HUGE = (10**9, 2**31, 2**32, 2**63, 2**64, 10**30)
_ACCEPTS = "It says that this server answers ranges: with 200 to a client that may ask for one later, and with 206 (RFC 9110, 14.3)."
_PART = "A range names its first and its last byte, both included, from 0; an end beyond the file's means its end (RFC 9110, 14.1.2)."
_IGNORED = (
    "A range is bytes=, one -, digits on at least one side of it, and nothing else; if there are two numbers, the second is not the smaller one. A server need not "
    "understand any other. This one ignores it, as the brief says, and answers with everything (RFC 9110, 14.2)."
)


@ranges.check
async def a_part_is_exact(server: HttpServer, world: World) -> None:
    """A range is answered with 206, Content-Range, and exactly these bytes, wherever it begins and ends."""
    file = await serve_one(server, world)
    size = len(file.content)
    _demand_field(await file.plain(), "Accept-Ranges", "bytes", _ACCEPTS)

    for field in _parts(world, size):
        part = part_of(field, size)
        answer = await file.demand(206, ("Range", field), why=f"The file has {size:,} bytes. {_PART}")
        _demand_field(answer, "Content-Range", part.content_range(size), _PART)
        _demand_field(answer, "Accept-Ranges", "bytes", _ACCEPTS)
        _demand_body(answer, file.content[part.first : part.last + 1], file, f"{field} of {size:,} bytes. {_PART}")


@ranges.check
async def beyond_the_end_is_416(server: HttpServer, world: World) -> None:
    """A range that begins behind the last byte, or is of no length, is 416, and Content-Range says how large the file is."""
    file = await serve_one(server, world)
    size = len(file.content)
    beyond = size + world.draw.integer(0, 1_000_000)
    fields = [f"bytes={size}-", f"bytes={beyond}-{beyond + world.draw.integer(0, 99)}", "bytes=-0", "bytes=-000"]
    fields += [f"bytes={world.draw.choice(_HUGE)}-", f"bytes={world.draw.choice(_HUGE)}-{10**31}"]

    for field in world.draw.sample(fields, len(fields)):
        why = f"The file has {size:,} bytes, so its last byte is {size - 1:,}. {field} has none of it."
        answer = await file.demand(416, ("Range", field), why=why)
        _demand_field(
            answer,
            "Content-Range",
            f"bytes */{size}",
            "The client learns from it what it can ask for (RFC 9110, 15.5.17).",
        )


@ranges.check
async def what_is_ignored(server: HttpServer, world: World) -> None:
    """Several ranges, another unit, what is no range, and any range in a HEAD are ignored: 200 with everything."""
    file = await serve_one(server, world, at_least=20)
    size = len(file.content)
    first = world.draw.integer(1, 9)
    fields = [
        f"bytes={first}-{first - 1}",
        f"bytes={first}-{first + 1},{first + 4}-{first + 5}",
        f"bytes=-1, {first}-",
        f"lines={first}-{first + 1}",
        f"xbytes={first}-{first + 1}",
        f"bytes {first}-{first + 1}",
        f"{first}-{first + 1}",
        f"bytes={first}",
        "bytes=",
        "bytes=-",
        "",
        f"bytes={first}-{first + 1}-{first + 2}",
        f"bytes=--{first}",
        f"bytes=+{first}-{first + 1}",
        f"bytes={first}-+{first + 1}",
        f"bytes=0x{first}-0x{first + 1}",
        f"bytes={first}_0-{size}",
        f"bytes={first}.0-{size}.0",
        f"bytes={first}-x",
        f"bytes=x-{first}",
        f"bytes={first}-{first + 1}x",
        "bytes=٣-٤",
    ]  # fmt: skip

    for field in world.draw.source().sample(fields, len(fields)):
        answer = await file.demand(200, ("Range", field), why=_IGNORED)
        _demand_body(answer, file.content, file, _IGNORED)
    why = "Ranges are for GET alone (RFC 9110, 14.2)."
    head = await file.demand(200, ("Range", f"bytes={first}-{first + 1}"), method="HEAD", why=why)
    if head.headers.get("content-length", str(size)) != str(size):
        head.blame(
            f"Content-Length: {size}, or none",
            f"Content-Length: {head.headers['content-length']}",
            f"{why} So this is the length of the whole file.",
        )


@ranges.check
async def if_range(server: HttpServer, world: World) -> None:
    """If-Range lets the range count only with the file's strong tag or its Last-Modified; with any other the whole file comes."""
    file = await serve_one(server, world, at_least=2)
    tag = await file.tag()
    size, away = len(file.content), world.draw.integer(1, 100_000)
    field = f"bytes={world.draw.integer(0, size - 1)}-"
    same = [tag, fixed(file.modified)]
    other = [
        f"W/{tag}",
        f'"{tag[1:-1]}x"',
        '"a"',
        fixed(file.modified - away),
        fixed(file.modified + away),
        "yesterday",
    ]
    cases = [(value, True) for value in same] + [(value, False) for value in other]

    for value, counts in world.draw.source().sample(cases, len(cases)):
        why = (
            f"The file's tag is {tag}, and it was changed at {fixed(file.modified)}. Only one of these, exactly, lets the range count; else the client "
            "would put a part of this file behind a part of another (RFC 9110, 13.1.5)."
        )
        answer = await file.demand(206 if counts else 200, ("Range", field), ("If-Range", value), why=why)
        part = part_of(field, size)
        _demand_body(answer, file.content[part.first :] if counts else file.content, file, why)
    why = "If-Range names another tag, so the range does not count, wherever it begins."
    await file.demand(200, ("Range", f"bytes={size}-"), ("If-Range", '"a"'), why=why)


@ranges.check
async def conditions_come_first(server: HttpServer, world: World) -> None:
    """A precondition is judged before the range: 304 or 412, whatever part was asked for; if it holds, the part is sent."""
    file = await serve_one(server, world, at_least=2)
    tag = await file.tag()
    size = len(file.content)
    other = f'"{tag[1:-1]}x"'
    conditions = [
        (("If-None-Match", tag), 304),
        (("If-Modified-Since", fixed(file.modified)), 304),
        (("If-Match", other), 412),
        (("If-Unmodified-Since", fixed(file.modified - 1)), 412),
        (("If-Match", tag), None),
        (("If-None-Match", other), None),
    ]

    for condition, status in world.draw.source().sample(conditions, len(conditions)):
        for field, without in ((f"bytes={world.draw.integer(0, size - 1)}-", 206), (f"bytes={size + 9}-", 416)):
            await file.demand(
                status or without,
                condition,
                ("Range", field),
                why=f"The file has {size:,} bytes and the tag {tag}, and was changed at {fixed(file.modified)}. Preconditions come first; the range counts if they "
                "hold (RFC 9110, 13.2.2).",
            )


def _parts(world: World, size: int) -> list[str]:
    """Ranges that a file of this size has: those at its ends, and random ones."""
    last = size - 1
    huge = world.draw.choice(_HUGE)
    fields = ["bytes=0-0", "bytes=0-", f"bytes=0-{last}", f"bytes={last}-{last}", f"bytes={last}-", "bytes=-1"]
    fields += [
        f"bytes=-{size}",
        f"bytes=-{size + 1}",
        f"bytes=0-{size}",
        f"bytes={last}-{huge}",
        f"bytes=-{huge}",
        f"bytes=00-0{last}",
    ]

    def one() -> str:
        first = world.draw.integer(0, last)
        end = world.draw.integer(first, last + 9)
        return world.draw.choice((f"bytes={first}-{end}", f"bytes={first}-", f"bytes=-{first + 1}"))

    return fields + world.draw.some(one, at_most=_MANY, usually=8)


def _demand_field(answer: Answer, name: str, value: str, why: str) -> None:
    received = answer.values(name)
    if received != [value]:
        answer.blame(f"{name}: {value}", f"{name}: {', '.join(received)}" if received else f"no {name}", why)


def _demand_body(answer: Answer, expected: bytes, file: OneFile, why: str) -> None:
    if answer.body != expected:
        answer.blame(_in_words(expected, file.content), _in_words(answer.body, file.content), why)


def _in_words(body: bytes, content: bytes) -> str:
    """Which part of the file this is, if it is one."""
    where = content.find(body) if body else -1
    place = f"bytes {where:,} to {where + len(body) - 1:,} of the file" if where >= 0 else "no part of the file"
    return f"{len(body):,} bytes, {place}: {show(body[:16])}{'…' if len(body) > 16 else ''}"
