"""Stage 2: who may see and change a link, how two who change it at once learn of each other, and what is left of a deleted one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import OWNER, LinksService, Running, draw_code, draw_url, link_in
from climb.projects.links.rules.moments import from_now, moment, written
from climb.projects.links.stages.judged import demand_redirect, demand_status, soon
from climb.projects.links.stages.tags import demand_not_modified, tag_of

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Link

__all__ = ["owners"]

owners = Stage(
    "owners",
    "Whose is it",
    concepts=["rest", "http-caching", "transactions", "race-conditions"],
    hints=[
        "Which statement of SQL makes sure that somebody else's link is not changed, even if the code above it forgets to look? And what does a stranger learn from a 403 that a 404 does not tell?",
        "Put owner = $1 into the where of each statement, unless the token says admin. Give each link a version that every change makes larger: that is the ETag. A deleted link stays in its table with the time of "
        "its end, so its code stays taken.",
        "update links set url = $3, version = version + 1 where code = $1 and owner = $2 and deleted_at is null and version = $4 returning *: one statement compares and changes, so of two at once one changes nothing. "
        "Nothing returned is 404 or 412; look which. ETag is the version in quotes. DELETE sets deleted_at; GET /{code} answers 410 for such a row.",
    ],
)

_STALE_MS = 100
_AT_ONCE = 8
_STRANGER = "bert"
_WHY_HIDDEN = "To anyone but its owner the link does not exist under /v1. A 403 would tell that it does."
_WHY_TAG = "The ETag is the state of the link: another one after each change, and the same one as long as nothing changed (RFC 9110, 8.8.3)."
_WHY_LOST = "Whoever sent this had not seen the change before. Without 412 it would be lost, and nobody would know (RFC 9110, 13.1.1)."


@owners.check
async def a_link_is_its_owners(links: LinksService, world: World) -> None:
    """To anyone but its owner a link does not exist under /v1; who follows it needs no token."""
    running = await links.start()
    link = await running.make()
    target = f"/v1/links/{link.code}"

    for method, path, body in (
        ("GET", target, None),
        ("PATCH", target, {"url": draw_url(world.draw)}),
        ("DELETE", target, None),
        ("GET", f"{target}/clicks", None),
        ("GET", f"{target}/qr", None),
    ):
        answer = await _ask(running, method, path, body, owner=_STRANGER)
        demand_status(answer, 404, why=_WHY_HIDDEN)
    _demand_same(await running.read(link.code), link, why="The owner has changed nothing, and nobody else may.")
    demand_redirect(await running.follow(link.code), link.url, "Everybody may follow a link.")


@owners.check
async def an_admin_may_do_it_too(links: LinksService, world: World) -> None:
    """A token whose roles contain admin may read, change and delete each link, which keeps its owner; other roles may not."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make()
    target = f"/v1/links/{link.code}"
    url = draw_url(world.draw)

    for roles in (("administrator",), ("Admin", "user"), ("not-admin",)):
        answer = await running.ask("GET", target, owner=_STRANGER, roles=roles, status=None)
        demand_status(answer, 404, why=f"The roles of this token are {', '.join(roles)}. None of them is admin.")
    boss: dict[str, Any] = {"owner": "carla", "roles": ("user", "admin")}
    _demand_same(link_in(await running.ask("GET", target, **boss)), link, why="An admin reads it as it is.")
    changed = link_in(await running.ask("PATCH", target, json={"url": url}, **boss))
    expect({"url": changed.url, "owner": changed.owner}, f"{link.code} after an admin has changed it").equals(
        {"url": url, "owner": OWNER}, why="An admin may change every link, and does not become its owner."
    )
    await running.ask("DELETE", target, status=204, **boss)
    demand_status(await running.ask("GET", target, status=None), 404, why="An admin has deleted it.")


@owners.check
async def changes_are_made(links: LinksService, world: World) -> None:
    """PATCH changes the url, the end, or both, and nothing else; what is wrong or unknown is 422 and changes nothing."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make()
    target = f"/v1/links/{link.code}"
    later = written(from_now(world.draw.integer(3600, 10**6)), world.draw.integer(0, 6))
    url, other = draw_url(world.draw), draw_url(world.draw) + "#other"

    for change in ({"url": url}, {"expires_at": later}, {"expires_at": None}, {"url": other, "expires_at": later}):
        wanted = {"url": link.url, "expires_at": link.expires_at} | change
        link = link_in(await running.ask("PATCH", target, json=change))
        for how, seen in (("the answer to PATCH", link), ("GET", await running.read(link.code))):
            _demand_changed(how, seen, wanted, change)
    for wrong in (
        {},
        {"url": "nowhere"},
        {"url": None},
        {"code": "other"},
        {"owner": _STRANGER},
        {"clicks": 0},
        {"url": url, "expires_at": "soon"},
    ):
        answer = await running.ask("PATCH", target, json=wrong, status=None)
        demand_status(answer, 422, why="url and expires_at can be changed, either or both, and nothing else.")
    _demand_same(await running.read(link.code), link, why="These changes were refused, all of each.")
    await soon(
        lambda: running.follow(link.code),
        lambda answer: answer.values("location") == [other],
        within_s=_STALE_MS / 1000 + 2,
        running=running,
        subject=f"GET /{link.code} after its url was changed",
        expected=f"Location: {other}",
        why="Its owner has changed where it leads.",
    )


@owners.check
async def tags_tell_of_change(links: LinksService, world: World) -> None:
    """A link's ETag changes with each change and with nothing else; If-None-Match is 304 while it is the same, and an old If-Match is 412."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make()
    target = f"/v1/links/{link.code}"
    first = tag_of(await running.ask("GET", target))

    await running.follow(link.code, status=302)
    await _demand_seen(running, link.code, 1)
    for known in (first, f'"other", {first}', f"W/{first}", "*"):
        await demand_not_modified(running, target, known, first)
    second = tag_of(
        await running.ask(
            "PATCH", target, json={"url": draw_url(world.draw) + "#2"}, fields=[("If-Match", f'"other", {first}')]
        )
    )
    expect(second == first, "whether the ETag is the same after a change").equals(False, why=_WHY_TAG)
    expect(tag_of(await running.ask("GET", target)), "the ETag of GET after PATCH").equals(
        second, why="It is that of the answer to PATCH: the link has not changed since."
    )
    await running.ask(
        "GET", target, fields=[("If-None-Match", first)], status=200, why="The link has changed since this tag."
    )
    for old in (first, f"W/{second}", '"other"'):
        answer = await running.ask(
            "PATCH", target, json={"url": draw_url(world.draw)}, fields=[("If-Match", old)], status=None
        )
        demand_status(
            answer,
            412,
            why=_WHY_LOST
            if old == first
            else "If-Match compares strongly, and this is not the tag of the link (RFC 9110, 13.1.1).",
        )
    expect(tag_of(await running.ask("GET", target)), "the ETag after changes that were refused").equals(
        second, why=_WHY_TAG
    )
    await running.ask(
        "PATCH",
        target,
        json={"expires_at": None, "url": link.url},
        fields=[("If-Match", "*")],
        why="There is a link, whatever its state (RFC 9110, 13.1.1).",
    )


