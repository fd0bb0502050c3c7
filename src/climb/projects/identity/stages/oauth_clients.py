"""Stage 12: programs that ask in their own name, prove who they are, and give back what they do not need any more."""

from __future__ import annotations

from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Running
from climb.projects.identity.driver.programs import Programs, granted
from climb.projects.identity.stages.claimed import claims_of
from climb.projects.identity.stages.happened import Happened, demand_told
from climb.projects.identity.stages.registered import wrong_clients
from climb.projects.identity.stages.sent_back import demand_over, demand_refused
from climb.projects.identity.stages.tried import demand_fields_of

__all__ = ["oauth_clients"]

oauth_clients = Stage(
    "oauth-clients",
    "Programs of their own",
    concepts=["oauth", "password-hashing", "rest"],
    hints=[
        "A nightly job has no person behind it, and needs a token all the same. How does it prove who it is, what stands in sub, and what must it not be able to do? What does a program do with a token "
        "that it needs no longer?",
        "Find out first which client asks: a confidential one by HTTP Basic and in no other way, any other by client_id. Then whether it has the grant. Then the rest. Compare secrets as hashes, in "
        "constant time, and keep only the hash: a secret is long and random, so SHA-256 is enough for it.",
        "Errors are those of RFC 6749, 5.2, in plain JSON with no-store: 401 with WWW-Authenticate: Basic for invalid_client, else 400. Revoke by the family of the refresh token, if it is this "
        "client's, and answer 200 in any case (RFC 7009, 2.2).",
    ],
)

_OWN = ["client_credentials"]
_ALL = ["authorization_code", "refresh_token", "client_credentials"]
_FORM = {"grant_type": "client_credentials"}


async def _started(identity: IdentityService, world: World) -> tuple[Running, Programs, str]:
    running = await identity.start()
    admin = await running.admin()
    return running, Programs(running, world.draw, admin.access), admin.access


@oauth_clients.check
async def clients_are_made_as_they_must(identity: IdentityService, world: World) -> None:
    """A client that is wrong is 422 with the names of its fields; a right one is shown as it was made, with a secret only if it keeps one."""
    running, _, admin = await _started(identity, world)
    for wrong, fields, why in wrong_clients(world.draw):
        answer = await running.ask("POST", "/v1/clients", json=wrong, token=admin, status=422, why=why)
        demand_fields_of(answer, fields, why=why)
    secrets = []
    for confidential in (True, True, False):
        wanted = {
            "name": f"{world.draw.word()} ü",
            "redirect_uris": [
                "http://[::1]:8080/back",
                "http://localhost/x?y=z",
                f"https://{world.draw.word()}.example/",
            ],
            "grants": ["authorization_code", "refresh_token"],
            "scopes": ["links.read", "!#[]"],
            "confidential": confidential,
        }
        made = await running.ask("POST", "/v1/clients", json=wanted, token=admin, status=201)
        expect(made.json(), "the answer to POST /v1/clients").equals(wanted, why="It is the client as it was made.")
        if made.headers.get("cache-control", "").lower() != "no-store":
            made.blame("Cache-Control: no-store", str(made.headers.get("cache-control")), "There is a secret in it.")
        secrets.append(made.json()["client_secret"])
    expect(secrets[2], "the secret of a client that is not confidential").equals(None, why="It could keep none.")
    expect(secrets[:2], "the secrets of two clients").satisfies(
        lambda both: all(isinstance(each, str) and len(each) >= 22 for each in both) and both[0] != both[1],
        expected="two texts of 22 or more characters",
        why="A secret holds at least 128 random bits.",
    )


