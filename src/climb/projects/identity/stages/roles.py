"""Stage 10: who may do what, and that it can be told afterwards who did."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.stages.claimed import claims_of
from climb.projects.identity.stages.happened import demand_filters, demand_no_secrets, demand_told, everything
from climb.projects.identity.stages.paging import demand_pages, demand_walk, demand_walk_while_growing, walk
from climb.projects.identity.stages.permitted import (
    demand_admins_only,
    demand_an_admin_is_left,
    demand_gone,
    demand_one_winner,
    set_roles,
    tag_of,
)
from climb.projects.identity.stages.tried import demand_fields_of

__all__ = ["roles"]

roles = Stage(
    "roles",
    "Who may do what",
    concepts=["rest", "race-conditions", "transactions", "logging"],
    hints=[
        "An administrator can do harm by mistake, and a stranger would like to be one. Which routes are theirs alone? What if two of them change the same account in the same second? And how will you "
        "find out next year who made somebody an admin?",
        "Look at the roles of the token before anything else of the request. Give each account a version that every change raises, and show it as ETag; change with UPDATE … WHERE id = … AND version = …, "
        "and see whether a row was changed. Write the event in the same transaction as what it tells of.",
        "Before the last admin is taken away, lock what counts them: SELECT … WHERE 'admin' = ANY (roles) FOR UPDATE, or an advisory lock. Pages go on behind the last row of the page before (WHERE "
        "(created_at, id) > …), never with OFFSET. Ids from a sequence are drawn before the transaction ends, so a later one can be seen earlier: draw them in the order of the commits, or show a row "
        "only when all older transactions have ended.",
    ],
)


@roles.check
async def admins_and_users(identity: IdentityService, world: World) -> None:
    """The routes for administrators are 401 without a token and 403 for a user, and then nothing has changed."""
    running = await identity.start()
    await demand_admins_only(running, world)


@roles.check
async def roles_are_one_or_both(identity: IdentityService, world: World) -> None:
    """An account has one of the roles or both: anything else is 422, and changes nothing."""
    running = await identity.start()
    admin = await running.admin()
    person = await running.register()
    path = f"/v1/users/{person.id}/roles"
    wrong = [
        {"roles": []},
        {"roles": ["user", world.draw.word()]},
        {"roles": ["user", "user"]},
        {"roles": "admin"},
        {"roles": ["Admin"]},
        {"roles": [None]},
    ]
    for body in wrong:
        answer = await running.ask(
            "PUT",
            path,
            json=body,
            token=admin.access,
            status=422,
            why="The roles are user and admin; an account has one or both.",
        )
        demand_fields_of(answer, {"roles"}, why="The answer names the field that is wrong.")
    for right in (["admin"], ["admin", "user"], ["user"]):
        account = (await set_roles(running, admin.access, person.id, right)).json()
        expect(sorted(account["roles"]), "roles in the answer").equals(
            right, why="The answer is the account as it is now."
        )
        shown = (await running.ask("GET", f"/v1/users/{person.id}", token=admin.access)).json()
        expect(sorted(shown["roles"]), "roles of the account afterwards").equals(right, why="They were set to that.")


@roles.check
async def roles_reach_new_tokens(identity: IdentityService, _world: World) -> None:
    """New roles are in tokens from the next login and the next refresh on, and let their owner in, or no more."""
    running = await identity.start()
    admin = await running.admin()
    person = await running.register()
    family = await running.login(person)
    why = "Other services know of the roles only what the token says (RFC 9068, 2.2.3.1)."
    for given, status in ((["admin", "user"], 200), (["user"], 403)):
        await set_roles(running, admin.access, person.id, given)
        family = await running.refreshed(family.refresh)
        anew = await running.login(person)
        for token, what in ((family.access, "a refresh"), (anew.access, "a login")):
            claims = await claims_of(running, token)
            expect(sorted(claims.roles), f"roles in the token of {what} after the change").equals(given, why=why)
            await running.ask(
                "GET", "/v1/users", token=token, status=status, why=f"This token's roles are {', '.join(given)}."
            )


@roles.check
async def the_last_admin_stays(identity: IdentityService, world: World) -> None:
    """The last admin can be neither deleted nor made a user, also when the last two do it to each other at the same moment."""
    running = await identity.start()
    await demand_an_admin_is_left(running, await running.second(), world)


@roles.check
async def the_deleted_are_gone(identity: IdentityService, _world: World) -> None:
    """A deleted account can't log in, refresh, reset or use its token here, is in no list, and its address registers anew."""
    running = await identity.start()
    await demand_gone(running, (await running.admin()).access)


