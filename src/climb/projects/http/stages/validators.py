"""Stage 8: what saves a client from fetching what it has, and from changing what it has not seen."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
from collections.abc import Iterator

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.http.driver import HttpServer
from climb.projects.http.rules.dates import FORMS, fixed
from climb.projects.http.rules.preconditions import Conditions, status_for
from climb.projects.http.stages.one_file import OneFile, draw_content, serve_one, strong_tag

__all__ = ["validators"]

validators = Stage(
    "validators",
    "Is it still the same?",
    concepts=["http-caching", "http-semantics"],
    hints=[
        "A browser has a copy of your file. What must it send, and what must you have told it before, so that you can say “keep it” without sending the file again?",
        "Two tags are the same weakly if what is between the quotation marks is the same, and strongly if neither begins with W/ as well. A list may hold any number of them, and a comma "
        "inside quotation marks is no end of a tag. Dates have no fractions: cut yours off before you compare.",
        "In this order: If-Match (412), only without it If-Unmodified-Since (412), If-None-Match (304), only without it If-Modified-Since (304). For the tag, take what the kernel changes with "
        "every write: size, inode, and the times of modification and of change in nanoseconds. The time of modification alone can be set back by anyone.",
    ],
)

_DAY_S = 86_400
_SECOND_NS = 1_000_000_000
_LONG_AGO = 784_111_777  # 1994: in the form with two digits, a year of the last century
_FRACTIONS_NS = (500_000_000, 123_456_789, 999_999_999)
_TICK_S = 0.02  # longer than the clock of file systems takes to move on
_ODD_TAGS = ('"a"', '"a,b"', '""', '"W/"', '","', '"*"', '"é"', '"\'"')
_NO_DATES = (
    "yesterday",
    "",
    "0",
    "-1",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 31 Feb 2021 08:49:37 GMT",
    "Sun, 06 Nox 1994 08:49:37 GMT",
    '"Sun, 06 Nov 1994 08:49:37 GMT"',
)


@validators.check
async def tags_change_with_content(server: HttpServer, world: World) -> None:
    """Each answer with a file has a strong ETag, the same as long as the content is, and another one whenever the content changed."""
    file = await serve_one(server, world)
    seen = {file.content: await file.tag()}

    for step, way in enumerate(world.draw.sample(tuple(_WAYS), len(_WAYS))):
        content = await _changed(file, world, way, 1 << step)
        answer = await file.plain()
        tag = strong_tag(answer)
        if tag in seen.values():
            answer.blame(
                f"another ETag than {tag}, which an earlier content had",
                f"ETag: {tag}",
                f"{_WAYS[way]} Whoever asks with the old tag would be told that the old content is still good, and a download that goes on later would be "
                "put together from two files (RFC 9110, 8.8.1).",
            )
        seen[content] = tag
        again = await file.ask(method="HEAD")
        if again.values("etag") != [tag]:
            again.blame(
                f"ETag: {tag}, as before",
                ", ".join(again.values("etag")) or "no ETag",
                "Nothing has changed since the last answer. A tag that changes by itself makes every copy look old.",
            )


_WAYS = {
    "rewritten": "The file has as many bytes as before, and was written a moment after the last time.",
    "longer": "The file is longer, and its time of modification was set to what it was before.",
    "set back": "The file was written over with as many bytes, and its time of modification was set to what it was before, as cp -p does.",
    "replaced": "Another file with as many bytes and the same time of modification was moved to its place, as a deployment does.",
}


@validators.check
async def not_modified(server: HttpServer, world: World) -> None:
    """If-None-Match with the file's tag, alone, in a list, weak, or *, is answered with 304, without a body, and with the tag; any other tag with 200."""
    file = await serve_one(server, world)
    tag = await file.tag()
    others = world.draw.sample([each for each in _ODD_TAGS if each != tag], 3)
    same = [
        [tag],
        [f"W/{tag}"],
        ["*"],
        [", ".join((*others, tag))],
        [f"{tag},{others[0]}"],
        [f"W/{others[1]} ,\t W/{tag}"],
        [others[0], tag],
    ]
    different = [[others[0]], [", ".join(others)], [f"W/{others[2]}"], [f'"{tag[1:-1]}x"'], [f'"{tag[1:-2]}"']]
    cases = [(values, 304) for values in same] + [(values, 200) for values in different if tag not in values]

    for values, status in world.draw.source().sample(cases, len(cases)):
        method = world.draw.choice(("GET", "HEAD"))
        fields = [("If-None-Match", value) for value in values]
        if status == 200:
            why = f"The file's tag is {tag}, which is none of these, so the copy is old. {_WEAKLY}"
            await file.demand(200, *fields, method=method, why=why)
            continue
        why = f"The file's tag is {tag}, and the client has a copy with it. {_same_by(values, _WEAKLY)}"
        answer = await file.demand(304, *fields, method=method, why=why)
        if answer.values("etag") != [tag]:
            answer.blame(
                f"ETag: {tag}",
                ", ".join(answer.values("etag")) or "no ETag",
                "A 304 says which of the client's copies is still good (RFC 9110, 15.4.5).",
            )


