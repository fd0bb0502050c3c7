"""Stage 5: how what was opened is closed: by its owner, by a new password, by a message."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.problems import demand_fields
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Person, Running, draw_password
from climb.projects.identity.driver.people import tokens
from climb.projects.identity.stages.waiting import until

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["sign_out"]

sign_out = Stage(
    "sign-out",
    "An end",
    concepts=["sessions-and-tokens", "transactions", "race-conditions"],
    hints=[
        "Somebody has left a laptop in a train. Which of the things that you gave out still work, for how long, and what can its owner do from another machine?",
        "An end is a fact about a family, written into its row; the refresh looks at it. A new password is one transaction: check the old one, write the new hash, end the families. What is under way at that moment must not be "
        "finished with what was true before it.",
        "Put the family's id into the access token (sid), so that DELETE /v1/sessions/current knows it. For a login: after the hash was verified, insert the session only if the account's password hash is still the one that was verified, in one "
        "statement or under a lock of the account's row. Keep reset tokens as hashes, take one away with DELETE … RETURNING, and delete the account's others with it.",
    ],
)

_ENDED = "A family that has ended gives no tokens any more."
_GOES_ON = "This family has not ended."
_SHORT = "Access tokens are good until they run out, whatever happens to their family. That is why they are short."


@sign_out.check
async def logging_out_ends_this_family(identity: IdentityService, _world: World) -> None:
    """DELETE /v1/sessions/current ends the family of the access token, also if it was refreshed since, and no other; twice is 204 as well."""
    running = await identity.start(admin=False)
    person = await running.register()
    first, other = [await running.login(person) for _ in range(2)]
    newest = await running.refreshed(first.refresh)

    for _ in range(2):
        await running.ask(
            "DELETE",
            "/v1/sessions/current",
            token=first.access,
            status=204,
            why="Whoever logs out twice has logged out.",
        )
    await _demand_ended(running, newest.refresh)
    await running.me(first.access, why=_SHORT)
    await running.refreshed(other.refresh, why=_GOES_ON)
    await running.ask(
        "DELETE", "/v1/sessions/current", status=401, why="Without a token nobody knows whose family is meant."
    )


@sign_out.check
async def all_sessions_end(identity: IdentityService, _world: World) -> None:
    """DELETE /v1/sessions ends all families of the account, and nobody else's."""
    running = await identity.start(admin=False)
    person, neighbour = await running.register(), await running.register()
    families = [await running.login(person) for _ in range(3)]
    beside = await running.login(neighbour)

    await running.ask("DELETE", "/v1/sessions", token=families[1].access, status=204)
    for family in families:
        await _demand_ended(running, family.refresh)
    await running.refreshed(beside.refresh, why="This is somebody else's family.")
    await running.refreshed((await running.login(person)).refresh, why="A login after it begins a new family.")


@sign_out.check
async def a_new_password_ends_the_others(identity: IdentityService, world: World) -> None:
    """PUT /v1/users/me/password sets a password if the current one is right, and ends all families of the account but the one that asked."""
    running = await identity.start(failures=100, admin=False)
    person = await running.register()
    new = draw_password(world.draw)
    mine, other = [await running.login(person) for _ in range(2)]

    for current, wanted, field, rule in (
        (new, draw_password(world.draw), "current", "The current password is another one."),
        (person.password, "short", "new", "A new password has 10 to 256 characters, and is none of the common ones."),
    ):
        answer = await _changes(running, mine.access, current, wanted, status=422, why=rule)
        demand_fields(answer, {field}, why=rule)
    other = await running.refreshed(other.refresh, why="Nothing was changed yet.")
    await _changes(running, mine.access, person.password, new, status=204)
    await _demand_only(running, person, new)
    await _demand_ended(running, other.refresh, "Who had stolen the old password may have opened it.")
    await running.refreshed(
        mine.refresh, why="The family that asked for the change goes on: its owner has just shown the password."
    )


@sign_out.check
async def nothing_slips_past_a_new_password(identity: IdentityService, world: World) -> None:
    """After a change of the password nothing is left that the old one opened, not even a login or a refresh that was under way."""
    running = await identity.start(failures=100, admin=False)
    person = await running.register()

    for _ in range(2):
        new = draw_password(world.draw)
        mine, other, settled = [await running.login(person) for _ in range(3)]
        delays = [world.draw.integer(0, 160) / 1_000 for _ in range(6)]
        logins = [_later(delay, running.tries(person.email, person.password)) for delay in delays]
        refreshing = _later(delays[0], running.refreshes(other.refresh))
        change = _changes(running, mine.access, person.password, new, status=204)
        _, refreshed, *opened = await asyncio.gather(change, refreshing, *logins)
        if (await running.refreshes(settled.refresh)).status == 200:
            return  # nothing ends here at all, which is the claim of another check
        for answer in (refreshed, *opened):
            if answer.status == 200:
                why = f"This token was given to {answer.about}, which was under way while the password was changed. What the old password was about to open is not left open."
                await _demand_ended(running, tokens(answer).refresh, why)
        person = Person(person.email, new, person.id)