@roles.check
async def pages_have_their_sizes(identity: IdentityService, world: World) -> None:
    """A page has as many items as were asked for, 50 if nothing was said, and next is null exactly on the last one."""
    running = await identity.start()
    admin = await running.admin()
    family, count = await running.admin(), 51 + world.draw.integer(0, 3)
    for _ in range(count):
        family = await running.refreshed(family.refresh)
    await demand_pages(running, admin.access, count)


@roles.check
async def accounts_are_listed_whole(identity: IdentityService, world: World) -> None:
    """Who walks through the accounts page by page meets each once, oldest first, although some are added and deleted meanwhile."""
    running = await identity.start()
    admin = await running.admin()
    people = [await running.register() for _ in range(6)]
    come, gone = [running.register for _ in range(2)], people[:2]

    async def between(_: object) -> None:
        if come:
            people.append(await come.pop()())
        if gone:
            await running.ask("DELETE", f"/v1/users/{gone.pop(0).id}", token=admin.access, status=204)

    went = {person.id for person in gone}
    walked = await walk(running, "/v1/users", admin.access, limit=world.draw.integer(2, 3), between=between)

    ids = [each["id"] for each in walked if each["id"] not in went]
    whole = [each["id"] for each in await walk(running, "/v1/users", admin.access)]
    demand_walk("GET /v1/users, while accounts are added and deleted", ids, whole, due=whole)
    expect(
        [each for each in whole if each in {person.id for person in people}], "accounts in the order of the list"
    ).equals([person.id for person in people if person.id not in went], why="The oldest come first.")


@roles.check
async def events_are_listed_whole(identity: IdentityService, world: World) -> None:
    """Who walks through the audit log while events are added meets each once, and passes none over that stands in front of what they met."""
    running = await identity.start()
    admin = await running.admin()
    await demand_walk_while_growing(running, world, admin.access)


@roles.check
async def changes_do_not_overwrite(identity: IdentityService, _world: World) -> None:
    """With If-Match a change is 412 if somebody has changed the account since, and of several at the same moment one is done."""
    running = await identity.start()
    admin = (await running.admin()).access
    person = await running.register()
    path = f"/v1/users/{person.id}"
    before = tag_of(await running.ask("GET", path, token=admin))
    same = tag_of(await running.ask("GET", "/v1/users/me", token=(await running.login(person)).access))
    expect(same, "the ETag of the account in GET /v1/users/me").equals(
        before, why="It is the same account, and nobody has changed it."
    )

    first = await set_roles(running, admin, person.id, ["admin", "user"], match=before)
    after = tag_of(first)
    if after == before:
        first.blame(
            "another ETag than before the change",
            f"ETag: {after}",
            "Two states of one account have two tags (RFC 9110, 8.8.1).",
        )
    late = await set_roles(running, admin, person.id, ["user"], match=before, status=None)
    if late.status != 412:
        late.blame(
            "412",
            late.line,
            "The account has changed since this ETag: somebody else's change would be lost (RFC 9110, 13.1.1).",
        )
    shown = await running.ask("GET", path, token=admin)
    expect(sorted(shown.json()["roles"]), "roles after a change that was 412").equals(
        ["admin", "user"], why="It was refused."
    )
    expect(tag_of(shown), "the ETag in GET after the change").equals(
        after, why="The answer to the change had this one."
    )
    await running.login(person)
    await set_roles(
        running,
        admin,
        person.id,
        ["user"],
        match=after,
        why="Nobody has changed the account since this ETag; its owner has logged in, no more.",
    )
    await demand_one_winner(running, await running.second(), admin, person)


@roles.check
async def the_audit_tells(identity: IdentityService, world: World) -> None:
    """Each event is in the audit log within 2 seconds: what, about whom, by whom, from where, by which request; and no secret is."""
    running = await identity.start(failures=2, lock_s=600)
    told = await everything(running, world)
    await demand_told(running, told)
    await demand_no_secrets(running, told)


@roles.check
async def the_audit_is_filtered(identity: IdentityService, world: World) -> None:
    """With event and user_id only those events come, also page by page; who has none gets an empty page."""
    running = await identity.start()
    await demand_filters(running, world)
