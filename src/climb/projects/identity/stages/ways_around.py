"""Ways around the limit on guessing: another route, another instance, a restart, an address that is only written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.projects.identity.driver import draw_password
from climb.projects.identity.stages.tried import Trier, said

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.identity.driver import IdentityService

__all__ = ["demand_all_know", "demand_changes_count", "demand_not_believed"]

_LONG_S = 600
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP")


async def demand_changes_count(identity: IdentityService, world: World) -> None:
    """A wrong current password in a change counts as a failed login does."""
    failures = world.draw.integer(2, 4)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    mine = await running.admin()
    place = world.address()

    async def changes(current: str) -> Answer:
        return await running.ask(
            "PUT",
            "/v1/users/me/password",
            json={"current": current, "new": draw_password(world.draw)},
            token=mine.access,
            from_address=place,
            status=None,
        )

    why = "Whoever holds a token for some minutes, and not the password, would guess here instead (brief, Refresh tokens)."
    for number in range(failures):
        wrong = await changes(draw_password(world.draw))
        if wrong.status != 422:
            wrong.blame(
                "422",
                said(wrong),
                f"The current password is wrong, for the {number + 1}. time, and FAILURES is {failures}.",
            )
    for refused, what in (
        (await running.tries(owner.email, owner.password, from_address=place), "a login"),
        (await changes(owner.password), "a change of password"),
    ):
        if refused.status != 429:
            refused.blame(
                "429",
                f"{said(refused)}, for {what} with the right password",
                f"There were {failures} failures before it. {why}",
            )


async def demand_all_know(identity: IdentityService, world: World) -> None:
    """Two instances count together, and a kill forgets nothing."""
    half = world.draw.integer(1, 2)
    failures = 2 * half
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    other = await running.second()
    trier = Trier(running, owner.email, from_address=world.address())
    beside = Trier(other, owner.email, from_address=trier.from_address)

    await trier.fails(half)
    await beside.fails(half)

    for place, what in ((trier, "the first instance"), (beside, "the second instance")):
        refused = await place.tries(owner.password)
        if refused.status != 429:
            refused.blame(
                "429",
                f"{said(refused)}, from {what}",
                f"Each of the two instances has seen {half} failures of the pair, and FAILURES is {failures}. Instances behave as one service, so a count is not one's own.",
            )
    await running.restart()
    refused = await trier.tries(owner.password)
    if refused.status != 429:
        refused.blame(
            "429",
            f"{said(refused)}, after a kill -9 and a new start",
            f"LOCK_S is {_LONG_S}, so the lock still holds. A program that forgets it can be made to forget.",
        )


async def demand_not_believed(identity: IdentityService, world: World) -> None:
    """Fields in which a client writes an address change nothing, neither for it nor for others."""
    failures = world.draw.integer(2, 4)
    running = await identity.start(failures=failures, lock_s=_LONG_S)
    owner = running.administrator
    assert owner is not None
    victim = world.address()
    trier = Trier(running, owner.email, from_address=world.address())

    for number in range(failures):
        await trier.fails(1, fields=_forwarded(f"198.51.100.{number + 1}"))

    refused = await trier.tries(owner.password, fields=_forwarded("198.51.100.200"))
    if refused.status != 429:
        refused.blame(
            "429",
            said(refused),
            f"All {failures} failures came from one client, which wrote another address into each request. Anyone can write these fields.",
        )
    liar = Trier(running, owner.email, from_address=world.address())
    for _ in range(failures):
        await liar.fails(1, fields=_forwarded(victim))
    await running.login(
        owner,
        from_address=victim,
        why=f"{failures} failures claimed to come from here, in X-Forwarded-For and the like, and did not. Who believes them lets anyone lock out anyone.",
    )


def _forwarded(address: str) -> list[tuple[str, str]]:
    return [(name, f"for={address}" if name == "Forwarded" else address) for name in _FORWARDED]