@oauth_clients.check
async def client_credentials(identity: IdentityService, world: World) -> None:
    """A client gets a token in its own name: sub is the client, there are no roles and no refresh token, and it is nobody's account."""
    running, programs, _ = await _started(identity, world)
    program = await programs.make(grants=_OWN, redirect_uris=())
    some = world.draw.sample(program.scopes, 2)
    for scope, allowed in ((None, program.scopes), (" ".join(some), some)):
        answer = await programs.token(program, _FORM if scope is None else {**_FORM, "scope": scope}, status=200)
        tokens = granted(answer)
        expect(answer.json().get("token_type"), "token_type").equals(
            "Bearer", why="It is used as a bearer token (RFC 6750)."
        )
        expect(tokens.refresh, "the refresh token").equals(
            None, why="The client can ask again at any time (RFC 6749, 4.4.3)."
        )
        claims = await claims_of(running, tokens.access)
        expect(
            {
                "sub": claims.sub,
                "client_id": claims.client_id,
                "roles": claims.roles,
                "scope": set(claims.scope.split()),
            },
            "claims of the access token",
        ).equals(
            {"sub": program.id, "client_id": program.id, "roles": (), "scope": set(allowed)},
            why="The client asks in its own name, for what it was registered for, or a part of that.",
        )
        if set(tokens.scope.split()) != set(allowed):
            answer.blame(
                f"scope {' '.join(allowed)}", f"scope {tokens.scope}", "The answer says what the token allows."
            )
        await running.ask(
            "GET",
            "/v1/users/me",
            token=tokens.access,
            status=403,
            why="The token is good, and is in no account's name.",
        )


@oauth_clients.check
async def who_asks_is_proved(identity: IdentityService, world: World) -> None:
    """A wrong secret, none, a secret in the form, and an unknown client are 401 invalid_client, whatever is asked for."""
    running, programs, admin = await _started(identity, world)
    program, other = await programs.make(grants=_ALL), await programs.make(grants=_ALL)
    assert program.secret is not None
    assert other.secret is not None
    tokens = await programs.granted(program, admin)
    wrong = f"{program.secret[:-1]}{'a' if program.secret[-1] != 'a' else 'b'}"
    named = {"client_id": program.id}
    ways: list[tuple[str, dict[str, object], dict[str, str]]] = [
        ("a secret whose last character is another", {"basic": (program.id, wrong)}, {}),
        ("another client's secret", {"basic": (program.id, other.secret)}, {}),
        ("no secret", {"basic": (program.id, "")}, {}),
        ("a client that is not known", {"basic": ("no-such-client", program.secret)}, {}),
        ("its client_id in the form, and no secret", {}, named),
        ("its secret in the form, and not by Basic", {}, {**named, "client_secret": program.secret}),
        ("a Basic that can't be read", {"fields": [("Authorization", "Basic !!!!")]}, {}),
        ("nothing that names a client", {}, {}),
    ]
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}
    for how, given, more in ways:
        for target, form in (("token", _FORM), ("token", refresh), ("revoke", {"token": tokens.refresh or ""})):
            answer = await running.ask("POST", f"/oauth/{target}", form={**form, **more}, status=None, **given)
            demand_refused(
                answer,
                "invalid_client",
                *(("invalid_request",) if how.startswith("nothing") and answer.status == 400 else ()),
                status=answer.status if how.startswith("nothing") and answer.status == 400 else 401,
                why=f"The client is confidential, and named itself by {how}. Else anyone could ask in its name.",
            )
    granted(await programs.refresh(program, tokens.refresh, status=200))


@oauth_clients.check
async def grants_are_those_of_the_client(identity: IdentityService, world: World) -> None:
    """A grant that the client does not have is unauthorized_client, one that nobody has unsupported_grant_type, another's scope invalid_scope."""
    running, programs, admin = await _started(identity, world)
    browser = await programs.make(confidential=world.draw.flag())
    keeper = await programs.make()
    machine = await programs.make(grants=_OWN, redirect_uris=())
    code = await programs.code(browser, admin)
    why = "The client was not registered for this grant."
    demand_refused(await programs.token(keeper, _FORM), "unauthorized_client", why=why)
    demand_refused(await programs.token(machine, code.form()), "unauthorized_client", why=why)
    demand_refused(await programs.refresh(machine, "no-such-token"), "unauthorized_client", why=why)
    for kind in ("password", "", world.draw.word()):
        answer = await programs.token(machine, {"grant_type": kind})
        demand_refused(
            answer, "unsupported_grant_type", *(("invalid_request",) if not kind else ()), why="Nobody has this grant."
        )
    demand_refused(await programs.token(machine, {}), "invalid_request", why="There is no grant_type (RFC 6749, 5.2).")
    for scope in (f"{machine.scopes[0]} of-nobody", browser.scopes[0] + ".more"):
        answer = await programs.token(machine, {**_FORM, "scope": scope})
        demand_refused(answer, "invalid_scope", why=f"The client has the scopes {' '.join(machine.scopes)}.")
    granted(await programs.token(machine, {**_FORM, "audience": "unknown", "resource": "unknown"}, status=200))
    await running.ask("POST", "/oauth/token", json=_FORM, status=415, why="Requests to /oauth/… are forms.")


