"""Stage 3: tokens that anyone can check, and nobody else can make."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import jwt
import msgspec

from climb.judge.expect import CannotTell, expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.web import Asked, Reply, web
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.rules.forging import Forged, Forger, forgeries
from climb.projects.identity.rules.jws import parts
from climb.projects.identity.rules.metadata import metadata_faults
from climb.projects.identity.rules.tokens import key_faults
from climb.projects.identity.stages.judged import document
from climb.projects.identity.stages.waiting import until

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.identity.driver import Person
    from climb.projects.identity.rules.tokens import Claims

__all__ = ["access_tokens"]

access_tokens = Stage(
    "access-tokens",
    "Tokens that anyone can check",
    concepts=["jwt", "sessions-and-tokens", "certificates"],
    hints=[
        "Another service gets a token and has to know whose it is, without asking you for each request. What must be in the token, and how does the other service know that you made it, although it could not have made it itself?",
        "Sign with a private key, and publish the public one. The header says which key. Decide by your own key, never by the token, which algorithm checks a signature. Look at all of it: signature, typ, issuer, audience, times.",
        "Make a key at the first start, in a transaction, and keep it in the database: both instances sign with it. With a JWT library: encode(claims, key, algorithm='ES256', headers={'kid': …, 'typ': 'at+jwt'}), and decode(token, key_by_kid, "
        "algorithms=['ES256'], issuer=ISSUER, audience=ISSUER, leeway=0); look up kid among your own keys, and refuse what you do not find. exp is a whole second, and from it on the token is refused.",
    ],
)

_LONG = 24
_SLACK_S = 1  # whole seconds may be cut off or rounded
_ROLES_WHY = "Other services let somebody in by this list, without asking back."


@access_tokens.check
async def they_check_offline(identity: IdentityService, world: World) -> None:
    """With the keys of the set a token is checked by a library: typ, alg, kid and signature are right, and its claims are those of the brief."""
    access_s = world.draw.integer(60, 3_600)
    running = await identity.start(access_s=access_s)
    person = await running.register()

    began = time.time()
    opened = await running.login(person)
    later = await running.refreshed(opened.refresh)
    ended = time.time()
    if faults := key_faults(await running.keys()):
        fail(
            "GET /.well-known/jwks.json",
            expected="public keys, each with kty, use, alg, kid and its numbers",
            received="; ".join(faults),
            why="Anyone reads this set and checks tokens with it (RFC 7517).",
        )
    claims = [await running.claims(token.access) for token in (opened, later)]
    for each in claims:
        _demand_claims(each, person, access_s, (began, ended))
    _demand_new_names(claims)
    assert running.administrator is not None
    admin = await running.claims((await running.admin()).access, what="the access token of the administrator")
    if sorted(admin.roles) != ["admin", "user"]:
        fail(
            "roles in the administrator's token",
            expected="user and admin",
            received=f"{list(admin.roles)}",
            why=_ROLES_WHY,
        )


@access_tokens.check
async def the_metadata_leads_there(identity: IdentityService, world: World) -> None:
    """GET /.well-known/oauth-authorization-server says under ISSUER where everything is; without ISSUER that is http://127.0.0.1:PORT."""
    issuer = f"https://{world.draw.word()}.example:{world.draw.integer(1_024, 65_535)}"

    for given in (issuer, None):
        running = await identity.start(issuer=given)
        answer = await running.ask("GET", "/.well-known/oauth-authorization-server")
        told = f"ISSUER is {given}." if given else f"ISSUER is not set, so it is {running.issuer}."
        if faults := metadata_faults(document(answer), running.issuer):
            answer.blame(
                "the metadata of the brief (RFC 8414, 2)",
                "; ".join(faults),
                f"{told} A program that knows only the issuer finds everything else here.",
            )
        iss = running.payload((await running.admin()).access).get("iss")
        expect(iss, "iss in an access token").equals(running.issuer, why=f"{told} Tokens and metadata have one issuer.")


@access_tokens.check
async def forged_tokens_are_refused(identity: IdentityService, world: World) -> None:
    """A token that the service has not signed, in this form and with its own keys, is 401, whatever it says of itself."""
    fetched: list[str] = []
    forgers_set = await _set_of_a_forger(world, fetched)
    running = await identity.start()
    person = await running.register()
    admin = running.payload((await running.admin()).access)
    opened = await running.login(person)
    now = int(time.time())
    wanted = {
        "sub": admin.get("sub"),
        "roles": ["user", "admin"],
        "iat": now,
        "exp": now + 300,
        "jti": world.draw.word(10, 20),
    }

    cases = _forged(opened.access, await running.keys(), wanted, world, forgers_set)
    for case in world.draw.sample(cases, len(cases)):
        for path in ("/v1/users/me", "/v1/users"):
            answer = await running.ask("GET", path, token=case.token, status=None)
            if answer.status != 401:
                _blame_forged(answer, case)
        if fetched:
            fail(
                "requests for keys that a token named",
                expected="none",
                received=f"GET {fetched[0]}",
                why=case.why,
                saw=_told(case),
            )
    await running.me(opened.access, why="This is the good token that the others were made of.")