_WEAKLY = "Tags are compared weakly: W/ does not count, every other character does (RFC 9110, 13.1.2)."
_STRONGLY = "Tags are compared strongly: a weak one, with W/, does not match (RFC 9110, 13.1.1)."
_ANY_TAG = "* stands for any tag, so it is the tag of each file that is there (RFC 9110, 13.1)."
_ONE_LIST = "Several fields of one name are one list (RFC 9110, 5.3)."


def _same_by(values: list[str], rule: str) -> str:
    """Why these tags are the file's, or not: the rule that decides, and what else has to be known."""
    if values == ["*"]:
        return _ANY_TAG
    return f"{_ONE_LIST} {rule}" if len(values) > 1 else rule


@validators.check
async def by_date(server: HttpServer, world: World) -> None:
    """Last-Modified is when the file was changed, and dates are understood in their three forms; what is no date is ignored."""
    file = await serve_one(server, world, fractions_ns=_FRACTIONS_NS)
    drawn_ns = file.modified_ns
    for modified_ns in (_early_in_the_month(drawn_ns), drawn_ns):
        file.date_back(modified_ns)
        await _demand_last_modified(file)
    away = world.draw.integer(1, 100_000_000)
    cases = [
        (field, form(file.modified + shift), status)
        for form in FORMS
        for shift in (0, -1, 1, -away, min(away, 20_000_000), _LONG_AGO - file.modified)
        for field, status in (
            ("If-Modified-Since", 200 if shift < 0 else 304),
            ("If-Unmodified-Since", 412 if shift < 0 else 200),
        )
    ]
    cases += [(field, text, 200) for field in ("If-Modified-Since", "If-Unmodified-Since") for text in _NO_DATES]
    for field, text, status in world.draw.source().sample(cases, len(cases)):
        why = (
            "This is no date, so the field is ignored (RFC 9110, 13.1.3 and 13.1.4)."
            if text in _NO_DATES
            else f"The file was changed at {fixed(file.modified)}, to the second. All three forms of a date are to be understood (RFC 9110, 5.6.7).{_form_of(text)}"
        )
        await file.demand(status, (field, text), why=why)


def _early_in_the_month(modified_ns: int) -> int:
    """The same time on a day below 10, for which some forms of a date have one digit, and this one two."""
    seconds, fraction = divmod(modified_ns, _SECOND_NS)
    day = dt.datetime.fromtimestamp(seconds, tz=dt.UTC).day
    return (seconds - (day - 1 - seconds % 9) * _DAY_S) * _SECOND_NS + fraction


async def _demand_last_modified(file: OneFile) -> None:
    plain = await file.plain()
    if plain.values("last-modified") != [fixed(file.modified)]:
        plain.blame(
            f"Last-Modified: {fixed(file.modified)}",
            f"Last-Modified: {plain.headers['last-modified']}"
            if "last-modified" in plain.headers
            else "no Last-Modified",
            "It is the file's time of modification, without its fraction of a second (RFC 9110, 8.8.2), and its day has two digits (5.6.7).",
        )


def _form_of(date: str) -> str:
    """What has to be known of the form of this date, if it is not the preferred one."""
    if "-" in date:
        return " This one has two digits for the year, which is never more than 50 years ahead: if it seems to be, it was a hundred years before."
    return (
        "" if date.endswith("GMT") else " This one fills a day below 10 up with a space, and has its year at the end."
    )


