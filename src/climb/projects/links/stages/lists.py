"""Stage 4: the owner's links, a page at a time, while others are made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from climb.judge.drivers.problems import demand_fields
from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.rules.moments import moment
from climb.projects.links.stages.judged import demand_status

if TYPE_CHECKING:
    from climb.projects.links.driver import Link, LinkPage

__all__ = ["lists"]

lists = Stage(
    "lists",
    "Lists",
    concepts=["indexing", "sql", "rest"],
    hints=[
        "A reader has seen the first page, and now somebody makes a link. What does OFFSET 50 mean before and after that? Think of a bookmark that stays right.",
        "Let next say behind which link the page ended, and let the next page begin with the first one behind it in the order of the list. Times alone are no order: two links may have the same. "
        "In LIKE, % and _ stand for other characters, and so does the backslash.",
        "Number links as they are made (bigint generated always as identity), order by that number, largest first, and let next be that of the last one: where owner = $1 and id < $2 order by id desc limit $3 + 1; "
        "one more than asked for tells whether there is a next page. An index on (owner, id) makes it quick. For q: position(lower($4) in lower(url)) > 0 or the same for the code.",
    ],
)

_OTHER = "bert"
_WHY_ONCE = (
    "Who reads page after page sees each link once that was there at the beginning, whatever is made meanwhile. A cursor that counts, as OFFSET does, moves when something is put before it; "
    "a cursor that is a time alone loses links of the same time."
)


@lists.check
async def the_newest_comes_first(links: LinksService, world: World) -> None:
    """The list has the owner's links, newest first, each as it is, 50 on a page unless limit says otherwise; no others, and no deleted ones."""
    running = await links.start()
    empty = await running.page()
    expect((empty.items, empty.next), "items and next of the list of an owner without links").equals(
        ((), None), why="There is nothing, and no further page."
    )
    made = [await running.make() for _ in range(world.draw.integer(52, 56))]
    await running.make(owner=_OTHER)
    gone = made.pop(world.draw.integer(0, len(made) - 1))
    await running.ask("DELETE", f"/v1/links/{gone.code}", status=204)
    newest = [link.code for link in reversed(made)]

    first = await running.page()

    expect([link.code for link in first.items], "the codes on the first page").equals(
        newest[:50],
        why="Without limit a page has 50 links, the newest one first. The list has those of its owner alone, and none that were deleted.",
    )
    shown, known = first.items[0], made[-1]
    _demand_as_known(shown, known)
    expect(
        [link.code for link in (await running.page("limit=200")).items], "the codes on a page with limit=200"
    ).equals(newest, why="All of them fit on this page.")
    last = await running.page(f"limit={len(newest)}")
    expect((len(last.items), last.next), "how many items a page as long as the list has, and its next").equals(
        (len(newest), None), why="There is nothing behind it, so next is null."
    )


@lists.check
async def pages_join_while_links_are_made(links: LinksService, world: World) -> None:
    """Page after page, nothing is missing or twice, also among links that were made at the same moment, and whatever is made or deleted meanwhile."""
    limit = world.draw.integer(1, 7)
    running = await links.start()
    for _ in range(3):
        await asyncio.gather(*(running.make(url=f"https://example.org/{number}") for number in range(10)))
    there = [link.code for link in (await running.page("limit=200")).items]

    pages = [await running.page(f"limit={limit}")]
    while pages[-1].next is not None:
        await running.make()
        if world.draw.flag():  # what was seen already does not move what comes either
            await running.ask("DELETE", f"/v1/links/{pages[-1].items[0].code}", status=204)
        pages.append(await running.page(f"limit={limit}&after={quote(pages[-1].next, safe='')}"))
        if len(pages) > 2 * len(there) + 2:
            fail(
                "the list, page after page",
                expected="an end",
                received=f"{len(pages)} pages, and {len(there)} links were there",
                why=_WHY_ONCE,
            )

    _demand_each_once(pages, there, limit)


