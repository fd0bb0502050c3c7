"""Stage 13: keys change, and nobody who checks or holds a token notices."""

from __future__ import annotations

import asyncio
import time

from climb.judge.expect import expect, fail
from climb.judge.on_time import clock
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService
from climb.projects.identity.rules.jws import parts
from climb.projects.identity.stages.claimed import claims_of
from climb.projects.identity.stages.key_sets import (
    demand_agreement,
    demand_good_everywhere,
    key_set,
    kids,
    made_key,
    signed_by,
)

__all__ = ["keys"]

keys = Stage(
    "keys",
    "Keys change",
    concepts=["jwt", "health-checks", "caching"],
    hints=[
        "A key may have been stolen without a trace, so it is changed now and then, while tokens of the old one are about and several instances sign. What has to be known where, and when, so that no good "
        "token is ever refused?",
        "Keep the keys in the database, and let each instance look for new ones every second, or be told (LISTEN and NOTIFY). A token with a kid that an instance does not know is a reason to look at "
        "once, before it is refused, but not for every stranger's made-up kid as often as they like.",
        "Newest key signs. An earlier one stays in the set until ACCESS_S after it was last used, and that is up to 2 seconds after the newer one was made, since another instance may not have heard of "
        "it; then leave it out, whoever asks. Make the first key under a lock (or INSERT … ON CONFLICT DO NOTHING), so that two first starts end with one.",
    ],
)

_SPREAD_S = 2.0
_LEFTOVER_S = 10.0
_POLL_S = 0.1


@keys.check
async def new_keys_sign(identity: IdentityService, world: World) -> None:
    """A key that an admin made signs from then on, and is in the set; the tokens from before stay good, and their key stays with it."""
    running = await identity.start()
    admin = await running.admin()
    before = await claims_of(running, admin.access)
    made = [await made_key(running, admin.access) for _ in range(world.draw.integer(1, 3))]

    token = (await running.admin()).access
    after = await claims_of(running, token)

    expect(after.kid, "kid of a token after POST /v1/keys").equals(made[-1], why="From then on the new key signs.")
    shown = kids(await key_set(running))
    expect(shown, "kids in the set").satisfies(
        lambda found: {before.kid, *made} <= set(found) and len(set(found)) == len(found),
        expected=f"{', '.join([before.kid, *made])}, each once",
        why="A token of each of them may be about, and whoever checks it needs its key.",
    )
    await running.ask(
        "GET", "/v1/users/me", token=admin.access, why="It was signed by an earlier key, and has not run out."
    )
    await claims_of(running, admin.access, "an access token from before")


@keys.check
async def old_keys_go(identity: IdentityService, world: World) -> None:
    """An earlier key stays in the set until the last token that it signed has run out, and for no more than 10 seconds longer."""
    access_s = world.draw.integer(2, 3)
    running = await identity.start(access_s=access_s)
    admin = await running.admin()
    old = signed_by(admin.access)
    last = parts((await running.refreshed(admin.refresh)).access)
    await made_key(running, (await running.admin()).access)
    made = running.now()

    async with clock() as watch:
        while old in kids(await key_set(running)):
            if running.now() > made + access_s + watch.allowed_s(_LEFTOVER_S):
                fail(
                    "the keys in the set",
                    expected=f"without {old}, {access_s + _LEFTOVER_S:g} s after another key was made",
                    received=f"with it, {running.now() - made:.1f} s after that",
                    why=f"ACCESS_S is {access_s}: no token of this key is good any more. A key is changed so that who has stolen it can do nothing with it.",
                )
            await asyncio.sleep(_POLL_S)
        left_s = last.claims["exp"] - time.time()
    if left_s > 0:
        fail(
            "the keys in the set",
            expected=f"with {old} until the last token that it signed has run out",
            received=f"without it, {left_s:.2f} s before that, {running.now() - made:.2f} s after another key was made",
            why="The token is good, and nobody can check it any more.",
        )


@keys.check
async def instances_agree(identity: IdentityService, world: World) -> None:
    """Within 2 seconds all instances sign with the newest key and show it, also when keys are made at several of them at once."""
    running = await identity.start()
    other = await running.second()
    admin = await running.admin()
    async with clock() as watch:
        await demand_agreement(running, other, [await made_key(other, admin.access)], watch.allowed_s(_SPREAD_S))
        at_once = await asyncio.gather(
            *(made_key((running, other)[number % 2], admin.access) for number in range(world.draw.integer(2, 5)))
        )
        await demand_agreement(running, other, list(at_once), watch.allowed_s(_SPREAD_S))


@keys.check
async def tokens_are_good_everywhere_at_once(identity: IdentityService, world: World) -> None:
    """A token of a new key is good at every instance from the first moment, while keys change under load."""
    running = await identity.start()
    await demand_good_everywhere(running, await running.second(), rounds=world.draw.integer(3, 5))


@keys.check
async def restarts_keep_keys(identity: IdentityService, world: World) -> None:
    """After a kill -9 and a new start the same keys are there, the newest signs, and tokens from before are good."""
    running = await identity.start()
    admin = await running.admin()
    for _ in range(world.draw.integer(1, 2)):
        newest = await made_key(running, admin.access)
    before = kids(await key_set(running))

    await running.restart()

    expect(sorted(kids(await key_set(running))), "kids in the set after a kill -9 and a new start").equals(
        sorted(before), why="No token has run out meanwhile, and other services may have kept the set."
    )
    await running.ask(
        "GET", "/v1/users/me", token=admin.access, why="It was good before the restart, and has not run out."
    )
    anew = await running.admin()
    expect(signed_by(anew.access), "kid of a token after the restart").equals(newest, why="The newest key signs.")


@keys.check
async def first_starts_share_a_key(identity: IdentityService, world: World) -> None:
    """Two instances that start at the same moment on an empty database have the same keys, and accept each other's tokens."""
    database, mail = await world.database(), await identity.mailbox()
    issuer = f"http://{world.draw.word()}.example"
    one, two = await asyncio.gather(
        *(identity.start(database=database, mail=mail, issuer=issuer, admin=False) for _ in range(2))
    )
    async with clock() as watch:
        until = one.now() + watch.allowed_s(_SPREAD_S)
        first, second = kids(await key_set(one)), kids(await key_set(two))
        while sorted(first) != sorted(second) and one.now() < until:
            await asyncio.sleep(_POLL_S)
            first, second = kids(await key_set(one)), kids(await key_set(two))
    expect(sorted(second), "kids in the set of the second instance").equals(
        sorted(first),
        why="Both started at the same moment on the same empty database. Instances behave as one service.",
    )
    person = await one.register()
    for at, beside in ((one, two), (two, one)):
        mine = await at.login(person)
        await beside.ask("GET", "/v1/users/me", token=mine.access, why="The other instance has signed this token.")
