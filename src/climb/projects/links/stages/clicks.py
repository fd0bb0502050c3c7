"""Stage 6: who followed a link, and when, is counted, each once."""

from __future__ import annotations

import asyncio
import datetime as dt
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from climb.judge.drivers.problems import demand_fields
from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import LinksService, Running, read_as
from climb.projects.links.rules.counting import By, Click, Clicks, wrong_in
from climb.projects.links.rules.moments import from_now, hour_of, written
from climb.projects.links.stages.judged import demand_status, soon

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Link

__all__ = ["clicks"]

clicks = Stage(
    "clicks",
    "Counting",
    concepts=["transactions", "race-conditions", "sql"],
    hints=[
        "Thousands may follow one link at the same moment. What happens to two programs that both read 41, add one, and write 42? And does whoever follows have to wait for your count?",
        "Let the database add: set clicks = clicks + 1, never a number that you have read before. To count many at once, collect them for a moment and write sums; but the answer that a client has seen is counted, so remember each before it leaves.",
        "A table clicks (code, hour, count) with code and hour as its key: insert ... values ($1, $2, $3) on conflict (code, hour) do update set count = clicks.count + excluded.count. Collect in memory by (code, hour), and write at least once a second. "
        "For the statistics sum the hours from from up to and without to, by date_trunc('day', hour at time zone 'utc') if by is day.",
    ],
)

_SHOWN_S = 2.0
_SLACK_S = 0.75  # a busy machine's; a program that writes every five seconds is late by more
_LENIENT_S = 10.0
_WHY_EACH = "Every GET answered with 302 is one click, no more and no less, whoever else follows at that moment."


@clicks.check
async def each_one_is_counted(links: LinksService, world: World) -> None:
    """Each GET answered with 302 is counted once, for its own link, in clicks and in total; a change of the link changes nothing of that."""
    running = await links.start()
    made = [await running.make() for _ in range(world.draw.integer(2, 4))]
    wanted = dict.fromkeys((link.code for link in made), 0)

    for _ in range(world.draw.integer(20, 60)):
        link = world.draw.choice(made)
        await running.follow(link.code, status=302)
        wanted[link.code] += 1
    for code, count in wanted.items():
        await _demand_count(running, code, count)
    changed = made[0].code
    await running.ask("PATCH", f"/v1/links/{changed}", json={"url": made[0].url + "#changed"})
    await running.follow(changed, status=302)
    await _demand_count(
        running,
        changed,
        wanted[changed] + 1,
        "Its owner has changed where it leads. Those who followed it before are still counted.",
    )


@clicks.check
async def many_at_once_are_counted(links: LinksService, world: World) -> None:
    """Of many who follow a link at the same time, over many connections, each is counted once."""
    running = await links.start()
    link = await running.make()
    rounds, at_once = world.draw.integer(4, 6), 40

    for _ in range(rounds):
        await asyncio.gather(*(running.follow(link.code, status=302) for _ in range(at_once)))
        await asyncio.sleep(0.05)
    await _demand_count(running, link.code, rounds * at_once)


@clicks.check
async def what_is_no_click(links: LinksService, world: World) -> None:
    """HEAD, a code that is unknown, expired or deleted, and the owner's own questions are no clicks."""
    running = await links.start(stale_ms=100)
    link = await running.make()
    ending = await running.make(expires_at=from_now(0.2))
    await running.follow(f"{link.code}-none", status=404)
    for _ in range(world.draw.integer(3, 6)):
        await running.follow(link.code, method="HEAD", status=302)
        await running.ask("GET", f"/v1/links/{link.code}")
    await _until_gone(running, ending)
    before = (await running.read(ending.code)).clicks
    for _ in range(world.draw.integer(3, 6)):
        await running.follow(ending.code, status=410)

    await running.follow(link.code, status=302)
    await _demand_count(
        running,
        link.code,
        1,
        "It was followed by one GET; HEAD is the same without being counted, and who reads the link has not followed it.",
    )
    await asyncio.sleep(_SHOWN_S)
    await _demand_count(running, link.code, 1, "It was followed by one GET, and by several HEAD.")
    expect((await running.read(ending.code)).clicks, f"clicks of {ending.code}, which has expired").equals(
        before, why="These were answered with 410, and led nowhere."
    )


@clicks.check
async def they_are_shown_soon(links: LinksService, world: World) -> None:
    """A click is in the statistics, and in clicks of the link, within two seconds, also while more come."""
    running = await links.start()
    link = await running.make()

    for count in range(1, world.draw.integer(2, 3) + 1):
        await running.follow(link.code, status=302)
        await _demand_count(
            running,
            link.code,
            count,
            "It was answered two seconds ago, and the brief has it in the statistics by then.",
            within_s=_SHOWN_S + _SLACK_S,
        )
        await asyncio.sleep(world.draw.integer(0, 300) / 1000)