@oauth_clients.check
async def revocation(identity: IdentityService, world: World) -> None:
    """A client revokes its refresh token, and the family ends, no other; an unknown token or another's ends nothing, and is 200 too."""
    _, programs, admin = await _started(identity, world)
    program, other = await programs.make(confidential=world.draw.flag()), await programs.make()
    mine, beside = await programs.granted(program, admin), await programs.granted(program, admin)

    await programs.revoke(program, "no-such-token")
    await programs.revoke(other, mine.refresh)
    why = "It was another client that wanted to end it, and could not (RFC 7009, 2.1)."
    answer = await programs.refresh(program, mine.refresh)
    if answer.status != 200:
        answer.blame("200", f"{answer.line}   {answer.text[:160]}", why)
    newest = granted(answer)
    await programs.revoke(program, newest.refresh)
    await demand_over(programs, program, newest.refresh, "Its client has revoked it.")
    await programs.revoke(program, newest.refresh)
    answer = await programs.refresh(program, beside.refresh)
    if answer.status != 200:
        answer.blame("200", f"{answer.line}   {answer.text[:160]}", "This is another family, which nobody has revoked.")


@oauth_clients.check
async def secrets_and_codes_are_not_kept(identity: IdentityService, world: World) -> None:
    """Client secrets, codes and programs' refresh tokens are not in the database as they are given out."""
    running, programs, admin = await _started(identity, world)
    program = await programs.make()
    code, used = await programs.code(program, admin), await programs.code(program, admin)
    tokens = await programs.exchanged(program, used)
    secrets = {
        "the secret of a client": program.secret,
        "an authorization code": code.code,
        "an authorization code that was used": used.code,
        "a refresh token of a program": tokens.refresh,
    }
    kept = [(what, secret) for what, secret in secrets.items() if secret]
    for found in await running.database.holding(*(secret for _, secret in kept)):
        fail(
            "what is in the database",
            expected="nothing that can be used as it is",
            received=f"{kept[found.secret][0]}, in {found}",
            why="Whoever reads the database, or an old copy of it, could act as this program. A hash is enough to know a secret again.",
        )


@oauth_clients.check
async def the_audit_tells_of_programs(identity: IdentityService, world: World) -> None:
    """What programs get, refresh, replay and revoke is in the audit log, with whose account it concerns."""
    running, programs, _ = await _started(identity, world)
    seen = Happened(running, world)
    person = await running.register()
    owner = await running.login(person)
    seen.admin = (await running.admin()).access
    program = await programs.make(grants=_ALL)
    code = await programs.code(program, owner.access)

    async def asks(
        target: str, event: str, form: dict[str, str], status: int = 200, user: str | None = person.id
    ) -> dict[str, str]:
        answer = await seen.ask("POST", f"/oauth/{target}", event, user=user, status=status, **program.named(form))
        return dict(answer.json()) if answer.body and target == "token" else {}

    first = await asks("token", "token_issued", code.form())
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    await asks("token", "refreshed", renew)
    await asks("token", "refresh_replayed", renew, 400)
    await asks("token", "token_issued", _FORM, user=None)
    tokens = await programs.granted(program, owner.access)
    await asks("revoke", "logout", {"token": tokens.refresh or ""})
    await demand_told(running, seen)
