"""Walking through a list page by page, while it grows, and holding the walk against the list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from climb.judge.expect import fail
from climb.judge.faults import Injecting, Latency
from climb.judge.history import Recorder
from climb.judge.together import together
from climb.projects.identity.rules.walks import wrong_with
from climb.projects.identity.stages.permitted import set_roles

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.identity.driver import Person, Running, Tokens

__all__ = ["Page", "demand_pages", "demand_walk", "demand_walk_while_growing", "page", "walk"]

_MOST_PAGES = 2_000
_FORM = '{"items": [{"id": text, …}, …], "next": text or null}'
_REFRESHING, _REFRESHES = 2, 40
_CHANGING, _CHANGES = 2, 16
_FAR = Latency(6)
_SHOWN_S = 2.0  # an event may be in the log so late
_WHOLE = 200
_SHOWN = 300
_WHY = "Nothing is missing or twice on the way through a list, whatever is added or deleted meanwhile. Who reads it page by page to act on it would pass somebody over, and never know."


class Page:
    """A page as it came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        given = answer.json()
        items = given.get("items") if isinstance(given, dict) else None
        if not isinstance(items, list) or "next" not in given or not all(isinstance(each, dict) for each in items):
            answer.blame(_FORM, answer.text[:_SHOWN], "The brief gives this form for every list.")
        following = given["next"]
        if following is not None and (not isinstance(following, str) or not following):
            answer.blame('"next": text or null', f'"next": {following!r}', "It is what after is for the next page.")
        if any(not isinstance(each.get("id"), str) for each in items):
            answer.blame(_FORM, answer.text[:_SHOWN], "Each item has an id, which is a text.")
        self.items: list[dict[str, Any]] = items
        self.next: str | None = following

    @property
    def ids(self) -> list[str]:
        """Of its items, in order."""
        return [each["id"] for each in self.items]


async def page(running: Running, path: str, token: str, **query: str | int | None) -> Page:
    """One page of a list."""
    sent = urlencode({name: value for name, value in query.items() if value is not None})
    return Page(await running.ask("GET", f"{path}?{sent}" if sent else path, token=token))


async def walk(
    running: Running,
    path: str,
    token: str,
    *,
    between: Callable[[Page], Awaitable[None]] | None = None,
    limit: int | None = None,
    query: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """All items, page by page to the last; ``between`` is done before each further page."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        each = await page(running, path, token, after=after, limit=limit, **query)
        found += each.items
        if each.next is None:
            return found
        if between is not None:
            await between(each)
        after = each.next
    fail(
        f"the end of {path}",
        expected="a page whose next is null",
        received=f"none among {_MOST_PAGES} pages",
        why="Each page leads on to what stands behind it, so there is an end.",
    )


async def demand_pages(running: Running, token: str, count: int) -> None:
    """The audit log, filtered to ``count`` events, comes in pages of the sizes that were asked for."""
    query = {"event": "refreshed"}
    usual = await page(running, "/v1/audit", token, **query)
    _demand_size(usual, 50, "without limit, 50")
    for limit in (1, count - 1, count):
        _demand_size(await page(running, "/v1/audit", token, limit=limit, **query), limit, f"limit={limit}")
    last = await page(running, "/v1/audit", token, limit=count, **query)
    if last.next is not None:
        last.answer.blame(
            '"next": null',
            f'"next": {last.next!r}, on a page with all {count} of {count} events',
            "It is null on the last page. A client that asks for one that is empty asks once too often.",
        )
    for wrong in ("limit=0", "limit=201", "limit=-1", "limit=ten", "after=no-such-place"):
        answer = await running.ask("GET", f"/v1/audit?{wrong}", token=token, status=None)
        if answer.status != 422:
            answer.blame(
                "422",
                answer.line,
                f"{wrong} is none of the values that the brief has: limit is 1 to 200, after the next of a page.",
            )


def _demand_size(found: Page, size: int, what: str) -> None:
    if len(found.items) != size:
        found.answer.blame(f"{size} items: {what}", f"{len(found.items)}", "There are more than enough of them.")


async def demand_walk_while_growing(running: Running, world: World, token: str) -> None:
    """The end of the audit log is read again and again while refreshes and changes of roles add to it; each walk has all that it must have.

    The way to the database is long meanwhile, so a transaction of several statements ends some time after it has drawn its numbers.
    """
    families = [await running.admin() for _ in range(_REFRESHING)]
    people = [await running.register() for _ in range(_CHANGING)]
    walks: list[tuple[int, list[str]]] = []
    left = _REFRESHING + _CHANGING

    async def refreshes(mine: Tokens) -> None:
        nonlocal left
        for _ in range(_REFRESHES):
            mine = await running.refreshed(mine.refresh)
        left -= 1

    async def changes(person: Person) -> None:
        nonlocal left
        for number in range(_CHANGES):
            await set_roles(running, token, person.id, ("user",) if number % 2 else ("user", "admin"))
        left -= 1

    async def reads(limit: int) -> None:
        known: str | None = None  # the newest place that a page has told
        while left:
            ids: list[str] = []
            after = known
            while True:
                each = await page(running, "/v1/audit", token, limit=limit, after=after)
                ids += each.ids
                if each.next is None:
                    break
                after = known = each.next
            walks.append((limit, ids))

    limits = [world.draw.integer(3, 6), world.draw.integer(7, 20), world.draw.integer(7, 20)]
    async with Injecting(running.database.place, Recorder(running.now)) as faults:
        await faults.inject(_FAR)
        await together(*map(refreshes, families), *map(changes, people), *map(reads, limits))
        await faults.heal(_FAR)
    await asyncio.sleep(_SHOWN_S)
    whole = [each["id"] for each in await walk(running, "/v1/audit", token, limit=_WHOLE)]
    for limit, ids in walks:
        begin = whole.index(ids[0]) if ids and ids[0] in whole else 0
        what = f"GET /v1/audit in pages of {limit}, while events are added"
        demand_walk(what, ids, whole[begin:], due=())


def demand_walk(what: str, walked: list[str], whole: list[str], *, due: Collection[str]) -> None:
    """Nothing is wrong with this walk."""
    wrong = wrong_with(walked, whole, due=due)
    if wrong:
        fail(
            what,
            expected="each item once, in order",
            received=f"{wrong}; {len(walked)} ids in the walk, {len(whole)} in the list",
            why=_WHY,
        )