@clicks.check
async def hours_and_days(links: LinksService, world: World) -> None:
    """The statistics are by hour or by day, oldest first; from is included and to is not, and what is no full hour is 422, and named."""
    running = await links.start()
    link = await running.make()
    made: list[Click] = []
    for _ in range(world.draw.integer(3, 9)):
        asked = from_now(0)
        await running.follow(link.code, status=302)
        made.append(Click(asked, from_now(0)))
    await _demand_count(running, link.code, len(made))
    now = hour_of(made[0].asked)
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)

    for begin, end in (
        (None, None),
        (now, None),
        (None, now + hour),
        (now, now + 2 * hour),
        (now - day, now),
        (now + 2 * hour, now + day),
        (None, now),
        (now + 2 * hour, None),
        (now - day, now + day),
    ):
        for by in (None, "hour", "day"):
            await _demand_items(running, link, made, begin, end, by)
    await _demand_wrong_parameters_named(running, link)


async def _demand_items(
    running: Running, link: Link, made: list[Click], begin: dt.datetime | None, end: dt.datetime | None, by: By | None
) -> None:
    """The statistics for these parameters; those that are None are left out."""
    given = {"from": begin and written(begin, 0), "to": end and written(end, 0), "by": by}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if value)
    answer = await running.ask("GET", f"/v1/links/{link.code}/clicks{'?' if query else ''}{query}")
    wrong = wrong_in(_clicks_in(answer), made, by=by or "day", begin=begin, end=end)
    if wrong is not None:
        answer.blame(
            f"{len(made)} clicks between {written(made[0].asked)} and {written(made[-1].answered)}, as far as they are in the time that was asked for",
            f"{answer.text[:300]}   ({wrong})",
            "An hour begins at minute 0, a day at hour 0, in UTC. from is included, to is not; hours and days without clicks are left out.",
        )


async def _demand_wrong_parameters_named(running: Running, link: Link) -> None:
    now = hour_of(from_now(0))
    at = partial(written, digits=0)
    for name, query in (
        ("from", f"from={at(now + dt.timedelta(minutes=30))}"),
        ("to", f"to={at(now + dt.timedelta(seconds=1))}"),
        ("from", "from=yesterday"),
        ("to", "to=2026-01-01"),
        ("from", "from=2026-02-30T00:00:00Z"),
        ("to", f"from={at(now)}&to={at(now)}"),
        ("to", f"from={at(now)}&to={at(now - dt.timedelta(hours=1))}"),
        ("by", "by=week"),
        ("by", "by="),
    ):
        answer = await running.ask("GET", f"/v1/links/{link.code}/clicks?{query}", status=None)
        demand_status(answer, 422, why="from and to are full hours in UTC, to later than from; by is hour or day.")
        if name == "to" and "&" in query:
            continue  # whether from or to is the wrong one of the two is up to the program
        demand_fields(answer, [name], why=f"The parameter {name} is wrong.")


async def _demand_count(
    running: Running, code: str, count: int, why: str = _WHY_EACH, within_s: float = _LENIENT_S
) -> None:
    """The link and its statistics show this number soon, and never more."""
    deadline = running.now() + within_s
    while True:
        asked = running.now()
        shown = {
            "clicks of the link": (await running.read(code)).clicks,
            "total of its statistics": (await _statistics(running, code)).total,
        }
        if all(number == count for number in shown.values()):
            return
        if max(shown.values()) > count or asked > deadline:
            fail(
                f"how often {code} was followed",
                expected=str(count),
                received=", ".join(f"{name} {number}" for name, number in shown.items())
                + f", {running.now() - deadline + within_s:.1f} s after the last one",
                why=why,
            )
        await asyncio.sleep(0.05)


async def _statistics(running: Running, code: str) -> Clicks:
    return _clicks_in(await running.ask("GET", f"/v1/links/{code}/clicks"))


def _clicks_in(answer: Answer) -> Clicks:
    return read_as(answer, Clicks, '{"total": number, "items": [{"start": text, "count": number}, …]}')


async def _until_gone(running: Running, link: Link) -> None:
    await soon(
        lambda: running.follow(link.code, method="HEAD"),
        lambda answer: answer.status == 410,
        within_s=5,
        running=running,
        subject=f"HEAD /{link.code}",
        expected="status 410",
        why="Its end has come.",
    )