@sign_out.check
async def resets_work_once(identity: IdentityService, world: World) -> None:
    """The token of a reset message sets a new password, once, and ends all families and the account's other reset tokens."""
    running = await identity.start(failures=100, admin=False)
    person, neighbour = await running.register(), await running.register()
    families = [await running.login(person) for _ in range(2)]
    sent = [await _reset_token(running, person) for _ in range(world.draw.integer(2, 3))]
    beside = await _reset_token(running, neighbour)
    new = draw_password(world.draw)
    used = sent.pop(world.draw.integer(0, len(sent) - 1))

    demand_fields(
        await _resets(running, used, "short", status=422), {"new"}, why="A new password has 10 to 256 characters."
    )
    used = await _reset_token(running, person)
    answers = await asyncio.gather(*(_resets(running, used, new, status={204, 422}) for _ in range(4)))
    done = sum(answer.status == 204 for answer in answers)
    if done != 1:
        answers[0].blame(
            "204 for one of 4 at the same moment",
            f"{done} times 204",
            "A token is good once: one statement of the database takes it away.",
        )
    for token, what in (
        (used, "was used"),
        *((token, "is another one of an account whose password was reset since") for token in sent),
        (used[:-1], "is unknown"),
    ):
        demand_fields(
            await _resets(running, token, draw_password(world.draw), status=422, why=f"The token {what}."),
            {"token"},
            why=f"The token {what}.",
        )
    await _demand_only(running, person, new)
    for family in families:
        await _demand_ended(running, family.refresh, "Who had stolen the old password may have opened it.")
    await _resets(running, beside, draw_password(world.draw), status=204, why="This is somebody else's token.")


@sign_out.check
async def resets_run_out(identity: IdentityService, world: World) -> None:
    """The token of a reset message is good for LINK_S, and no longer."""
    link_s = 1
    running = await identity.start(link_s=link_s)
    assert running.administrator is not None
    token = await _reset_token(running, running.administrator)
    came = running.now()

    await until(running.now, came + link_s + 1.0)
    why = f"LINK_S is {link_s}, and the message came {running.now() - came:.1f} s ago. Old messages lie in mailboxes for years."
    demand_fields(await _resets(running, token, draw_password(world.draw), status=422, why=why), {"token"}, why=why)
    await running.admin()


@sign_out.check
async def each_token_has_its_use(identity: IdentityService, world: World) -> None:
    """The token of one kind of message, and a refresh token, are good for nothing else."""
    running = await identity.start(admin=False)
    person, newcomer = await running.register(), identity.person()
    await running.ask(
        "POST", "/v1/registrations", json={"email": newcomer.email, "password": newcomer.password}, status=202
    )
    confirm = (await running.mail.message(newcomer.email, "confirm")).token or ""
    reset = await _reset_token(running, person)
    opened = await running.login(person)

    why = "A token says what it is for, or lies in a table of its own. Else a message of one kind opens what another kind is for."
    for token, what in ((confirm, "a confirm message"), (opened.refresh, "a login"), (opened.access, "a login")):
        await _resets(running, token, draw_password(world.draw), status=422, why=f"This token is that of {what}. {why}")
    for token, what in ((reset, "a reset message"), (opened.refresh, "a login")):
        await running.ask(
            "POST", "/v1/confirmations", json={"token": token}, status=422, why=f"This token is that of {what}. {why}"
        )
    for token, what in ((reset, "a reset message"), (confirm, "a confirm message")):
        await running.refreshes(token, status=401, why=f"This token is that of {what}. {why}")
        await running.me(token, status=401, why=f"This token is that of {what}. {why}")


async def _changes(running: Running, access: str, current: str, new: str, *, status: int, why: str = "") -> Answer:
    body = {"current": current, "new": new}
    return await running.ask("PUT", "/v1/users/me/password", json=body, token=access, status=status, why=why)


async def _resets(running: Running, token: str, new: str, *, status: int | set[int], why: str = "") -> Answer:
    return await running.ask("PUT", "/v1/password-resets", json={"token": token, "new": new}, status=status, why=why)


async def _reset_token(running: Running, person: Person) -> str:
    await running.ask("POST", "/v1/password-resets", json={"email": person.email}, status=202)
    return (await running.mail.message(person.email, "reset")).token or ""


async def _demand_ended(running: Running, refresh_token: str, why: str = "") -> None:
    await running.refreshes(refresh_token, status=401, why=f"{_ENDED} {why}".strip())


async def _demand_only(running: Running, person: Person, new: str) -> None:
    """The new password is right, and the old one is not."""
    await running.tries(person.email, person.password, status=401, why="This was the password before it was changed.")
    await running.tries(person.email, new, status=200, why="This is the new password.")


async def _later(delay_s: float, work: Coroutine[Any, Any, Answer]) -> Answer:
    await asyncio.sleep(delay_s)
    return await work
