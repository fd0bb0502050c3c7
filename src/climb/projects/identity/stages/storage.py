"""Stage 6: what somebody finds who has stolen the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import argon2

from climb.judge.expect import fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Person, Running, draw_password
from climb.projects.identity.rules.guessable import SAMPLES, bits_at_most
from climb.projects.identity.rules.phc import Hash, faults_of, found_in

if TYPE_CHECKING:
    from climb.judge.dependencies import Database, Found

__all__ = ["storage"]

storage = Stage(
    "storage",
    "What a thief finds",
    concepts=["password-hashing", "sql", "sessions-and-tokens"],
    hints=[
        "Suppose that somebody has a copy of your database: a backup, an old disk, a query that was too curious. Go through your tables column by column. With what of it could they log in, now or tomorrow?",
        "Passwords are guessed, so each guess must be dear: argon2id with a salt of its own, also in registrations that nobody has confirmed. Tokens cannot be guessed if they are random enough: "
        "a plain SHA-256 of them is what you keep, and what you look up.",
        "PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1).hash(password) gives the whole PHC text; keep that. Tokens: secrets.token_urlsafe(32), store sha256(token).digest(). Messages that wait to be posted must not hold the token either: "
        "make it when the message leaves, store its hash then, and make another one for the next try.",
    ],
)

_LEAST_BITS = 100  # what forty samples of 128 random bits show beyond doubt
_STOLEN = "Whoever reads the database can use it. What has been hashed can be compared, and not be given back."


@storage.check
async def passwords_are_hashed(identity: IdentityService, world: World) -> None:
    """Each password is in the database as argon2id in PHC format, with m=19456, t=2, p=1 or more and a salt of its own, and nowhere else."""
    running = await identity.start()
    shared = draw_password(world.draw)
    people = [await running.register(password=shared) for _ in range(2)] + [await running.register()]
    assert running.administrator is not None
    known = [*people, running.administrator]
    waiting = identity.person()
    await running.ask(
        "POST", "/v1/registrations", json={"email": waiting.email, "password": waiting.password}, status=202
    )

    await _demand_not_held(running.database, {"password": [each.password for each in (*known, waiting)]})
    hashes = await _hashes(running.database)
    for person in known:
        await _demand_hashed(person, hashes)
    for found in hashes:
        if faults := faults_of(found):
            fail(
                "a password hash in the database",
                expected="$argon2id$v=19$m=…,t=…,p=…$salt$hash with at least m=19456,t=2,p=1",
                received=f"{found.text.rpartition('$')[0].rpartition('$')[0]}$…: {'; '.join(faults)}",
                why="Each guess of a thief costs as much as this hash does (OWASP's least for argon2id; RFC 9106, 4).",
            )
    salts = [found.salt for found in {each.text: each for each in hashes}.values()]
    if len(set(salts)) < len(salts):
        fail(
            "salts of password hashes",
            expected="another one for each",
            received=f"{len(salts)} hashes with {len(set(salts))} salts",
            why="With one salt for all, each guess is tried against all accounts at once, and equal passwords are seen to be equal.",
        )


@storage.check
async def secrets_are_not_in_the_database(identity: IdentityService, world: World) -> None:
    """No refresh token and no token of a message, waiting or delivered, is in the database in a form that can be used."""
    running = await identity.start(admin=False)
    person, newcomer, late = await running.register(), identity.person(), identity.person()
    opened = [await running.login(person)]
    for _ in range(world.draw.integer(1, 3)):
        opened.append(await running.refreshed(opened[-1].refresh))
    await _registers(running, newcomer)
    await running.ask("POST", "/v1/password-resets", json={"email": person.email}, status=202)
    confirm = (await running.mail.message(newcomer.email, "confirm")).token or ""
    reset = (await running.mail.message(person.email, "reset")).token or ""
    running.mail.refuses()
    await _registers(running, late)
    undelivered = (await running.mail.message(late.email, "confirm")).token or ""

    await _demand_not_held(
        running.database,
        {
            "refresh token": [each.refresh for each in opened],
            "token of a confirm message": [confirm],
            "token of a reset message": [reset],
            "token of a message that was not delivered yet": [undelivered],
        },
    )


@storage.check
async def secrets_can_not_be_guessed(identity: IdentityService, _world: World) -> None:
    """Refresh tokens and the tokens of messages have 128 random bits or more."""
    running = await identity.start()
    assert running.administrator is not None
    opened = [await running.admin()]
    for _ in range(SAMPLES - 1):
        opened.append(await running.refreshed(opened[-1].refresh))
    email = running.administrator.email
    await asyncio.gather(
        *(running.ask("POST", "/v1/password-resets", json={"email": email}, status=202) for _ in range(SAMPLES))
    )
    resets = [(await running.mail.message(email, "reset")).token or "" for _ in range(SAMPLES)]

    for what, samples in (("refresh tokens", [each.refresh for each in opened]), ("tokens of reset messages", resets)):
        bits = bits_at_most(samples)
        if bits < _LEAST_BITS:
            fail(
                f"{SAMPLES} {what}",
                expected="texts of 128 random bits or more: 22 letters of base64url, or 32 hexadecimal digits",
                received=f"about {bits:.0f} bits that change, as in {samples[0]!r}, {samples[1]!r} and {samples[2]!r}",
                why="Whoever can guess a token needs no password. Take them from the system's source of randomness, whole.",
            )


async def _registers(running: Running, person: Person) -> None:
    await running.ask(
        "POST", "/v1/registrations", json={"email": person.email, "password": person.password}, status=202
    )


async def _demand_not_held(database: Database, secrets: dict[str, list[str]]) -> None:
    """None of these is in the database, as it is or spelled in another way."""
    wanted = [(what, secret) for what, several in secrets.items() for secret in several]
    found = await database.holding(*(secret for _, secret in wanted))
    if found:
        first: Found = found[0]
        what = wanted[first.secret][0]
        fail(
            f"what is in the database of a {what}",
            expected="nothing that can be used",
            received=f"the {what}, as it is or in hexadecimal digits or base64, in {first.table}.{first.column}",
            why=_STOLEN,
            saw="; ".join(dict.fromkeys(f"a {wanted[each.secret][0]} in {each.table}.{each.column}" for each in found)),
        )


async def _hashes(database: Database) -> list[Hash]:
    """All hashes of argon2 in any value of any table."""
    places = {(each.source, each.value) for each in await database.holding("$argon2")}
    found = []
    for table, column in sorted(places):
        rows = await database.rows(f"SELECT DISTINCT {column} AS value FROM {table}")  # noqa: S608 - names that the database gave
        for row in rows:
            value = row["value"]
            found += found_in(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
    return found


async def _demand_hashed(person: Person, hashes: list[Hash]) -> None:
    for found in hashes:
        if await asyncio.to_thread(_fits, found.text, person.password):
            return
    fail(
        f"the password of {person.email} in the database",
        expected="a text $argon2id$v=19$m=…,t=…,p=…$salt$hash that this password fits",
        received=f"{len(hashes)} hashes of argon2, and it fits none" if hashes else "no hash of argon2 in any table",
        why="In this form the hash says how it was made, so that any library can check it, and the costs can be raised later. It is made of the password as it was sent, in UTF-8.",
    )


def _fits(text: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(text, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
