"""Stage 1: somebody asks for an account, is told by a message, and has it."""

from __future__ import annotations

import asyncio
import datetime as dt

from climb.judge.drivers.http1 import chunked
from climb.judge.drivers.problems import demand_fields, problem
from climb.judge.expect import fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.stages.addresses import good_addresses, spelled, wrong_addresses
from climb.projects.identity.stages.judged import demand_member
from climb.projects.identity.stages.mistakes import bodies_that_are_none, fields_that_are_wrong, not_there, whole_bodies
from climb.projects.identity.stages.registrations import (
    asks_for,
    confirms,
    demand_account,
    demand_prompt,
    demand_secret,
)
from climb.projects.identity.stages.settings import draw_wrong
from climb.projects.identity.stages.waiting import until

__all__ = ["register"]

register = Stage(
    "register",
    "Who are you",
    concepts=["rest", "http-semantics", "transactions"],
    hints=[
        "Somebody sends an address and a password. Who says that the address is theirs? Until that is known there is no account: what has to be kept meanwhile, and who may see whether the address was known?",
        "Answer 202 in either case, and let a message say the rest. Keep the registration with the hash of the password and a hash of the token; make the account when the token comes back. Write the message into a table, "
        "in the same transaction, and let a task of its own post it.",
        "Trim and lower the address before you do anything else with it, and put a unique index on it. Confirm in one transaction: DELETE FROM registrations WHERE token_hash = … AND expires_at > now() RETURNING …, then INSERT INTO "
        "accounts … ON CONFLICT (email) DO NOTHING. If either gives no row, it is 422 with token in errors.",
    ],
)

_NOT_THERE = {
    404: "The brief lists what there is, and anything else is 404.",
    405: "The resource is there, and does not have this method.",
}
_OWNER = "Anyone can type somebody else's address. Only who reads its messages owns it."


@register.check
async def a_person_registers(identity: IdentityService, world: World) -> None:
    """A registration is answered with 202 and told by a message within 2 s; its token makes the account, and only then the password logs in."""
    running = await identity.start()

    for person in [identity.person() for _ in range(world.draw.integer(1, 2))]:
        answer = await asks_for(running, person)
        message = await running.mail.message(person.email, "confirm")
        await demand_prompt(message, answer)
        demand_secret(message)
        await running.tries(
            person.email, person.password, status=401, why=f"Nobody has confirmed this address yet. {_OWNER}"
        )
        before = dt.datetime.now(dt.UTC)
        made = await confirms(running, message.token, status=201)
        demand_account(made, person, before)
        await running.tries(
            person.email,
            person.password,
            status=200,
            why="The account has the password that was sent with the registration.",
        )


@register.check
async def a_known_address_is_told_of_it(identity: IdentityService, _world: World) -> None:
    """A registration for an address with an account brings its owner a message without a token, and changes nothing."""
    running = await identity.start(failures=100)
    person = await running.register()
    other = identity.person().password

    await running.ask("POST", "/v1/registrations", json={"email": person.email, "password": other}, status=202)

    message = await running.mail.message(person.email, "exists")
    if message.token is not None:
        fail(
            "the message to somebody who has an account",
            expected='{"to": …, "kind": "exists"}, without a token',
            received=f"a token of {len(message.token)} characters",
            why="There is nothing to confirm. What a token would do here, a stranger has asked for.",
        )
    await running.tries(
        person.email, other, status=401, why="Else anyone could change anyone's password by registering their address."
    )
    await running.tries(
        person.email, person.password, status=200, why="A registration for an address with an account changes nothing."
    )


@register.check
async def a_confirmation_is_good_once(identity: IdentityService, world: World) -> None:
    """The token of a confirmation makes one account, however often and at whatever moments it is sent; an unknown one makes none."""
    running = await identity.start()
    person = identity.person()
    await asks_for(running, person)
    token = (await running.mail.message(person.email, "confirm")).token or ""
    at_once = world.draw.integer(2, 8)

    answers = await asyncio.gather(*(confirms(running, token, status={201, 422}) for _ in range(at_once)))
    made = sum(answer.status == 201 for answer in answers)
    if made != 1:
        answers[0].blame(
            f"201 for one of {at_once} at the same moment",
            f"{made} times 201",
            "Two requests may both find the token unused before either has used it. Let the database decide: one statement that takes it away.",
        )
    unknown = "".join(world.draw.source().choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(len(token)))
    for sent, what in (
        (token, "was used"),
        (unknown, "is unknown"),
        (token[:-1], "lacks its last letter"),
        ("", "is empty"),
    ):
        answer = await confirms(running, sent, status=422)
        demand_fields(answer, {"token"}, why=f"The token {what}.")


