"""Stage 8: who tries one password after another is slowed down, and nobody else is."""

from __future__ import annotations

import asyncio

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, draw_email
from climb.projects.identity.stages.locks import demand_locks_end
from climb.projects.identity.stages.tried import (
    ALIKE,
    Trier,
    demand_locked,
    locked_out,
    retry_after,
    said,
)
from climb.projects.identity.stages.ways_around import demand_all_know, demand_changes_count, demand_not_believed

__all__ = ["guessing"]

guessing = Stage(
    "guessing",
    "Guessing",
    concepts=["rate-limiting", "password-hashing"],
    hints=[
        "Somebody has a list of common passwords and all night. What do you count, for how long, and what does that cost the owner of the account, who types their password from another place meanwhile?",
        "Keep the failures of a pair (e-mail in lower case, address of the connection) with their times, in the database. Before a password is looked at: if there were FAILURES within LOCK_S, and the "
        "last of them is less than LOCK_S ago, answer 429 with Retry-After. Do the same for the client address alone, with ten times the number. A success deletes the pair's failures.",
        "Between looking and counting other tries slip through, so count first: write the try down as a failure before the hash is computed, in one statement that also tells whether it may go on, and "
        "take it back when the password was right. Lock the pair's row meanwhile, or use one INSERT … ON CONFLICT DO UPDATE … RETURNING.",
    ],
)

_LONG_S = 600


@guessing.check
async def failures_slow_down(identity: IdentityService, world: World) -> None:
    """After FAILURES wrong passwords for one address from one client, further logins of the pair are 429 with Retry-After, the right password too."""
    failures = world.draw.integer(2, 5)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    trier = Trier(running, owner.email, from_address=world.address())

    await trier.fails(failures)

    locked = demand_locked(await trier.wrong(), failures)
    expect(retry_after(locked), "seconds in Retry-After").satisfies(
        lambda seconds: 1 <= seconds <= _LONG_S,
        expected=f"1 to {_LONG_S}",
        why=f"It says when the next try has a meaning, and LOCK_S is {_LONG_S} (RFC 9110, 10.2.3).",
    )
    right = await trier.tries(owner.password)
    if right.status != 429:
        right.blame(
            "429, without a look at the password",
            said(right),
            f"{failures} tries were wrong. If the right one among the later ones is answered otherwise, guessing goes on as before.",
        )


@guessing.check
async def locks_end(identity: IdentityService, world: World) -> None:
    """A lock ends after LOCK_S, not sooner, and no later for tries that were refused; failures that are older do not count."""
    await demand_locks_end(await identity.start(failures=2, lock_s=2), world, failures=2, lock_s=2)


@guessing.check
async def a_success_counts_anew(identity: IdentityService, world: World) -> None:
    """A success sets the count back: who mistypes now and then is not slowed down."""
    failures = world.draw.integer(3, 5)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    trier = Trier(running, owner.email, from_address=world.address())
    why = f"FAILURES is {failures}, and there were fewer since the last success. Somebody who mistypes now and then is nobody who guesses."
    for _ in range(2):
        await trier.fails(failures - 1, why=why)
        right = await trier.tries(owner.password)
        if right.status != 200:
            right.blame("200", said(right), why)


@guessing.check
async def the_owner_gets_in(identity: IdentityService, world: World) -> None:
    """While one client is refused, the owner logs in from another address, and the refused one into another account."""
    failures = world.draw.integer(1, 3)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    other = await running.register()
    trier = Trier(running, owner.email, from_address=world.address())
    await trier.fails(failures)
    demand_locked(await trier.wrong(), failures)

    await running.login(
        owner,
        from_address=world.address(),
        why="Another client guesses at this account. If that kept its owner out, anyone could shut out anyone.",
    )
    await running.login(
        other,
        from_address=trier.from_address,
        why="What is counted is the pair of e-mail address and client address. Behind one client address there may be a whole office.",
    )
    demand_locked(await trier.wrong(), failures)


