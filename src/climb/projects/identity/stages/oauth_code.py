"""Stage 11: another program acts in somebody's name, and nobody comes in between."""

from __future__ import annotations

import asyncio

from climb.judge.expect import expect
from climb.judge.on_time import clock
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Running, draw_password
from climb.projects.identity.driver.programs import Programs, granted
from climb.projects.identity.stages.claimed import claims_of
from climb.projects.identity.stages.codes_tried import demand_fit, demand_never_widened, demand_rotation
from climb.projects.identity.stages.sent_back import (
    demand_error,
    demand_no_redirect,
    demand_over,
    demand_sent_back,
    demand_used_up,
)
from climb.projects.identity.stages.strange_requests import broken_requests, other_addresses

__all__ = ["oauth_code"]

oauth_code = Stage(
    "oauth-code",
    "In somebody's name",
    concepts=["oauth", "jwt", "sessions-and-tokens"],
    hints=[
        "A reading list wants to show somebody's links. It should never see their password, and nobody who looks over its shoulder at the browser's address should get anything of use. What travels "
        "through the browser, and what only between the two programs?",
        "Judge client_id and redirect_uri first, by comparing texts, and answer 400 without a redirect; everything else that is wrong goes to the redirect_uri. Keep with the code's hash: client, "
        "redirect_uri, challenge, scopes, account, family, when it ends, whether it was used.",
        "Use a code up with one UPDATE … WHERE used_at IS NULL … RETURNING, before anything else is looked at, in the same transaction as the tokens. If it was used already, end the family that it "
        "began. Compare base64url(SHA-256(code_verifier)) without padding. The scope of a refresh is a part of what the owner has allowed, or invalid_scope.",
    ],
)

_AT_ONCE = 12
_STATES = ("af0ifjsldkj", "a b&c=d+e%20f", "ä/?#[]@!$'()*,;:", "eyJhIjoxfQ==", "0")


async def _started(identity: IdentityService, world: World, *, code_s: int = 60) -> tuple[Running, Programs, str]:
    running = await identity.start(code_s=code_s)
    admin = await running.admin()
    return running, Programs(running, world.draw, admin.access), admin.access


@oauth_code.check
async def the_whole_way(identity: IdentityService, world: World) -> None:
    """A program gets a code, and for it tokens in the owner's name with the scopes that were asked for, which read the owner's account."""
    running, programs, owner = await _started(identity, world)
    me = (await running.ask("GET", "/v1/users/me", token=owner)).json()
    for confidential in (True, False):
        program = await programs.make(confidential=confidential)
        some = world.draw.sample(program.scopes, 2)
        for scope, allowed in ((None, program.scopes), (" ".join(some), some)):
            state, address = world.draw.choice(_STATES), world.draw.choice(program.redirect_uris)
            answer, code = await programs.authorize(program, owner, state=state, scope=scope, redirect_uri=address)
            given = demand_sent_back(answer, address, state, running.issuer)
            expect(len(given.get("code", "")), "characters of the code").at_least(
                22, why="A code holds at least 128 random bits. Who guesses one has the tokens."
            )
            told = await programs.token(program, code.form(), status=200)
            tokens = granted(told)
            if told.headers.get("cache-control", "").lower() != "no-store":
                told.blame("Cache-Control: no-store", str(told.headers.get("cache-control")), "There are tokens in it.")
            expect(set(tokens.scope.split()), "scope in the answer").equals(
                set(allowed), why="Without scope all scopes of the client are meant, else those that were asked for."
            )
            claims = await claims_of(running, tokens.access)
            expect(
                {
                    "sub": claims.sub,
                    "client_id": claims.client_id,
                    "scope": set(claims.scope.split()),
                    "roles": set(claims.roles),
                },
                "claims of the access token",
            ).equals(
                {"sub": me["id"], "client_id": program.id, "scope": set(allowed), "roles": set(me["roles"])},
                why="It is the owner's, for this program, for these scopes (RFC 9068, 2.2).",
            )
            shown = (await running.ask("GET", "/v1/users/me", token=tokens.access)).json()
            expect(shown["id"], "whose account the token reads").equals(me["id"], why="The owner has let it.")