@register.check
async def the_first_confirmed_makes_the_account(identity: IdentityService, world: World) -> None:
    """Of several registrations for one address the first that is confirmed makes the account, with the password that came with it."""
    running = await identity.start(failures=100)
    email = identity.person().email
    passwords = [identity.person().password for _ in range(world.draw.integer(2, 3))]
    sent = []
    for password in passwords:
        await running.ask("POST", "/v1/registrations", json={"email": email, "password": password}, status=202)
        sent.append((await running.mail.message(email, "confirm")).token)
    first = world.draw.integer(0, len(sent) - 1)

    await confirms(running, sent[first], status=201)

    for number, token in enumerate(sent):
        if number != first:
            answer = await confirms(
                running, token, status=422, why="The address has an account by now, made by another registration."
            )
            demand_fields(
                answer, {"token"}, why="The token of an address that has an account by now is not good any more."
            )
    for number, password in enumerate(passwords):
        why = f"{len(passwords)} people registered this address, and number {first + 1} confirmed first."
        await running.tries(email, password, status=200 if number == first else 401, why=why)


@register.check
async def confirmations_run_out(identity: IdentityService, _world: World) -> None:
    """The token of a confirmation is good for LINK_S, and no longer."""
    link_s = 1
    running = await identity.start(link_s=link_s, admin=False)
    late = identity.person()
    await asks_for(running, late)
    token = (await running.mail.message(late.email, "confirm")).token
    arrived = running.now()

    await until(running.now, arrived + link_s + 1.0)
    answer = await confirms(
        running, token, status=422, why=f"LINK_S is {link_s}, and the message came {running.now() - arrived:.1f} s ago."
    )
    demand_fields(answer, {"token"}, why="The token has run out.")


@register.check
async def addresses_are_one_in_any_case(identity: IdentityService, world: World) -> None:
    """An address is the same in upper and lower case and with white space around it; it is shown and written to in lower case."""
    running = await identity.start()
    person = identity.person()
    asked = spelled(world.draw, person.email)

    await running.ask("POST", "/v1/registrations", json={"email": asked, "password": person.password}, status=202)
    message = await running.mail.message(
        person.email, "confirm", why=f"The registration was for {asked!r}, which is this address."
    )
    made = await confirms(running, message.token, status=201)

    demand_member(
        made,
        "email",
        person.email,
        why=f"The address was sent as {asked!r}, and is kept in lower case without what is around it.",
    )
    for again in (spelled(world.draw, person.email), person.email):
        await running.tries(
            again, person.password, status=200, why=f"The account was made for {asked!r}, and this is the same address."
        )
    other = spelled(world.draw, person.email)
    await running.ask(
        "POST", "/v1/registrations", json={"email": other, "password": identity.person().password}, status=202
    )
    await running.mail.message(person.email, "exists", why=f"{other!r} has an account already: {person.email}.")


@register.check
async def what_is_no_address(identity: IdentityService, world: World) -> None:
    """What is an address by the brief is taken, whatever it looks like; anything else is 422 and no message."""
    running = await identity.start()
    password = identity.person().password

    for email, what in good_addresses(world.draw):
        await running.ask(
            "POST",
            "/v1/registrations",
            json={"email": email, "password": password},
            status=202,
            why=f"The brief allows this address: {what}. Rules that are stricter than they must be lock people out.",
        )
        await running.mail.message(email, "confirm")
    for email, rule in wrong_addresses(world.draw):
        answer = await running.ask(
            "POST",
            "/v1/registrations",
            json={"email": email, "password": password},
            status=422,
            why=f"{email!r} is no address: the brief has {rule}.",
        )
        demand_fields(answer, {"email"}, why=f"The address is wrong ({rule}), and the password is not.")
        if found := running.mail.all(email.strip().lower()):
            answer.blame("no message", str(found[0]), "A registration that was refused has no consequences.")