@guessing.check
async def many_at_once_are_no_more(identity: IdentityService, world: World) -> None:
    """However many tries of one pair come at the same moment, no more than FAILURES wrong passwords are looked at."""
    failures = world.draw.integer(1, 3)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    trier = Trier(running, owner.email, from_address=world.address())
    count = world.draw.integer(12, 20)

    answers = await asyncio.gather(*(trier.wrong() for _ in range(count)))

    looked_at = [answer for answer in answers if answer.status == 401]
    if len(looked_at) > failures:
        looked_at[-1].blame(
            f"401 for at most {failures} of {count} logins that came at once, and 429 for the others",
            f"401 for {len(looked_at)} of them",
            f"FAILURES is {failures}. Whoever counts when a try has failed counts too late: all the others have begun by then.",
        )
    strange = next((answer for answer in answers if answer.status not in {401, 429, 503}), None)
    if strange is not None:
        strange.blame("401 or 429", said(strange), "The password was wrong.")


@guessing.check
async def many_addresses_from_one(identity: IdentityService, world: World) -> None:
    """A client that fails with many e-mail addresses is refused everywhere after 10 × FAILURES failures, and no other client is."""
    failures = world.draw.integer(1, 2)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    sprayer = Trier(running, owner.email, from_address=world.address())

    await sprayer.sprays(10 * failures, world.draw)

    refused = await sprayer.tries(owner.password)
    if refused.status != 429:
        refused.blame(
            "429",
            said(refused),
            f"This client failed {10 * failures} times, with a new e-mail address each, and FAILURES is {failures}. Trying one common password with every account there is, is guessing too.",
        )
    retry_after(refused)
    await running.login(
        owner,
        from_address=world.address(),
        why="Only the client that fails everywhere is slowed down, and this is another.",
    )


@guessing.check
async def unknown_accounts_too(identity: IdentityService, world: World) -> None:
    """An address without an account is slowed down in the same way, with the same answer."""
    failures = world.draw.integer(1, 3)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    known = Trier(running, owner.email, from_address=world.address())
    unknown = Trier(running, draw_email(world.draw), from_address=world.address())
    why = "If only accounts that are there are slowed down, a few tries tell a stranger who has one."

    await known.fails(failures)
    await unknown.fails(failures)

    one, other = demand_locked(await known.wrong(), failures), await unknown.wrong()
    if other.status != 429:
        other.blame("429", f"{said(other)}, for an e-mail address without an account", why)
    expect(locked_out(other), "429 for an address without an account").equals(locked_out(one), why=f"{why} {ALIKE}")


@guessing.check
async def spellings_do_not_help(identity: IdentityService, world: World) -> None:
    """An e-mail address in upper case or with spaces around it is the same one, also when failures are counted."""
    failures = world.draw.integer(2, 4)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    email = owner.email
    source = world.draw.source()
    spellings = [email.upper(), email.capitalize(), f" {email}", f"{email}\t", email.swapcase()]
    source.shuffle(spellings)
    trier = Trier(running, email, from_address=world.address())

    for spelling in spellings[:failures]:
        await trier.fails(1, email=spelling)

    last = await running.tries(email, owner.password, from_address=trier.from_address)
    if last.status != 429:
        last.blame(
            "429",
            said(last),
            f"There were {failures} failures before it, with the address written as {', '.join(map(repr, spellings[:failures]))}. These are the same address, and one that is written in twenty ways would have twenty times as many tries.",
        )


@guessing.check
async def changes_count_too(identity: IdentityService, world: World) -> None:
    """A wrong current password in a change of password counts as a failed login, and is refused like one."""
    await demand_changes_count(identity, world)


@guessing.check
async def restarts_and_instances_do_not_help(identity: IdentityService, world: World) -> None:
    """Failures count across all instances, and a restart forgets none."""
    await demand_all_know(identity, world)


@guessing.check
async def forwarded_headers_are_not_believed(identity: IdentityService, world: World) -> None:
    """The client's address is that of its connection, whatever X-Forwarded-For and the like say."""
    await demand_not_believed(identity, world)
