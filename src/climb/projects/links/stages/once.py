"""Stage 7: the same request twice, and one link."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec

from climb.judge.expect import expect
from climb.judge.faults import Latency
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import OWNER, LinksService, Running, draw_code, draw_url
from climb.projects.links.stages.judged import demand_problem, demand_retry_after, demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = ["once"]

once = Stage(
    "once",
    "Once",
    concepts=["idempotency", "retries", "transactions", "race-conditions"],
    hints=[
        "A client has sent a request, and its connection breaks before the answer. Was the link made? What can it send so that asking again does no harm, and where must you remember it so that your own end does not matter?",
        "Keep the key, its owner, a hash of the request and the answer in a table, written in the same transaction as the link: then both are there or none. A unique index on owner and key decides between two that come at once.",
        "Begin a transaction; insert (owner, key, hash) on conflict do nothing. If it was inserted: make the link, store status, headers and body, commit; roll back for an error. If not: another hash is 422, a stored answer is sent again. The insert waits for the other's commit; "
        "take pg_try_advisory_xact_lock on the owner and the key first, and answer 409 with Retry-After if somebody has it.",
    ],
)

_AT_ONCE = 10
_OTHER = "bert"
_WHY_SAME = "The client asks again because it did not get the first answer. It gets it now, byte for byte, and there is still one link."


@once.check
async def the_same_request_has_the_same_answer(links: LinksService, world: World) -> None:
    """The same request with the same key has the same answer again, and makes one link, also after the program was started anew."""
    running = await links.start()
    keys = ["!", "~" * 128, *(_draw_key(world.draw, number) for number in range(2))]

    firsts = []
    for number, key in enumerate(keys):
        body = _body(world.draw, chosen=number if number % 2 == 0 else None)
        firsts.append((key, body, await _post(running, key, body, {201})))
        _demand_same(await _post(running, key, body, {201}, why=_WHY_SAME), firsts[-1][2])
    await _demand_links(running, len(keys))
    # What becomes of a link later changes nothing of what was answered.
    changed, deleted = (first.headers["location"] for _, _, first in firsts[:2])
    await running.ask("PATCH", changed, json={"url": draw_url(world.draw)})
    await running.ask("DELETE", deleted, status=204)
    await running.restart()
    for key, body, first in firsts:
        why = f"The program was stopped and started since, on the same database. {_WHY_SAME}"
        _demand_same(await _post(running, key, body, {201}, why=why), first)
    await _demand_links(running, len(keys) - 1)


@once.check
async def another_request_is_refused(links: LinksService, world: World) -> None:
    """The same key with another request is 422, be it another by a single space; so is a key that is too long or not of printable ASCII."""
    running = await links.start()
    key, body = _draw_key(world.draw), _body(world.draw)
    first = await _post(running, key, body, {201})

    others = (
        msgspec.json.encode({"url": "https://example.org/another-one"}),
        body + b" ",
        body.replace(b'":', b'": ', 1),
    )
    for other in others:
        why = "The key stands for another request. Whoever uses it twice has made a mistake, and would take the answer to the first for that to the second."
        demand_problem(await _post(running, key, other, None), 422, why=why)
    _demand_same(await _post(running, key, body, {201}, why=_WHY_SAME), first)
    for bad in ("x" * 129, "caf\u00e9", "a\tb"):
        demand_problem(await _post(running, bad, body, None), 422, why="A key is 1 to 128 printable ASCII characters.")
    await _demand_links(running, 1)


@once.check
async def keys_are_their_owners(links: LinksService, world: World) -> None:
    """Two owners with the same key and the same body have a link each."""
    running = await links.start()
    key, body = _draw_key(world.draw), _body(world.draw)

    answers = {owner: await _post(running, key, body, {201}, owner=owner) for owner in (OWNER, _OTHER)}

    owners = {owner: answer.json()["owner"] for owner, answer in answers.items()}
    expect(owners, "who owns what these two were answered").equals(
        {owner: owner for owner in owners},
        why="Keys are chosen by clients, who know nothing of each other; some use 1, 2, 3. With a key alone one is told of another's link.",
    )
    for owner in owners:
        await _demand_links(running, 1, owner=owner)


@once.check
async def an_error_leaves_the_key_free(links: LinksService, world: World) -> None:
    """A request that was answered with an error leaves its key free, for the same request and for another one."""
    running = await links.start()
    taken = await running.make(code=draw_code(world.draw))

    refusals = (({"url": "nowhere"}, 422), ({"url": taken.url, "code": taken.code}, 409), (["no object"], 400))
    for number, (wrong, status) in enumerate(refusals):
        key, body = _draw_key(world.draw, number), _body(world.draw, chosen=number)
        refused = msgspec.json.encode(wrong)
        for _ in range(2):
            demand_status(
                await _post(running, key, refused, None),
                status,
                why="This request is wrong, and nothing came of it, so it is wrong again.",
            )
        why = f"The request before with this key was answered with {status}, and nothing was made. The mended one is sent with the same key."
        first = await _post(running, key, body, {201}, why=why)
        _demand_same(await _post(running, key, body, {201}, why=_WHY_SAME), first)
    await _demand_links(running, 4)


@once.check
async def many_at_once_make_one(links: LinksService, world: World) -> None:
    """Of several same requests at once one makes the link; the others get its answer, or 409 with Retry-After while it is under way."""
    running = await links.start()
    place = running.database.place

    for turn in (1, 2):
        key, body = _draw_key(world.draw, turn), _body(world.draw)
        slow = Latency(
            world.draw.integer(5, 20)
        )  # so that they are under way together; with a slow database 503 is allowed, too
        await slow.inject(place)
        answers = await asyncio.gather(*(_post(running, key, body, {201, 409, 503}) for _ in range(_AT_ONCE)))
        await slow.heal(place)
        for answer in answers:
            if answer.status == 409:
                demand_retry_after(
                    answer,
                    "The first request with this key is under way. The client has to know when it makes sense to ask again.",
                )
        made = [answer for answer in answers if answer.status == 201]
        made.append(await _until_made(running, key, body))
        for again in made[1:]:
            _demand_same(again, made[0])
        await _demand_links(running, turn)


async def _post(
    running: Running, key: str, body: bytes, status: Collection[int] | None, *, owner: str = OWNER, why: str = ""
) -> Answer:
    return await running.ask(
        "POST", "/v1/links", owner=owner, body=body, fields=[("Idempotency-Key", key)], status=status, why=why
    )


def _draw_key(draw: Draws, number: int = 0) -> str:
    """A key; those with different numbers are different, however small the draws are."""
    return f"{number}" + draw.word() + draw.choice(("", " with spaces ", "!#$%&()*+", "\\~", "0")) + draw.word()


def _body(draw: Draws, *, chosen: int | None = None) -> bytes:
    """A new link; with a code of this number if there is one, and then the report of a failure is the same in each run."""
    body: dict[str, Any] = {"url": draw_url(draw)}
    return msgspec.json.encode(body if chosen is None else body | {"code": f"{draw_code(draw)}-{chosen}"})


def _demand_same(again: Answer, first: Answer) -> None:
    """The second answer is the first one."""
    received, wanted = (
        {"status": answer.status, "Location": answer.headers.get("location"), "body": answer.text}
        for answer in (again, first)
    )
    expect(received, "the answer to the same request with the same Idempotency-Key").equals(wanted, why=_WHY_SAME)


async def _until_made(running: Running, key: str, body: bytes) -> Answer:
    """The answer once nothing is under way any more."""
    deadline = running.now() + running.patience_s
    while True:
        answer = await _post(running, key, body, {201, 409, 503})
        if answer.status == 201 or running.now() > deadline:
            demand_status(answer, 201, why="Nothing is under way with this key any more.")
            return answer
        await asyncio.sleep(0.1)


async def _demand_links(running: Running, count: int, owner: str = OWNER) -> None:
    page = await running.page("limit=200", owner=owner)
    expect(len(page.items), f"how many links {owner} has").equals(
        count, why="Each key stands for one link, however often its request was sent."
    )
