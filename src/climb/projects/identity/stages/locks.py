"""When a lock begins and ends, for a pair of addresses and for a client that fails everywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.on_time import clock
from climb.projects.identity.driver import draw_email
from climb.projects.identity.stages.tried import Trier, demand_locked, said

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.identity.driver import Running

__all__ = ["demand_locks_end"]

_POLL_S = 0.15
_COARSE_S = 0.3  # what clocks and the way to the service may differ by


async def demand_locks_end(running: Running, world: World, *, failures: int, lock_s: int) -> None:
    """Three clients: one guesses at an account, one at all of them, and one has mistyped once."""
    owner = running.administrator
    assert owner is not None
    trier, sprayer, mistyping = (
        Trier(running, email, from_address=world.address())
        for email in (owner.email, draw_email(world.draw), owner.email)
    )
    async with clock() as watch:
        once = await mistyping.fails(failures - 1)
        sprayed = await sprayer.sprays(10 * failures, world.draw)
        last = await trier.fails(failures)
        demand_locked(await trier.wrong(), failures)
        await _stays_shut(trier, owner.password, last, lock_s)
        for trying, since in ((trier, last), (sprayer, sprayed)):
            await _opens(trying, owner.email, owner.password, since.ended_at + watch.allowed_s(lock_s), lock_s)
        await asyncio.sleep(max(once.ended_at + watch.allowed_s(lock_s) - running.now(), 0))
        await mistyping.fails(failures - 1)
        right = await mistyping.tries(owner.password)
        if right.status != 200:
            right.blame(
                "200",
                said(right),
                f"This client failed {failures - 1} times now, and as often more than LOCK_S ago, which does not count any more.",
            )


async def _stays_shut(trier: Trier, password: str, last: Answer, lock_s: int) -> None:
    """Until LOCK_S are over the right password is refused; asking for it changes nothing."""
    opens = last.asked_at + lock_s
    while trier.running.now() < opens - 2 * _COARSE_S:
        await asyncio.sleep(_POLL_S)
        early = await trier.tries(password)
        if early.status != 429 and early.ended_at < opens - _COARSE_S:
            early.blame(
                f"429 for {lock_s} s",
                f"{said(early)}, {early.asked_at - last.ended_at:.2f} s after the last failure",
                f"LOCK_S is {lock_s}.",
            )


async def _opens(trying: Trier, email: str, password: str, until: float, lock_s: int) -> None:
    """Some time before ``until`` the right password works from this client address."""
    while True:
        late = await trying.running.tries(email, password, from_address=trying.from_address)
        if late.status == 200:
            return
        if late.asked_at > until:
            late.blame(
                "200",
                f"{said(late)}, long after LOCK_S",
                f"LOCK_S is {lock_s}: then the right password works again. If refused tries counted, anyone who keeps trying would keep a lock shut.",
            )
        await asyncio.sleep(_POLL_S)