@oauth_code.check
async def programs_may_no_more(identity: IdentityService, world: World) -> None:
    """A program's token reads the owner's account and is 403 everywhere else below /v1, an administrator's too, and gets no codes."""
    running, programs, owner = await _started(identity, world)
    program = await programs.make()
    tokens = await programs.granted(program, owner)
    me = (await running.ask("GET", "/v1/users/me", token=tokens.access)).json()["id"]
    why = "The owner has let the program read the account, and no more: whoever takes it over has no more either."
    password = {
        "current": running.administrator.password if running.administrator else "",
        "new": draw_password(world.draw),
    }
    for method, path, given in (
        ("GET", "/v1/users", {}),
        ("GET", f"/v1/users/{me}", {}),
        ("GET", "/v1/audit", {}),
        ("POST", "/v1/keys", {}),
        ("PUT", "/v1/users/me/password", {"json": password}),
        ("DELETE", "/v1/sessions/current", {}),
        ("DELETE", "/v1/sessions", {}),
    ):
        await running.ask(method, path, token=tokens.access, status=403, why=why, **given)
    answer, _ = await programs.authorize(program, tokens.access)
    if answer.status != 403:
        answer.blame(
            "403",
            answer.line,
            "Codes are for the access token of a first-party session: else one program could open the door for the next.",
        )
    why = "A refresh token is its program's: at the other door it is no good."
    await running.refreshes(tokens.refresh or "", status=401, why=why)


@oauth_code.check
async def redirects_are_exact(identity: IdentityService, world: World) -> None:
    """An unknown client, or an address that is not to the letter one of the client's, is 400 and never a redirect."""
    _, programs, owner = await _started(identity, world)
    program = await programs.make(redirect_uris=[f"https://{world.draw.word()}.example.org/{world.draw.word()}/back"])
    for address, what in other_addresses(program.redirect_uri, world.draw):
        answer, _ = await programs.authorize(program, owner, redirect_uri=address)
        demand_no_redirect(answer, f"The client has {program.redirect_uri}, and this is {what}.")
    for client, what in (
        (None, "no client_id"),
        ("no-such-client", "an unknown one"),
        (program.id.swapcase() + "x", "another"),
    ):
        answer, _ = await programs.authorize(program, owner, client_id=client)
        demand_no_redirect(answer, f"This is {what}, so no address is known.")


@oauth_code.check
async def errors_go_to_the_client(identity: IdentityService, world: World) -> None:
    """Whatever else is wrong goes to the redirect_uri as an error, with state and iss and without a code."""
    running, programs, owner = await _started(identity, world)
    program = await programs.make()
    barred = await programs.make(grants=["client_credentials"])
    for broken in broken_requests(program, barred, world.draw):
        state = world.draw.choice(_STATES)
        answer = await running.ask("GET", f"/oauth/authorize?{broken.query(state)}", token=owner, status=None)
        demand_error(
            answer,
            broken.error,
            address=broken.program.redirect_uri,
            state=state,
            issuer=running.issuer,
            why=broken.why,
        )


@oauth_code.check
async def codes_are_good_once(identity: IdentityService, world: World) -> None:
    """A code is exchanged once, also when many try at the same moment, and a second use ends the family that it began."""
    running, programs, owner = await _started(identity, world)
    program = await programs.make(confidential=world.draw.flag())
    code = await programs.code(program, owner)
    tokens = await programs.exchanged(program, code)
    await demand_used_up(
        programs, program, code, "The code was used. Whoever comes second may have stolen it (RFC 6749, 4.1.2)."
    )
    await demand_over(
        programs,
        program,
        tokens.refresh,
        "The code was used twice, and nobody knows who was its owner. So all ends that came of it.",
    )

    code = await programs.code(program, owner)
    answers = await asyncio.gather(*(programs.token(program, code.form()) for _ in range(_AT_ONCE)))
    won = [granted(answer) for answer in answers if answer.status == 200]
    if len(won) > 1:
        answers[0].blame(
            f"200 for at most one of {_AT_ONCE} exchanges at the same moment",
            f"200 for {len(won)}",
            "A code is good once.",
        )
    for tokens in won:
        await demand_over(
            programs, program, tokens.refresh, f"Its code was used {_AT_ONCE} times, so the family has ended."
        )
    await running.ask("GET", "/v1/users/me", token=owner)