@access_tokens.check
async def tokens_for_others_are_refused(identity: IdentityService, world: World) -> None:
    """A token with the right signature, and another issuer and audience than ISSUER, is 401."""
    running = await identity.start()
    admin = running.administrator
    assert admin is not None
    before = await running.admin()
    await running.me(before.access, why="The token was made by this service a moment ago.")

    issuer = f"{running.issuer}.{world.draw.word()}"
    other = await running.second(ISSUER=issuer)
    for token, asked, of in ((before, other, running.issuer), ((await other.admin()), running, issuer)):
        why = f"The keys are the same, but the token was made by and for {of}: it is for another service (RFC 7519, 4.1.3; RFC 8725, 3.8 and 3.9)."
        await asked.me(token.access, status=401, why=why)


@access_tokens.check
async def they_run_out(identity: IdentityService, world: World) -> None:
    """An access token is good until exp, and refused from that second on."""
    access_s = world.draw.integer(2, 3)
    running = await identity.start(access_s=access_s)
    opened = await running.admin()
    exp = running.payload(opened.access).get("exp")
    if not isinstance(exp, int):
        fail(
            "exp in the access token",
            expected="a whole number",
            received=repr(exp),
            why="From this second on the token is refused (RFC 7519, 4.1.4).",
        )

    answer = await running.me(opened.access, status=None)
    if time.time() > exp - 0.2:
        raise CannotTell("the machine was too busy: the token had run out before it was used")
    if answer.status != 200:
        answer.blame("status 200", f"status {answer.line}", f"The token is good for {access_s} s, until exp.")
    await until(time.time, exp + 0.1)
    late = time.time() - exp
    why = f"exp was {late:.1f} s ago by the clock of this machine, which is the service's too, so there is nothing to be lenient about (RFC 7519, 4.1.4)."
    await running.me(opened.access, status=401, why=why)


def _forged(token: str, jwks: object, wanted: dict[str, object], world: World, set_url: str) -> list[Forged]:
    try:
        return forgeries(token, jwks, wanted, world.draw.source(), set_url=set_url)
    except (ValueError, jwt.PyJWTError) as error:
        fail(
            "the access token and the set of keys",
            expected="a JWT and public keys, which anyone can read",
            received=f"{error}",
            why="What can't be read can't be checked by anyone.",
        )


def _demand_claims(claims: Claims, person: Person, access_s: int, between: tuple[float, float]) -> None:
    wanted = {"sub": person.id, "client_id": "first-party", "scope": "", "roles": ("user",)}
    why = {
        "sub": "sub is the id of the account (RFC 9068, 2.2).",
        "client_id": "The tokens of sessions are the service's own: first-party.",
        "scope": "The tokens of sessions have no scope.",
        "roles": _ROLES_WHY,
    }
    for name, value in wanted.items():
        if getattr(claims, name) != value:
            fail(
                f"{name} in the access token", expected=repr(value), received=repr(getattr(claims, name)), why=why[name]
            )
    if claims.exp - claims.iat != access_s:
        fail(
            "exp - iat in the access token",
            expected=f"{access_s}, which is ACCESS_S",
            received=str(claims.exp - claims.iat),
            why="A token that lives longer than it was told to can be used by its thief for as long.",
        )
    if not math.floor(between[0]) - _SLACK_S <= claims.iat <= math.ceil(between[1]) + _SLACK_S:
        fail(
            "iat in the access token",
            expected=f"the time of the login, {math.floor(between[0])} to {math.ceil(between[1])}",
            received=str(claims.iat),
            why="iat is when the token was made, in seconds since 1970 in UTC (RFC 7519, 4.1.6).",
        )


def _demand_new_names(claims: list[Claims]) -> None:
    names = [each.jti for each in claims]
    if len(set(names)) < len(names) or not all(names):
        fail(
            "jti of two access tokens",
            expected="two texts that differ",
            received=" and ".join(map(repr, names)),
            why="By jti a single token is told from all others, in logs and in lists of revoked ones (RFC 7519, 4.1.7).",
        )


async def _set_of_a_forger(world: World, fetched: list[str]) -> str:
    """The address of a set of keys that is not the service's; who asks for it is written down."""
    body = msgspec.json.encode({"keys": [{**Forger("ES256").jwk, "kid": "a"}]})

    async def handler(asked: Asked) -> Reply:
        fetched.append(asked.target)
        return Reply(200, body)

    server = await world.listener(web(handler))
    return f"http://{server.address}:{server.port}/jwks.json"


def _blame_forged(answer: Answer, case: Forged) -> None:
    answer.blame("status 401", f"status {answer.line}   for this token: {case.name}; {_told(case)}", case.why)


def _told(case: Forged) -> str:
    """What the token says, readable."""
    try:
        given = parts(case.token)
    except ValueError:
        return case.token
    roles = msgspec.json.encode(given.claims.get("roles")).decode()
    return f"its header is {msgspec.json.encode(_short(given.header)).decode()}, and its roles are {roles}"


def _short(found: Any) -> Any:
    """A JSON document with its long texts left out: numbers of keys tell nobody anything."""
    if isinstance(found, dict):
        return {name: _short(value) for name, value in found.items()}
    return f"{len(found)} characters" if isinstance(found, str) and len(found) > _LONG else found
