"""Stage 2: a password opens a session, and a token says who somebody is."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from typing import TYPE_CHECKING

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Running, Tokens, draw_password
from climb.projects.identity.driver.people import tokens
from climb.projects.identity.stages.judged import demand_member, demand_no_store, document
from climb.projects.identity.stages.request_ids import demand_new_ids, demand_own_ids

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["login"]

login = Stage(
    "login",
    "Log in",
    concepts=["sessions-and-tokens", "http-semantics", "rest-frameworks"],
    hints=[
        "After a login somebody sends no password any more, only what the login gave them. What has to be in a request so that you know who sends it? And what do you say to somebody who has nothing of the kind?",
        "A session begins with two tokens: one for requests, which is short-lived, and one to get new ones with. The first can be any text until stage 3, which wants a JWT; begin with that form at once. All that both instances "
        "must know is in the database.",
        'Compare the scheme of Authorization without case, and the rest exactly. Without the field: 401, WWW-Authenticate: Bearer. With a token that is not good: Bearer error="invalid_token". Give the password to argon2 as UTF-8, whole: '
        "no strip, no lower, no normalize. Make tables under a lock (pg_advisory_xact_lock), since two instances may start at the same moment.",
    ],
)

_CHALLENGE = re.compile(r"bearer(\s|$)", re.IGNORECASE)
_INVALID = re.compile(r'error\s*=\s*"?invalid_token\b', re.IGNORECASE)
_LEFT_OUT = "Whoever sent no token is told how to send one, and nothing else (RFC 6750, 3)."
_NOT_GOOD = 'With error="invalid_token" a client knows that it has to get a new token and try again (RFC 6750, 3.1).'


@login.check
async def a_login_gives_tokens(identity: IdentityService, world: World) -> None:
    """A right password is answered with two tokens, their lifetimes and no-store; a wrong one and an unknown address with 401."""
    access_s, refresh_s = world.draw.integer(60, 3_600), world.draw.integer(3_600, 10_000_000)
    running = await identity.start(access_s=access_s, refresh_s=refresh_s)
    person, stranger = await running.register(), identity.person()

    answers = [await running.tries(person.email, person.password, status=200) for _ in range(2)]
    for answer in answers:
        tokens(answer)
        demand_no_store(answer, "tokens")
        demand_member(answer, "token_type", "Bearer", why="The type says how the token is sent (RFC 6749, 7.1).")
        demand_member(answer, "expires_in", access_s, why="These are the seconds of ACCESS_S.")
        demand_member(answer, "refresh_expires_in", refresh_s, why="These are the seconds of REFRESH_S.")
    first, second = map(tokens, answers)
    for name in ("access", "refresh"):
        if getattr(first, name) == getattr(second, name):
            answers[1].blame(
                f"another {name} token than the first login's",
                "the same one",
                "Each login begins a family of its own, which ends by itself.",
            )
    for email, password in ((person.email, stranger.password), (stranger.email, person.password), ("nobody", "x")):
        why = "Only what is missing or no text is 422 in a login: anything else is an address or a password that is not right."
        await running.tries(email, password, status=401, why=why)


@login.check
async def who_am_i(identity: IdentityService, _world: World) -> None:
    """An access token shows its owner's account; without one, or with one that is not good, the answer is 401 and says so."""
    running = await identity.start()
    people = [await running.register() for _ in range(2)]
    held = [(person, await running.login(person)) for person in people]

    for person, tokens_of in held:
        for scheme in ("Bearer", "bearer"):
            why = "The names of schemes are the same in any case (RFC 9110, 11.1)."
            answer = await running.ask(
                "GET", "/v1/users/me", fields=[("Authorization", f"{scheme} {tokens_of.access}")], why=why
            )
            for name, value in (("id", person.id), ("email", person.email), ("roles", ["user"])):
                demand_member(answer, name, value, why=f"The token was given to {person.email}.")
    access, refresh = held[0][1].access, held[0][1].refresh
    without: list[list[tuple[str, str]]] = [[], [("Cookie", f"access_token={access}")]]
    for fields in without:
        answer = await running.ask(
            "GET", "/v1/users/me", fields=fields, status=401, why="There is no token in this request."
        )
        _demand_challenge(answer, tried=False)
    for token in ("nobody", "a.b.c", refresh, f"{access}x", access[:-6]):
        answer = await running.me(token, status=401, why="This token is not good.")
        _demand_challenge(answer, tried=True)
    for given in (f"Basic {access}", access, "Bearer", f"Bearer {access} {access}", f"Bearer,{access}"):
        await running.ask(
            "GET",
            "/v1/users/me",
            fields=[("Authorization", given)],
            status=401,
            why="This is not how a token is sent (RFC 6750, 2.1).",
        )
    answer = await running.ask(
        "GET",
        f"/v1/users/me?access_token={access}",
        status=401,
        why="Addresses are written into logs and histories, so a token in one is not looked at (RFC 6750, 5.3).",
    )


