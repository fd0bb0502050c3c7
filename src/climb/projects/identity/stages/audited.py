"""What people do while the service and its database are killed, what they were told, and what is there afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.audit import Audit, drawn_kills, place_of
from climb.judge.history import Recorder
from climb.projects.identity.stages.audited_asking import Asking
from climb.projects.identity.stages.audited_people import Accounts, Ended, Families, Password

if TYPE_CHECKING:
    from climb.judge.audit.auditing import Writer
    from climb.judge.world import World
    from climb.projects.identity.driver import IdentityService

__all__ = ["demand_durable"]

_CHANGING = 3
_FAMILIES = ("a", "b", "c")
_ACKNOWLEDGED = 25
_WHY = "It was answered with 2xx, so it is in the database, whatever happens a moment later (brief, When things break)."


async def demand_durable(identity: IdentityService, world: World) -> None:
    """Under kills of both, nothing that was acknowledged is lost, and nothing that has ended comes back."""
    database = await world.database(alone=True)
    running = await identity.start(database=database, failures=100)
    audit = Audit(Recorder(identity.service.now))
    asking = Asking(identity, running)
    accounts = await Accounts.prepared(asking, audit, world)
    passwords = [await Password.begun(asking, audit) for _ in range(_CHANGING)]
    families = [Families(asking, audit, name) for name in _FAMILIES]
    ended = Ended(asking, audit)
    writers: list[Writer] = [accounts.write, ended.write]
    writers += [each.write for each in passwords]
    writers += [each.write for each in families]
    places = [place_of(running.instance), database.place]
    await audit.under_kills(writers, drawn_kills(world.draw, places, at_least=2, at_most=3, acknowledged=_ACKNOWLEDGED))
    audit.demand_states(
        {
            **await accounts.found(),
            **{each.key: await each.found() for each in passwords},
            **{key: state for each in families for key, state in (await each.found()).items()},
            **await ended.found(),
        },
        where="what the service lets people do",
        why=_WHY,
    )