@validators.check
async def if_match(server: HttpServer, world: World) -> None:
    """If-Match is 412 unless one of its tags is the file's; a weak one is nobody's."""
    file = await serve_one(server, world)
    tag = await file.tag()
    others = world.draw.sample([each for each in _ODD_TAGS if each != tag], 3)
    match = [[tag], ["*"], [", ".join((*others, tag))], [f"{tag},{others[0]}"], [others[0], tag]]
    no_match = [[f"W/{tag}"], [others[0]], [", ".join(others)], [f'"{tag[1:-1]}x"'], [f"{others[0]}, W/{tag}"]]
    cases = [(values, 200) for values in match] + [(values, 412) for values in no_match]

    for values, status in world.draw.source().sample(cases, len(cases)):
        method = world.draw.choice(("GET", "HEAD"))
        why = f"The file's tag is {tag}. {_same_by(values, _STRONGLY)}"
        await file.demand(status, *(("If-Match", value) for value in values), method=method, why=why)


@validators.check
async def the_order_of_conditions(server: HttpServer, world: World) -> None:
    """Of several conditions the first that counts decides, tags before dates; for a file that does not exist none does."""
    file = await serve_one(server, world)
    tag = await file.tag()
    several = [each for each in _conditions() if each.count > 1]

    rule = "If-Match comes first, If-Unmodified-Since counts only without it; then If-None-Match, and If-Modified-Since only without that (RFC 9110, 13.2.2)."
    for conditions in world.draw.source().sample(several, len(several)):
        fields = _fields(conditions, tag, file.modified)
        told = f"The file's tag is {tag}, and it was changed at {fixed(file.modified)}."
        await file.demand(status_for(conditions), *fields, why=f"{rule} {told}")
    for conditions in world.draw.source().sample(several, 8):
        fields = _fields(conditions, tag, file.modified)
        why = "There is no such file, so there is nothing that a condition could be about. The brief answers 404."
        status = status_for(conditions, exists=False)
        await file.demand(status, *fields, target=f"{file.target}.not", why=why)


def _conditions() -> Iterator[Conditions]:
    for held in itertools.product((None, True, False), repeat=4):
        match, unmodified, none_match, modified = held
        yield Conditions(
            if_match=match, if_unmodified_since=unmodified, if_none_match=none_match, if_modified_since=modified
        )


def _fields(conditions: Conditions, tag: str, modified: int) -> Iterator[tuple[str, str]]:
    """Fields for which the conditions hold, or do not, of a file with this tag and time."""
    other = f'"{tag[1:-1]}x"'
    if conditions.if_match is not None:
        yield "If-Match", tag if conditions.if_match else other
    if conditions.if_unmodified_since is not None:
        yield "If-Unmodified-Since", fixed(modified + (_DAY_S if conditions.if_unmodified_since else -_DAY_S))
    if conditions.if_none_match is not None:
        yield "If-None-Match", other if conditions.if_none_match else tag
    if conditions.if_modified_since is not None:
        yield "If-Modified-Since", fixed(modified + (-_DAY_S if conditions.if_modified_since else _DAY_S))


async def _changed(file: OneFile, world: World, way: str, mask: int) -> bytes:
    """The new content, once the file has it. Where the clock of the file system stands still meanwhile, it is written again."""
    before = file.path.stat()
    fresh = draw_content(world)
    flipped = bytes(byte ^ mask for byte in file.content)  # a bit of its own for each step, so no content comes back
    content = file.content + fresh if way == "longer" else flipped
    while True:
        _write(file, content, way)
        after = file.path.stat()
        if after.st_ctime_ns != before.st_ctime_ns:
            file.content = content
            return content
        await asyncio.sleep(_TICK_S)


def _write(file: OneFile, content: bytes, way: str) -> None:
    times = file.path.stat().st_atime_ns, file.path.stat().st_mtime_ns
    if way == "replaced":
        other = file.path.with_name("other")
        other.write_bytes(content)
        os.utime(other, ns=times)
        other.replace(file.path)
        return
    file.path.write_bytes(content)
    if way != "rewritten":
        os.utime(file.path, ns=times)
