"""Who may do what, tried: the routes for administrators, the last of them, deleted accounts, changes at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from climb.judge.expect import expect, fail
from climb.projects.identity.stages.tried import said

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.identity.driver import Person, Running, Tokens

__all__ = [
    "demand_admins_only",
    "demand_an_admin_is_left",
    "demand_gone",
    "demand_one_winner",
    "set_roles",
    "tag_of",
]

_BOTH = ["admin", "user"]
_ROUNDS = 8
_AT_ONCE = 8


async def set_roles(
    running: Running, token: str, account: str, roles: Sequence[str], *, match: str | None = None, **given: Any
) -> Answer:
    """The answer to a change of roles; fails the check if it is not 200, unless another status is given."""
    fields = [("If-Match", match)] if match else []
    body = {"roles": list(roles)}
    return await running.ask("PUT", f"/v1/users/{account}/roles", json=body, token=token, fields=fields, **given)


def tag_of(answer: Answer) -> str:
    """Its ETag; fails the check without a strong one."""
    tag = answer.headers.get("etag", "")
    if len(tag) < 2 or not tag.startswith('"') or not tag.endswith('"'):
        answer.blame(
            'ETag: "…"',
            f"ETag: {tag}" if tag else "no ETag",
            "An account has an ETag, so that a change can say which state it was thought of for (RFC 9110, 8.8.3).",
        )
    return tag


# --- routes ---


async def demand_admins_only(running: Running, world: World) -> None:
    """Each of the routes is shut for those who are no administrators, and open for one."""
    admin = await running.admin()
    person, other = await running.register(), await running.register()
    user = await running.login(person)
    client = {
        "name": world.draw.word(),
        "redirect_uris": [],
        "grants": ["client_credentials"],
        "scopes": ["read"],
        "confidential": True,
    }
    routes: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/v1/users", {}, 200),
        ("GET", f"/v1/users/{other.id}", {}, 200),
        ("PUT", f"/v1/users/{person.id}/roles", {"json": {"roles": _BOTH}}, 200),
        ("GET", "/v1/audit", {}, 200),
        ("POST", "/v1/clients", {"json": client}, 201),
        ("POST", "/v1/keys", {}, 201),
        ("DELETE", f"/v1/users/{other.id}", {}, 204),
    ]
    for method, path, given, _ in routes:
        nobody = await running.ask(method, path, status=401, why="Nobody asks here without a token.", **given)
        if not nobody.headers.get("www-authenticate", "").lower().startswith("bearer"):
            nobody.blame(
                "WWW-Authenticate: Bearer",
                f"WWW-Authenticate: {nobody.headers.get('www-authenticate', 'none')}",
                "Every 401 says how to do better (RFC 9110, 11.6.1).",
            )
        why = "The roles of this token are user alone. The token is good, and does not allow it."
        await running.ask(method, path, token=user.access, status=403, why=why, **given)
    for account in (person, other):
        shown = (await running.ask("GET", f"/v1/users/{account.id}", token=admin.access)).json()
        expect(shown["roles"], "roles of an account after what was refused").equals(["user"], why="It was refused.")
    for method, path, given, status in routes:
        await running.ask(
            method, path, token=admin.access, status=status, why="The roles of this token have admin in them.", **given
        )
    for method, path in (("GET", "/v1/users/no-such-id"), ("DELETE", f"/v1/users/{other.id}")):
        await running.ask(method, path, token=admin.access, status=404, why="There is no such account.")


# --- the last of them ---


async def demand_an_admin_is_left(running: Running, other: Running, world: World) -> None:
    """The last one can't go, and of two that take each other away at the same moment one stays."""
    first = await running.admin()
    mine = (await running.ask("GET", "/v1/users/me", token=first.access)).json()["id"]
    why = "It is the last admin. Without one nobody could ever make another."
    await set_roles(running, first.access, mine, ["user"], status=409, why=why)
    await running.ask("DELETE", f"/v1/users/{mine}", token=first.access, status=409, why=why)
    person = await running.register()
    await set_roles(running, first.access, person.id, _BOTH)
    second = await running.login(person)
    holders: dict[str, Tokens] = {mine: first, person.id: second}
    for number in range(_ROUNDS):
        places = (running, other) if number % 2 else (running, running)
        answers = await _at_each_other(places, holders, world.draw.flag())
        done = [answer for answer in answers if answer.status == 200]
        if len(done) == 2:
            done[1].blame(
                "409 for one of two admins who take the role from each other at the same moment",
                "200 for both, so no admin is left",
                "Each saw that the other was there, and both went. Look and change at once, or in line.",
            )
        survivor = await _admin_now(running, holders)
        for account in holders:
            await set_roles(running, holders[survivor].access, account, _BOTH)
        holders = {account: await running.refreshed(tokens.refresh) for account, tokens in holders.items()}