@lists.check
async def searches_find(links: LinksService, world: World) -> None:
    """A search with q finds the links whose url or code contains it, in any case; no character in it means anything else than itself."""
    running = await links.start()
    word = world.draw.word(6, 8)
    urls = (
        f"https://example.org/{word}/a",
        f"https://example.org/{word.upper()}?x=100%25",
        f"https://{word}.example.org/a_b",
        "https://example.org/axb",
        "https://example.org/100x",
        "https://example.org/a\\b*c+d?e=[1]",
        "https://example.org/plain",
    )
    made = [await running.make(url=url) for url in urls]
    made.append(await running.make(url="https://example.org/by-code", code=f"my-{word.title()}"))
    await running.make(url=urls[0], owner=_OTHER)

    asked = [
        word,
        word.upper(),
        f"/{word}",
        f"Y-{word[:4]}",
        "%25",
        "%",
        "_",
        "a_b",
        "100%",
        "\\",
        "\\b*",
        "*",
        "[1]",
        ".org/P",
        "'",
        word + "none",
        "EXAMPLE.ORG",
    ]
    for text in world.draw.sample(asked, len(asked)):
        wanted = [
            link.code
            for link in reversed(made)
            if any(text.lower() in where.lower() for where in (link.url, link.code))
        ]
        page = await running.page(f"q={quote(text, safe='')}&limit=200")
        expect([link.code for link in page.items], f"the codes that q={text} finds").equals(
            wanted,
            why="These links of the owner have the text in their url or their code, in upper or lower case. %, _ and \\ mean something to LIKE, and nothing to whoever searches.",
            saw=f"GET /v1/links?q={quote(text, safe='')}&limit=200",
        )
    await _demand_pages_of_a_search(running, [link.code for link in reversed(made)])


@lists.check
async def wrong_parameters_are_named(links: LinksService, world: World) -> None:
    """A limit that is no number from 1 to 200, an after that never was a next, and a q that is too long or has U+0000 are 422, and named."""
    running = await links.start()
    await running.make()

    wrong = [
        *(("limit", value) for value in ("0", "201", "-1", "ten", "1.5", "", "99999999999999999999")),
        ("after", f"no-{world.draw.word()}!"),
        ("q", "x" * 201),
        ("q", "a\0b"),
    ]
    for name, value in wrong:
        answer = await running.ask("GET", f"/v1/links?{name}={quote(value, safe='')}", status=None)
        why = "A guess at what was meant shows the wrong links, and nobody notices."
        demand_status(answer, 422, why=why)
        demand_fields(answer, [name], why=f"The parameter {name} is wrong.")
    for query in ("limit=1", "limit=200", f"q={'x' * 200}", f"{world.draw.word()}=1"):
        await running.ask(
            "GET", f"/v1/links?{query}", why="Nothing is wrong with it; parameters that are not known are passed over."
        )


def _demand_as_known(shown: Link, known: Link) -> None:
    names = ("code", "short_url", "url", "owner", "expires_at", "clicks")
    received, wanted = ({name: getattr(link, name) for name in names} for link in (shown, known))
    expect(received, f"{known.code} in the list").equals(wanted, why="In the list a link looks as it does by itself.")
    expect(moment(shown.created_at), f"created_at of {known.code} in the list").equals(
        moment(known.created_at), why="It was made when it was made."
    )


def _demand_each_once(pages: Sequence[LinkPage], there: Sequence[str], limit: int) -> None:
    """All that was there at the beginning was shown once, in order; what was made meanwhile may be shown or not."""
    longest = max(len(page.items) for page in pages)
    expect(longest, "items on a page").at_most(limit, why=f"The reader asked for {limit} at most.")
    shown = [link.code for page in pages for link in page.items]
    seen = [code for code in shown if code in set(there)]
    twice = sorted({code for code in shown if shown.count(code) > 1})
    missing = [code for code in there if code not in seen]
    if twice or missing:
        parts = [
            f"{words}: {', '.join(codes[:6])}" for words, codes in (("twice", twice), ("missing", missing)) if codes
        ]
        fail(
            "the links that were shown, page after page",
            expected=f"each of the {len(there)} that were there at the beginning, once",
            received="; ".join(parts),
            why=_WHY_ONCE,
            saw=f"{len(pages)} pages with limit={limit}; a link was made before each further page",
        )
    expect(seen, "the order of the links that were shown, page after page").equals(
        list(there), why="It is the order of the whole list."
    )


async def _demand_pages_of_a_search(running: Running, wanted: Sequence[str]) -> None:
    """A search has pages, too."""
    found: list[str] = []
    query = "q=example&limit=3"
    while True:
        page = await running.page(query)
        found += [link.code for link in page.items]
        if page.next is None or len(found) > len(wanted):
            break
        query = f"q=example&limit=3&after={quote(page.next, safe='')}"
    expect(found, "the codes that q=example finds, page after page").equals(
        list(wanted), why="The search goes on behind after."
    )
