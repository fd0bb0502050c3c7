"""Codes and refresh tokens of programs, used as they should not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.expect import expect
from climb.projects.identity.driver.programs import granted
from climb.projects.identity.rules.pkce import challenge, verifier
from climb.projects.identity.stages.claimed import claims_of
from climb.projects.identity.stages.sent_back import demand_over, demand_refused

if TYPE_CHECKING:
    from climb.judge.world import World
    from climb.projects.identity.driver.programs import Programs

__all__ = ["demand_fit", "demand_never_widened", "demand_rotation"]


async def demand_fit(programs: Programs, owner: str, world: World) -> None:
    """Each way in which something else comes with a code is refused."""
    program = await programs.make(confidential=world.draw.flag())
    other = await programs.make(redirect_uris=program.redirect_uris)
    source = world.draw.source()
    why = "The verifier is not the one whose challenge came with the request: so this is not the program that began (RFC 7636, 4.6)."
    for name in ("another", "none", "the challenge itself", "a part"):
        code = await programs.code(program, owner)
        given = {
            "another": verifier(source),
            "none": None,
            "the challenge itself": challenge(code.verifier),
            "a part": code.verifier[:-1] + ("a" if code.verifier[-1] != "a" else "b"),
        }[name]
        answer = await programs.token(program, code.form(code_verifier=given))
        demand_refused(answer, "invalid_grant", "invalid_request", why=f"{why} Here it is {name}.")
    code = await programs.code(program, owner)
    answer = await programs.token(other, code.form())
    demand_refused(answer, "invalid_grant", why="The code is another client's, which has the same address.")
    for address in (program.redirect_uris[1], None):
        code = await programs.code(program, owner)
        answer = await programs.token(program, code.form(redirect_uri=address))
        demand_refused(
            answer,
            "invalid_grant",
            "invalid_request",
            why=f"The code went to {program.redirect_uri}, and the exchange names {address or 'none'} (RFC 6749, 4.1.3).",
        )


async def demand_rotation(programs: Programs, owner: str, world: World) -> None:
    """Rotation, replay, and whose a token is."""
    program = await programs.make(confidential=world.draw.flag())
    first = await programs.granted(program, owner)
    session = await programs.running.admin()
    why = "It is another client's token, or a session's: only the program that it was given to may use it (RFC 6749, 10.4)."
    await demand_over(programs, await programs.make(), first.refresh, why)
    await demand_over(programs, program, session.refresh, why)

    mine = await programs.granted(program, owner)
    newer = granted(await programs.refresh(program, mine.refresh, status=200))
    expect(newer.refresh, "the new refresh token").satisfies(
        lambda token: token is not None and token != mine.refresh, expected="another one", why="Each is good once."
    )
    replay = "A refresh token was used a second time, so the family has ended, the newest token included."
    await demand_over(programs, program, mine.refresh, replay)
    await demand_over(programs, program, newer.refresh, replay)

    without = await programs.make(grants=["authorization_code"])
    expect((await programs.granted(without, owner)).refresh, "the refresh token of a client without that grant").equals(
        None, why="What a client was not registered for, it does not get."
    )


async def demand_never_widened(programs: Programs, owner: str, world: World) -> None:
    """Fewer scopes are given, more are refused."""
    program = await programs.make()
    some = world.draw.sample(program.scopes, 2)
    narrow = granted(
        await programs.refresh(
            program, (await programs.granted(program, owner, scope=" ".join(some))).refresh, scope=some[0], status=200
        )
    )
    claims = await claims_of(programs.running, narrow.access)
    expect((narrow.scope, claims.scope), "scope of the answer and of the token after a narrower refresh").equals(
        (some[0], some[0]), why="It was asked for no more."
    )
    for scope in (" ".join(program.scopes), f"{some[0]} {world.draw.word()}.of-nobody"):
        tokens = await programs.granted(program, owner, scope=" ".join(some))
        answer = await programs.refresh(program, tokens.refresh, scope=scope)
        demand_refused(
            answer, "invalid_scope", why=f"The owner has allowed {' '.join(some)}, and {scope} is more (RFC 6749, 6)."
        )