@register.check
async def passwords_have_a_length(identity: IdentityService, world: World) -> None:
    """A password has 10 to 256 characters, whatever they are, and is none of the common ones."""
    running = await identity.start()
    rng = world.draw.source()
    letters = "aZ9 ~é中🙂\u0301"
    good = ["".join(rng.choice(letters) for _ in range(length)) for length in (10, 256, world.draw.integer(11, 255))]
    good += [
        "🙂" * 256,
        *("".join(rng.choice(some) for _ in range(14)) for some in ("bcdfghjk", "0123456789", " \t~é")),
    ]
    wrong = ["", "123456789", "🙂" * 9, "x" * 257, "🙂" * 257, "password123", "1234567890", "qwertyuiop"]

    for password in good:
        why = f"This password has {len(password)} characters. 10 to 256 are allowed, whatever they are, and characters are not bytes (NIST SP 800-63B, 3.1.1.2)."
        await running.ask(
            "POST",
            "/v1/registrations",
            json={"email": identity.person().email, "password": password},
            status=202,
            why=why,
        )
    for password in wrong:
        why = (
            f"This password has {len(password)} characters: 10 to 256 are allowed."
            if not 10 <= len(password) <= 256
            else "This is among the first passwords that anyone tries, so it is on the list of common ones."
        )
        answer = await running.ask(
            "POST",
            "/v1/registrations",
            json={"email": identity.person().email, "password": password},
            status=422,
            why=why,
        )
        demand_fields(answer, {"password"}, why=why)


@register.check
async def mistakes_are_named_all_at_once(identity: IdentityService, world: World) -> None:
    """A field that is missing, unknown or wrong is 422 and named in errors of the problem, all of them in one answer."""
    running = await identity.start(admin=False)

    for mistake in fields_that_are_wrong(world.draw):
        why = "Whoever fills in a form mends all of it at once. Names in errors are those of the request's fields."
        answer = await running.ask("POST", mistake.path, json=mistake.json, status=422)
        demand_fields(answer, mistake.fields, why=why)
        if any(not error.message for error in problem(answer).errors):
            answer.blame("a message for each field", answer.text[:300], "People read the message.")


@register.check
async def what_is_no_request(identity: IdentityService, world: World) -> None:
    """A body that is no JSON object is 400, of another type 415, over 64 KiB 413; what is not there 404, another method 405: each a problem."""
    running = await identity.start(admin=False)

    for what, body, kind in whole_bodies():
        why = f"{what}: this is a JSON object of the right type and size."
        await running.ask("POST", "/v1/registrations", body=body, fields=[("Content-Type", kind)], status=202, why=why)
    for each in bodies_that_are_none(world.draw):
        sent, fields = (chunked(each.body), [("Transfer-Encoding", "chunked")]) if each.chunked else (each.body, [])
        fields = [("Content-Type", each.content_type), *fields]
        why = f"The body: {each.what}."
        problem(await running.ask("POST", "/v1/registrations", body=sent, fields=fields, status=each.statuses, why=why))
    for method, path, status in not_there(world.draw):
        answer = await running.ask(method, path, status=status, why=_NOT_THERE[status])
        problem(answer)
        if status == 405 and "allow" not in answer.headers:
            answer.blame("an Allow field", "none", "A 405 says which methods there are (RFC 9110, 15.5.6).")


@register.check
async def wrong_settings_are_refused(identity: IdentityService, world: World) -> None:
    """A variable that is missing or wrong is named in a line on standard error, and the program ends with exit code 2."""
    for wrong in draw_wrong(world.draw):
        written = await identity.refuses(wrong.variable, wrong.value, rule=wrong.rule, also=wrong.also)

        if not any(name in written for name in wrong.names):
            fail(
                f"standard error of a start {wrong}",
                expected=f"a line that names {' or '.join(wrong.names)}",
                received=repr(written[:300]) if written else "nothing",
                why="Whoever started the program has to find out which of its settings is wrong.",
            )