@oauth_code.check
async def codes_run_out(identity: IdentityService, world: World) -> None:
    """A code is good for CODE_S, and no longer."""
    running, programs, owner = await _started(identity, world, code_s=1)
    program = await programs.make(confidential=world.draw.flag())
    async with clock() as watch:
        late = await programs.code(program, owner)
        began = running.now()
        early = await programs.code(program, owner)
        answer = await programs.token(program, early.form())
        if answer.status != 200 and running.now() - began < 0.8:
            answer.blame(
                "200", f"{answer.line}   {answer.text[:160]}", "CODE_S is 1, and the code is younger than that."
            )
        await asyncio.sleep(max(began + watch.allowed_s(1) - running.now(), 0))
        await demand_used_up(programs, program, late, "CODE_S is 1, and the code is older than that.")


@oauth_code.check
async def codes_are_their_clients(identity: IdentityService, world: World) -> None:
    """A code is good only with its verifier, for its client, and with its redirect_uri."""
    _, programs, owner = await _started(identity, world)
    await demand_fit(programs, owner, world)


@oauth_code.check
async def refreshing_for_clients(identity: IdentityService, world: World) -> None:
    """A program's refresh tokens rotate as a session's do, for this program alone, and only if it has that grant."""
    _, programs, owner = await _started(identity, world)
    await demand_rotation(programs, owner, world)


@oauth_code.check
async def scopes_are_never_widened(identity: IdentityService, world: World) -> None:
    """A refresh may ask for fewer scopes and gets these, and for one that the owner has not allowed it gets invalid_scope."""
    _, programs, owner = await _started(identity, world)
    await demand_never_widened(programs, owner, world)


@oauth_code.check
async def owners_end_it_all(identity: IdentityService, world: World) -> None:
    """Who ends all sessions, or changes the password, ends those of programs too; a code from before the change opens nothing."""
    running, programs, _ = await _started(identity, world)
    program = await programs.make()
    person = await running.register()
    mine = await running.login(person)
    tokens = await programs.granted(program, mine.access)
    await running.ask("DELETE", "/v1/sessions", token=mine.access, status=204)
    await demand_over(
        programs,
        program,
        tokens.refresh,
        "DELETE /v1/sessions ends all families of the account, those of other programs included.",
    )

    mine = await running.login(person)
    tokens, waiting = await programs.granted(program, mine.access), await programs.code(program, mine.access)
    change = {"current": person.password, "new": draw_password(world.draw)}
    await running.ask("PUT", "/v1/users/me/password", json=change, token=mine.access, status=204)
    why = "The password was changed, so nothing is left that the old one opened, or was about to open."
    await demand_over(programs, program, tokens.refresh, why)
    await demand_used_up(programs, program, waiting, why)


@oauth_code.check
async def ended_sessions_get_no_codes(identity: IdentityService, world: World) -> None:
    """With the access token of a session that has ended nobody gets a code: after a logout, and after another password was set."""
    running, programs, _ = await _started(identity, world)
    program, person = await programs.make(), await running.register()
    left, other, mine = [await running.login(person) for _ in range(3)]
    await running.ask("DELETE", "/v1/sessions/current", token=left.access, status=204)
    passwords = {"current": person.password, "new": draw_password(world.draw)}
    await running.ask("PUT", "/v1/users/me/password", token=mine.access, json=passwords, status=204)

    for session, ended in ((left, "its owner has logged out"), (other, "the password was changed")):
        await running.me(session.access, why="An access token is good until it runs out.")
        answer, _ = await programs.authorize(program, session.access)
        if answer.status != 401:
            answer.blame(
                "401",
                answer.line,
                f"The session of this token has ended: {ended}. A code would begin a family that lasts for weeks, and the end was meant to be one.",
            )
    answer, code = await programs.authorize(program, mine.access)
    granted(await programs.token(program, code.form(), status=200))