async def _at_each_other(places: tuple[Running, Running], holders: dict[str, Tokens], swapped: bool) -> list[Answer]:
    one, two = holders
    tries = [
        set_roles(places[0], holders[one].access, two, ["user"], status=None),
        set_roles(places[1], holders[two].access, one, ["user"], status=None),
    ]
    answers = await asyncio.gather(*(reversed(tries) if swapped else tries))
    for answer in answers:
        if answer.status not in {200, 401, 403, 409, 503}:
            answer.blame("200 or 409", said(answer), "One of two admins takes the role from the other, or can't.")
    return list(answers)


async def _admin_now(running: Running, holders: dict[str, Tokens]) -> str:
    """Whose account has the role, by what the service shows."""
    for tokens in holders.values():
        answer = await running.ask("GET", "/v1/users", token=tokens.access, status=None)
        if answer.status == 200:
            for account in answer.json()["items"]:
                if "admin" in account["roles"] and account["id"] in holders:
                    return str(account["id"])
    fail(
        "admins after two of them took the role from each other",
        expected="one or both",
        received="none",
        why="The last admin stays, so that there is always somebody who can make another.",
    )


# --- deleted ---


async def demand_gone(running: Running, admin: str) -> None:
    """Nothing of a deleted account works any more, and its address is free."""
    person = await running.register()
    mine = await running.login(person)
    await running.ask("POST", "/v1/password-resets", json={"email": person.email}, status=202)
    reset = await running.mail.message(person.email, "reset")

    await running.ask("DELETE", f"/v1/users/{person.id}", token=admin, status=204)

    why = "The account was deleted."
    unknown = await running.tries("nobody.at.all@deleted.example", person.password, status=401)
    gone = await running.tries(person.email, person.password, status=401, why=why)
    expect(gone.json(), "the answer to a login with a deleted account").equals(
        unknown.json(), why="It is an address without an account now, and is answered like any other."
    )
    await running.refreshes(mine.refresh, status=401, why=f"{why} Its families have ended.")
    await running.ask(
        "GET", "/v1/users/me", token=mine.access, status=401, why=f"{why} Its access token is refused here."
    )
    new = {"token": reset.token, "new": _another_password(person)}
    await running.ask(
        "PUT", "/v1/password-resets", json=new, status=422, why=f"{why} So there is no password to reset."
    )
    await running.ask("GET", f"/v1/users/{person.id}", token=admin, status=404, why=why)
    listed = (await running.ask("GET", "/v1/users?limit=200", token=admin)).json()["items"]
    expect([each["email"] for each in listed], "addresses in GET /v1/users").satisfies(
        lambda emails: person.email not in emails, expected=f"without {person.email}", why=why
    )
    again = await running.register(person.email)
    expect(again.id, "the id of a new account with the address of a deleted one").satisfies(
        lambda new: new != person.id,
        expected=f"another than {person.id}",
        why="It is another account: what the first one did is not its doing.",
    )
    await running.login(again)
    await running.ask(
        "GET",
        "/v1/users/me",
        token=mine.access,
        status=401,
        why="This token is the deleted account's, not the new one's.",
    )


def _another_password(person: Person) -> str:
    """Another password than the person's."""
    return f"not {person.password[:32]}"


# --- at the same moment ---


async def demand_one_winner(running: Running, other: Running, admin: str, person: Person) -> None:
    """Of several changes with the same ETag exactly one is done."""
    for wanted in (_BOTH, ["user"]):
        tag = tag_of(await running.ask("GET", f"/v1/users/{person.id}", token=admin))
        answers = await asyncio.gather(
            *(
                set_roles((running, other)[number % 2], admin, person.id, wanted, match=tag, status={200, 412})
                for number in range(_AT_ONCE)
            )
        )
        done = [answer for answer in answers if answer.status == 200]
        if len(done) != 1:
            answers[0].blame(
                f"200 for one of {_AT_ONCE} changes that came at once with the same If-Match, and 412 for the others",
                f"200 for {len(done)}",
                "The first one changes the account, and its ETag with it. Who looks at the tag first and changes afterwards lets others in between.",
            )
