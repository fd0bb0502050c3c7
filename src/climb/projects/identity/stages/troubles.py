"""What is asked while something is wrong, and the answers that the brief's table has for it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from climb.judge.history import Recorder
from climb.judge.matrix import Demand, Trouble, demand_matrix
from climb.projects.identity.driver import draw_email

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.judge.drivers.http1 import Answer
    from climb.judge.faults.fault import Fault
    from climb.judge.world import World
    from climb.projects.identity.driver import IdentityService, Running

__all__ = ["demand_table"]

_BOUND_S = 3.0
_PER_S = 2.5  # of each kind; two of them need a hash, and slow machines have to keep up
_RECOVERY_S = 5.0
_NOTICE_S = 1.5  # how old what /readyz knows may be
_AWAY: AbstractSet[int] = frozenset({503})
_WHY = "The brief's table: what needs no database is answered as always, everything else within 3 s with 503 and Retry-After; and within 5 s after it is back all is well, without a restart."


async def demand_table(
    identity: IdentityService, world: World, faults: Sequence[tuple[Fault, float]], *, works: bool = False
) -> None:
    """One after the other these faults come to the database, each for so many seconds. ``works``: answers as always will do too."""
    running = await identity.start(failures=100)
    asked = await _Asked.begun(running, world)
    demands = asked.demands(works=works)
    place = running.database.place
    troubles = [Trouble(faults=((place, fault),), demands=demands, lasts_s=lasts_s) for fault, lasts_s in faults]
    await demand_matrix(troubles, Recorder(identity.service.now), why=_WHY, per_s=_PER_S)


class _Asked:
    """Requests of each kind; none depends on what became of an earlier one."""

    def __init__(self, running: Running, world: World, token: str) -> None:
        self._running = running
        self._token = token
        self._first = draw_email(world.draw)
        self._number = 0

    @classmethod
    async def begun(cls, running: Running, world: World) -> _Asked:
        """With a token of the administrator's."""
        return cls(running, world, (await running.admin()).access)

    def demands(self, *, works: bool) -> list[Demand]:
        """What each is answered, while the database is away, or if it ``works`` nevertheless."""
        return [
            self._always("/healthz"),
            self._always("/metrics"),
            self._always("/.well-known/jwks.json"),
            self._always("/.well-known/oauth-authorization-server"),
            self._needs("GET /readyz", 200, works=works, notice_s=_NOTICE_S, method="GET", path="/readyz"),
            self._needs("GET /v1/users/me", 200, works=works, method="GET", path="/v1/users/me", token=self._token),
            Demand(name="a login", request=self._login, during=_during(200, works), after={200}, **_TIMES),
            Demand(name="a registration", request=self._register, during=_during(202, works), after={202}, **_TIMES),
            self._needs(
                "a refresh with an unknown token",
                401,
                works=works,
                method="POST",
                path="/v1/sessions/refresh",
                json={"refresh_token": "no-such-token"},
            ),
        ]

    def _always(self, path: str) -> Demand:
        async def asks() -> Answer:
            return await self._running.ask("GET", path, status=None)

        return Demand(name=f"GET {path}", request=asks, during={200}, after={200}, **_TIMES)

    def _needs(
        self, name: str, usual: int, *, works: bool, method: str, path: str, notice_s: float = 0.0, **given: Any
    ) -> Demand:
        async def asks() -> Answer:
            return await self._running.ask(method, path, status=None, **given)

        return Demand(name=name, request=asks, during=_during(usual, works), after={usual}, notice_s=notice_s, **_TIMES)

    async def _login(self) -> Answer:
        owner = self._running.administrator
        assert owner is not None
        return await self._running.tries(owner.email, owner.password)

    async def _register(self) -> Answer:
        self._number += 1
        body = {"email": f"n{self._number}.{self._first}", "password": "long enough for it"}
        return await self._running.ask("POST", "/v1/registrations", json=body, status=None)


_TIMES: dict[str, Any] = {"bound_s": _BOUND_S, "recovery_s": _RECOVERY_S}


def _during(usual: int, works: bool) -> AbstractSet[int]:
    return _AWAY | {usual} if works else _AWAY
