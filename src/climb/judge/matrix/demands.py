"""What is demanded of a service while something is wrong: a request and its answers, and the faults that they are for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set as AbstractSet
from dataclasses import dataclass, field

from climb.judge.drivers.http1 import Answer
from climb.judge.faults.fault import Fault, Place

__all__ = ["Demand", "Request", "Trouble"]

Request = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Demand:
    """One kind of request, and its answers while the trouble lasts (``during``) and when it is over (``after``).

    ``request`` asks once, whatever the status; it is called anew each time. Every answer comes within ``bound_s``. From ``recovery_s``
    after the healing on only ``after`` will do, before either. For ``notice_s`` from the beginning the program may not have noticed.
    With ``retry_after`` each 503 says when to come again.
    """

    name: str
    request: Request
    bound_s: float
    during: AbstractSet[int] = field(default_factory=lambda: frozenset({200}))
    after: AbstractSet[int] = field(default_factory=lambda: frozenset({200}))
    recovery_s: float = 5.0
    notice_s: float = 0.0
    retry_after: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Trouble:
    """Faults that come together, each in its place, for ``lasts_s``, and the demands that hold meanwhile.

    Faults that are over at once, such as a restart, have a ``lasts_s`` of 0. ``name`` is made of the faults if none is given.
    """

    faults: Sequence[tuple[Place, Fault]]
    demands: Sequence[Demand]
    lasts_s: float = 4.0
    name: str = ""

    def __str__(self) -> str:
        return self.name or ", ".join(place.named(fault.label) for place, fault in self.faults)
