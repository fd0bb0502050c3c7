"""Stage 4: refresh tokens that are used once, and what it means if one is used again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.expect import fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.driver.people import tokens
from climb.projects.identity.stages.judged import demand_member, demand_no_store
from climb.projects.identity.stages.waiting import in_time, until

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["refresh"]

refresh = Stage(
    "refresh",
    "Rotation",
    concepts=["sessions-and-tokens", "transactions", "race-conditions"],
    hints=[
        "A refresh token is good for weeks. Somebody copies it from a disk. Now two have it, and both will use it. How could you notice, and whom do you believe then?",
        "Let each refresh use the token up and give a new one. Keep the used ones, with the family that they belong to: a used one that comes again tells that two have it. You can't know who is the thief, so the whole family ends.",
        "UPDATE refresh_tokens SET used_at = now() WHERE hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING family: one statement, so that of several at the same moment one gets the row. If it gives no row, look the token up: if it was used, "
        "end its family. A token of an ended family is 401, so make the new one and look at the family in one transaction, with the family's row locked.",
    ],
)

_USED = "The token was used before. Either the one who comes now has stolen it, or the one who came first: nobody can tell, so the whole family ends (RFC 9700, 4.14.2)."


@refresh.check
async def refreshing_rotates(identity: IdentityService, world: World) -> None:
    """A refresh token is changed for a new access token and a new refresh token, again and again, in each family by itself."""
    access_s, refresh_s = world.draw.integer(60, 3_600), world.draw.integer(3_600, 10_000_000)
    running = await identity.start(access_s=access_s, refresh_s=refresh_s)
    person = await running.register()
    families = [await running.login(person) for _ in range(2)]
    turns = world.draw.some(lambda: world.draw.integer(0, 1), at_least=4, at_most=12, usually=4)
    seen = {name for family in families for name in (family.refresh, family.access)}

    for turn in (0, 1, *turns):
        answer = await running.refreshes(
            families[turn].refresh,
            status=200,
            why="This is the newest refresh token of its family, and was not used before.",
        )
        families[turn] = tokens(answer)
        demand_no_store(answer, "tokens")
        demand_member(answer, "expires_in", access_s, why="These are the seconds of ACCESS_S.")
        demand_member(
            answer,
            "refresh_expires_in",
            refresh_s,
            why="Each refresh token is good for REFRESH_S, from when it was given out.",
        )
        if given := {families[turn].refresh, families[turn].access} & seen:
            answer.blame(
                "two new tokens",
                f"{len(given)} that were given out before",
                "The old refresh token is used up, so the answer has a new one.",
            )
        seen |= {families[turn].refresh, families[turn].access}
        me = await running.me(families[turn].access, why="The new access token is one like that of the login.")
        demand_member(me, "id", person.id, why="A family belongs to the account that logged in.")
    for token in ("unknown", families[0].access, families[0].refresh[:-1], ""):
        await running.refreshes(token, status=401, why="This is no refresh token.")
    await running.refreshed(families[0].refresh, why="What was tried with other texts ends no family.")


@refresh.check
async def a_replay_ends_the_family(identity: IdentityService, world: World) -> None:
    """A refresh token that is used a second time is 401, and no token of its family is good any more, the newest included; other families go on."""
    running = await identity.start()
    person, neighbour = await running.register(), await running.register()
    others = [await running.login(person), await running.login(neighbour)]

    for back in (1, world.draw.integer(2, 5)):
        family = [await running.login(person)]
        for _ in range(back + world.draw.integer(0, 2)):
            family.append(await running.refreshed(family[-1].refresh))
        stolen = family[-1 - back]
        answer = await running.refreshes(stolen.refresh, status=401, why=f"{_USED} It is {back} behind the newest.")
        await running.refreshes(
            family[-1].refresh,
            status=401,
            why=f"This is the newest of a family of which an earlier one was used twice. {_USED}",
        )
        await running.refreshes(stolen.refresh, status=401, why=_USED)
        await running.me(
            family[-1].access, why="Access tokens are good until they run out, whatever happens to their family."
        )
        _demand_no_tokens(answer)
    for number, other in enumerate(others):
        await running.refreshed(
            other.refresh,
            why="Another family of the same account has nothing to do with it."
            if number == 0
            else "This is somebody else's family.",
        )


@refresh.check
async def two_at_once_one_wins(identity: IdentityService, world: World) -> None:
    """Of many uses of a refresh token at the same moment, at two instances, at most one is answered with 200, and the family ends all the same."""
    one = await identity.start()
    both = (one, await one.second())
    person = await one.register()
    rounds, at_once = 3, world.draw.integer(10, 20)

    for _ in range(rounds):
        opened = await one.login(person)
        answers = await asyncio.gather(*(both[number % 2].refreshes(opened.refresh) for number in range(at_once)))
        won = [answer for answer in answers if answer.status == 200]
        _demand_at_most_one(won, answers)
        why = f"{at_once} used one token at the same moment, so at least {at_once - 1} of them came second. {_USED}"
        for answer in won:
            await one.refreshes(tokens(answer).refresh, status=401, why=why)
        await one.refreshes(opened.refresh, status=401, why=why)


@refresh.check
async def refresh_tokens_run_out(identity: IdentityService, _world: World) -> None:
    """A refresh token is good for REFRESH_S from when it was given out, and no longer."""
    refresh_s = 2
    running = await identity.start(refresh_s=refresh_s)
    began = running.now()
    opened = await running.admin()

    for _ in range(2):
        given = running.now()  # a little after it was given out
        await until(running.now, given + 0.6 * refresh_s)
        answer = await running.refreshes(opened.refresh)
        in_time(running.now, began + refresh_s - 0.1)
        age = f"This token was given out {answer.asked_at - given:.1f} s ago"
        if answer.status != 200:
            answer.blame(
                "status 200",
                f"status {answer.line}",
                f"{age}, and REFRESH_S is {refresh_s}. When its family began does not matter.",
            )
        opened, began = tokens(answer), answer.asked_at
    await until(running.now, running.now() + refresh_s + 0.3)
    late = running.now() - answer.ended_at
    await running.refreshes(
        opened.refresh, status=401, why=f"REFRESH_S is {refresh_s}, and this token was given out {late:.1f} s ago."
    )


def _demand_at_most_one(won: list[Answer], answers: list[Answer]) -> None:
    if len(won) > 1:
        won[1].blame(
            f"200 for at most one of {len(answers)} uses at the same moment",
            f"{len(won)} times 200",
            "Two requests may both find the token unused before either has used it up. Let one statement of the database find and use it.",
        )
    strange = next((answer for answer in answers if answer.status not in {200, 401}), None)
    if strange is not None:
        fail(
            "a refresh among others at the same moment",
            expected="status 200 or 401",
            received=f"status {strange.line}",
            why="A token that was used up meanwhile is 401 like any other that is not good.",
        )


def _demand_no_tokens(answer: Answer) -> None:
    if b"refresh_token" in answer.body:
        answer.blame("no tokens", answer.text[:200], "A refused refresh gives nothing.")
