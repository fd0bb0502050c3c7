"""Stage 5: links that end at a moment."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

from climb.judge.expect import CannotTell, expect, fail
from climb.judge.stage import Stage
from climb.judge.together import all_to_the_end
from climb.judge.world import World
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.rules.moments import from_now, moment, written
from climb.projects.links.stages.judged import demand_problem, demand_redirect, demand_status, soon

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["expiry"]

expiry = Stage(
    "expiry",
    "An end",
    concepts=["caching", "sql"],
    hints=[
        "When a link ends, nothing happens: no request comes, nobody wakes up. Who notices, and when? And what if the link stands in a cache, with a time to live of its own?",
        "Keep the end beside the url wherever you keep the url, in the database and in each cache, and compare it with the clock each time before you answer. What ends is the following of the link, not the link.",
        "timestamptz has microseconds: keep all six digits. Parse strictly: four digits, -, two, -, two, T, the time, a dot and one to six digits or nothing, Z; then build the date and let that refuse the 30th of February. "
        "GET /{code}: if expires_at is not null and expires_at <= now, then 410, from the cache as well. Refuse expires_at <= now in POST and PATCH.",
    ],
)

_STALE_MS = 100
_TARGET = "https://example.org/until-then"
_AFTER_S = 0.3  # for how long a link is followed behind its end
_WHY_EXACT = "An end holds to the moment: from expires_at on the link is 410, and before it is followed. Whatever is cached knows the end as well as the url."
_NO_TIMES = (
    "2099-01-01",
    "2099-01-01T00:00:00",
    "2099-01-01 00:00:00Z",
    "2099-01-01T00:00:00+00:00",
    "2099-01-01T00:00Z",
    "2099-01-01T00:00:00.Z",
    "2099-01-01T00:00:00.1234567Z",
    "2099-02-30T00:00:00Z",
    "2099-13-01T00:00:00Z",
    "2099-01-01T24:00:00Z",
    "2099-01-01T00:60:00Z",
    "20990101T000000Z",
    "4070908800",
    "",
    "never",
)


@expiry.check
async def it_ends_at_the_moment(links: LinksService, world: World) -> None:
    """Before its expires_at a link is followed, and from that moment on it is 410, however often it was followed before."""
    running = await links.start()
    # Fractions of a second, since the end of a second is no moment to be compared with.
    lives = [seconds + world.draw.integer(0, 400) / 1000 for seconds in (1.0, 1.3, 1.6)]

    await all_to_the_end(
        *(_watch(running, f"until-{number}", life_s, often=number != 1) for number, life_s in enumerate(lives))
    )


@expiry.check
async def the_past_is_refused(links: LinksService, world: World) -> None:
    """An end in the past, and what is no time in UTC with a Z, is 422 and names expires_at, for a new link and for a change."""
    running = await links.start()
    link = await running.make()
    past = [written(from_now(-seconds), world.draw.integer(0, 6)) for seconds in (1, 3600, 10**9)]

    for text, why in [
        *((text, "This moment is over.") for text in past),
        *(
            (text, "A time is a text as in RFC 3339, in UTC with a Z, with at most six digits behind the second.")
            for text in _NO_TIMES
        ),
    ]:
        answer = await running.ask("POST", "/v1/links", json={"url": link.url, "expires_at": text}, status=None)
        demand_problem(answer, 422, fields=("expires_at",), why=why)
    for text in (past[0], world.draw.choice(_NO_TIMES)):
        answer = await running.ask("PATCH", f"/v1/links/{link.code}", json={"expires_at": text}, status=None)
        demand_problem(
            answer,
            422,
            fields=("expires_at",),
            why="It is no time, or over: a link ends by DELETE, or at a moment that comes.",
        )
    for digits in (0, 1, 3, 6):
        await _demand_kept(running, from_now(world.draw.integer(60, 10**8)), digits)


@expiry.check
async def an_end_can_be_moved(links: LinksService, world: World) -> None:
    """An expired link is still its owner's to read, to list and to change, and with a later end, or none, it is followed again; its code stays taken."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make(expires_at=from_now(0.5))
    target = f"/v1/links/{link.code}"
    await running.follow(link.code)
    await _until(running, link.code, 410, "Its end has come.")

    why = "It has expired, and its owner has not deleted it."
    demand_status(await running.ask("GET", target, status=None), 200, why=why)
    expect([each.code for each in (await running.page()).items], "the codes in the list").equals([link.code], why=why)
    for owner in ("anna", "bert"):
        answer = await running.ask(
            "POST", "/v1/links", owner=owner, json={"url": link.url, "code": link.code}, status=None
        )
        demand_status(answer, 409, why="A name that meant one thing never means another, also when it has expired.")
    for end in (from_now(world.draw.integer(60, 10**6)), None, from_now(0.4), None):
        await running.ask("PATCH", target, json={"expires_at": None if end is None else written(end)})
        if end is not None and end < from_now(1):
            await _until(running, link.code, 410, "Its owner has set an end that has come.")
        else:
            await _until(running, link.code, 302, "Its owner has set a later end, or none.")
    await running.ask("DELETE", target, status=204)


async def _watch(running: Running, code: str, life_s: float, *, often: bool) -> None:
    """Follow a link with so short a life, before and after its end; ``often``: all the time, so that it stands in whatever cache there is."""
    end = from_now(life_s)
    body = {"url": _TARGET, "code": code, "expires_at": written(end)}
    made = await running.ask("POST", "/v1/links", json=body, status={201, 422})
    if made.status == 422 and from_now(0) >= end:
        raise CannotTell(
            f"to make a link took longer than the {life_s:g} s that it was to live: the machine is too busy"
        )
    made.demand(201)
    if not often:
        await asyncio.sleep(max((end - from_now(0)).total_seconds(), 0))
    while from_now(-_AFTER_S) < end:
        before = from_now(0)
        answer = await running.follow(code)
        _demand_exact(answer, _TARGET, end, before, from_now(0))
        await asyncio.sleep(0.01)


def _demand_exact(answer: Answer, url: str, end: dt.datetime, asked: dt.datetime, answered: dt.datetime) -> None:
    """One following, asked for and answered at these moments by the machine's clock."""
    if answered < end:
        demand_redirect(answer, url, f"Its end, {written(end)}, has not come. {_WHY_EXACT}")
    elif asked >= end and answer.status != 410:
        answer.blame(
            f"status 410 from {written(end)} on",
            f"status {answer.line}, {(asked - end).total_seconds() * 1000:.0f} ms after its end",
            _WHY_EXACT,
        )


async def _demand_kept(running: Running, end: dt.datetime, digits: int) -> None:
    """An end with so many digits behind the second is told as the same moment."""
    text = written(end, digits)
    link = await running.make(expires_at=text)
    for how, shown in (("the answer to POST", link.expires_at), ("GET", (await running.read(link.code)).expires_at)):
        if moment(shown) != moment(text):
            fail(
                f"expires_at in {how}",
                expected=text,
                received=str(shown),
                why="It is the same moment, to the microsecond, in UTC with a Z.",
            )


async def _until(running: Running, code: str, status: int, why: str) -> None:
    await soon(
        lambda: running.follow(code),
        lambda answer: answer.status == status,
        within_s=_STALE_MS / 1000 + 2,
        running=running,
        subject=f"GET /{code}",
        expected=f"status {status}",
        why=why,
    )