@login.check
async def an_admin_is_there_from_the_start(identity: IdentityService, world: World) -> None:
    """ADMIN_EMAIL has an account with the roles user and admin at the start; one that is there stays as it is."""
    running = await identity.start(failures=100)
    admin = running.administrator
    assert admin is not None
    why = "ADMIN_EMAIL and ADMIN_PASSWORD were given, and nobody had this address."

    answer = await running.me((await running.login(admin, why=why)).access)
    if sorted(document(answer).get("roles", [])) != ["admin", "user"]:
        answer.blame('the roles "user" and "admin"', answer.text[:300], why)
    other = draw_password(world.draw)
    await running.restart(ADMIN_PASSWORD=other)
    again = document(
        await running.me(
            (await running.login(admin, why="An account that is there stays as it is, with its password.")).access
        )
    )
    expect(again.get("id"), "the id of the administrator's account after a restart").equals(
        document(answer).get("id"), why="An account that is there stays as it is."
    )
    await running.tries(
        admin.email,
        other,
        status=401,
        why="The variable makes an account, and changes none: else whoever restarts the service has every password back.",
    )


@login.check
async def passwords_count_whole(identity: IdentityService, world: World) -> None:
    """A password counts as it was sent: to its last character, with its case, its spaces, and its own form of each letter."""
    running = await identity.start(failures=100)
    rng = world.draw.source()
    long = "".join(rng.choice("abcdefghij") for _ in range(256))
    words = draw_password(world.draw)
    composed = unicodedata.normalize("NFC", f"caf\u0065\u0301 {words}")
    cases = [
        (
            long,
            [long[:-1] + "z", long[:72], long[:128], long[:255]],
            "its last characters: some hashes only look at the first 72 bytes",
        ),
        (f" {words} ", [words, f" {words}", f"{words} "], "the spaces around it"),
        (composed, [unicodedata.normalize("NFD", composed)], "how é is written: as one character or as two"),
        (f"{words}aB", [f"{words}ab", f"{words}AB"], "its case"),
        (
            f"{words}中🙂",
            [f"{words}中🙃", f"{words}??", f"{words}\ufffd\ufffd", words],
            "characters of three and four bytes",
        ),
    ]

    for password, others, what in world.draw.sample(cases, len(cases)):
        person = await running.register(password=password)
        why = f"Nothing is cut off, and no character becomes another. This password differs in {what}."
        await running.tries(person.email, password, status=200, why="This is the password that was registered.")
        for other in others:
            await running.tries(person.email, other, status=401, why=why)


@login.check
async def request_ids(identity: IdentityService, world: World) -> None:
    """Each answer, of an error too, has the X-Request-Id of its request, or a new one if that is none."""
    running = await identity.start(admin=False)

    await demand_own_ids(running, world.draw)
    await demand_new_ids(running, world.draw)


@login.check
async def instances_are_one_service(identity: IdentityService, world: World) -> None:
    """Two that start at the same moment on an empty database, and one that is started again, are one service."""
    database, mailbox = await world.database(), await identity.mailbox()
    issuer = f"http://{world.draw.word()}.example"
    one, other = await asyncio.gather(
        *(identity.start(database=database, mail=mailbox, issuer=issuer, admin=False) for _ in range(2))
    )
    person = identity.person()
    first, second = world.draw.sample((one, other), 2)

    await first.ask("POST", "/v1/registrations", json={"email": person.email, "password": person.password}, status=202)
    token = (await mailbox.message(person.email, "confirm")).token
    shared = "Both instances have one database, so it does not matter which of them somebody talks to."
    await second.ask("POST", "/v1/confirmations", json={"token": token}, status=201, why=shared)
    opened = await first.login(person, why=shared)
    for running in (first, second):
        await _demand_at_home(running, opened, person.email, shared)
    opened = await second.refreshed(opened.refresh, why=shared)
    await first.restart()
    kept = "After a start on the same database everything is as before: accounts, sessions and keys."
    await first.login(person, why=kept)
    await _demand_at_home(first, opened, person.email, kept)
    await first.refreshed(opened.refresh, why=kept)


async def _demand_at_home(running: Running, opened: Tokens, email: str, why: str) -> None:
    answer = await running.me(opened.access, why=why)
    demand_member(answer, "email", email, why=why)


def _demand_challenge(answer: Answer, *, tried: bool) -> None:
    given = answer.headers.get("www-authenticate", "")
    wanted = 'WWW-Authenticate: Bearer error="invalid_token"' if tried else "WWW-Authenticate: Bearer, without an error"
    if not _CHALLENGE.match(given) or bool(_INVALID.search(given)) is not tried or ("error" in given) is not tried:
        received = f"WWW-Authenticate: {given}" if given else "no WWW-Authenticate"
        answer.blame(wanted, received, _NOT_GOOD if tried else _LEFT_OUT)