@owners.check
async def one_of_many_changes_it(links: LinksService, world: World) -> None:
    """Of several who change the same state of a link at once, with its ETag in If-Match, exactly one does."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make()
    target = f"/v1/links/{link.code}"

    for turn in range(world.draw.integer(4, 6)):
        tag = tag_of(await running.ask("GET", target))
        urls = [f"https://example.org/{turn}/{number}" for number in range(_AT_ONCE)]
        answers = await asyncio.gather(
            *(
                running.ask("PATCH", target, json={"url": url}, fields=[("If-Match", tag)], status={200, 412})
                for url in urls
            )
        )

        changed = [url for url, answer in zip(urls, answers, strict=True) if answer.status == 200]
        expect(
            len(changed), f"how many of {_AT_ONCE} changes at once, all with the same If-Match, were answered with 200"
        ).equals(
            1,
            why="The first one has changed the link, so the others speak of a state that is over. Whoever looks at the tag, and then changes in another statement, lets several through.",
        )
        expect((await running.read(link.code)).url, "the url afterwards").equals(
            changed[0], why="This change was acknowledged, the others were refused."
        )


@owners.check
async def deleted_names_stay_taken(links: LinksService, world: World) -> None:
    """A deleted link is gone for its owner and 410 for who follows it, and its code is never given again, to anyone."""
    running = await links.start(stale_ms=_STALE_MS)
    link = await running.make(code=draw_code(world.draw))
    target = f"/v1/links/{link.code}"
    await running.follow(link.code, status=302)

    await running.ask("DELETE", target, status=204)
    for method, body in (("DELETE", None), ("GET", None), ("PATCH", {"url": link.url})):
        answer = await _ask(running, method, target, body)
        demand_status(answer, 404, why="It was deleted a moment ago.")
    await soon(
        lambda: running.follow(link.code),
        lambda answer: answer.status == 410,
        within_s=_STALE_MS / 1000 + 2,
        running=running,
        subject=f"GET /{link.code} after it was deleted",
        expected="status 410",
        why="There was such a link, and there is none any more (RFC 9110, 15.5.11).",
    )
    for owner in (OWNER, _STRANGER):
        answer = await running.ask(
            "POST", "/v1/links", owner=owner, json={"url": link.url, "code": link.code}, status=None
        )
        demand_status(
            answer, 409, why="Its code still stands in mails and on posters, so it never means anything else."
        )


async def _ask(running: Running, method: str, target: str, body: object, owner: str = OWNER) -> Answer:
    if body is None:
        return await running.ask(method, target, owner=owner, status=None)
    return await running.ask(method, target, owner=owner, json=body, status=None)


def _demand_same(seen: Link, link: Link, *, why: str) -> None:
    names = ("code", "url", "owner", "expires_at", "created_at")
    expect({name: getattr(seen, name) for name in names}, f"GET /v1/links/{link.code}").equals(
        {name: getattr(link, name) for name in names}, why=why
    )


def _demand_changed(how: str, seen: Link, wanted: dict[str, Any], change: object) -> None:
    end = wanted["expires_at"]
    received = {"url": seen.url, "expires_at": seen.expires_at, "owner": seen.owner}
    if moment(seen.expires_at) == moment(end):
        received["expires_at"] = end  # the same moment may be written with more or fewer digits
    expect(received, f"the link in {how}, after PATCH {change}").equals(
        {**wanted, "owner": OWNER}, why="What a change names is changed, and what it does not name stays as it was."
    )


async def _demand_seen(running: Running, code: str, clicks: int) -> None:
    """The link shows this many clicks."""
    await soon(
        lambda: running.read(code),
        lambda link: link.clicks == clicks,
        within_s=10,
        running=running,
        subject=f"clicks of {code}",
        expected=str(clicks),
        why="It was followed so often.",
    )
