"""What all faults have in common: they are put into a place and healed there, and say in a few words what they are."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, runtime_checkable

from climb.judge.history import PROGRAM
from climb.judge.world.effects import Condition, Direction, Effect

if TYPE_CHECKING:
    from climb.judge.history import EventKind
    from climb.judge.world.draws import Draws
    from climb.judge.world.proxy import Proxy

__all__ = ["Fault", "NetworkFault", "Part", "Place", "Program", "Store", "drawn_direction"]


class Program(Protocol):
    """What process faults do to a running program."""

    async def kill(self) -> None:
        """SIGKILL to all its processes; returns when they are gone."""

    def pause(self) -> None:
        """SIGSTOP to all its processes."""

    def resume(self) -> None:
        """SIGCONT to all its processes."""


class Part(Protocol):
    """What a program stands on, as faults see it that are neither on the way nor in its process."""

    async def fill(self) -> None:
        """Others have all its connections: the program's end, and it gets no new one."""

    async def relieve(self) -> None:
        """There is room again."""


@runtime_checkable
class Store(Part, Protocol):
    """One that can lose what it keeps and run on."""

    async def empty(self) -> None:
        """Nothing is left in it."""


def _unnoted(_kind: EventKind, _label: str) -> None:
    """Nobody wants to know."""


@dataclass
class Place:
    """Where faults act: the program as it runs now, how it is started again, and the proxy before it.

    ``note`` is told what happens to the program. None for ``program`` means that it is dead. The place may be that of something that
    the program stands on: then ``who`` is its name in histories, and ``part`` is what else can go wrong with it.
    """

    program: Program | None = None
    start: Callable[[], Awaitable[Program]] | None = None
    proxy: Proxy | None = None
    note: Callable[[EventKind, str], None] = _unnoted
    who: str = PROGRAM
    part: Part | None = None
    _conditions: dict[Fault, Condition] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def kill(self) -> None:
        """Kill the program; nothing happens if it is dead."""
        program, self.program = self.program, None
        if program is not None:
            await program.kill()
            self.note("killed", "killed")

    async def start_again(self) -> None:
        """Start the program if it is dead, and the place says how; from now on faults act on what was started."""
        async with self._starting:
            if self.program is None and self.start is not None:
                self.program = await self.start()
                self.note("started", "started again")

    def named(self, label: str) -> str:
        """The label of a fault, with whose it is unless that is the program."""
        return label if self.who == PROGRAM else f"{self.who}: {label}"

    @property
    def road(self) -> Proxy:
        """The proxy; a place without one can't have this fault."""
        if self.proxy is None:
            raise ValueError("this place has no proxy")
        return self.proxy

    def put_on(self, fault: Fault, condition: Condition) -> None:
        """The fault's condition is in force until ``take_off``."""
        self.take_off(fault)
        self._conditions[fault] = condition
        self.road.put_on(condition)

    def take_off(self, fault: Fault) -> None:
        """The fault's condition is no longer in force, if it was."""
        condition = self._conditions.pop(fault, None)
        if condition is not None:
            self.road.take_off(condition)


class Fault(ABC):
    """Something that goes wrong, in a place, until it is healed. Two faults are two, however alike."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def label(self) -> str:
        """What it is, in a few words: the name of its shade on a plot."""

    @abstractmethod
    async def inject(self, place: Place) -> None:
        """It is there from now on."""

    @abstractmethod
    async def heal(self, place: Place) -> None:
        """It is gone; healing what is not there changes nothing."""

    @classmethod
    @abstractmethod
    def drawn(cls, draw: Draws) -> Self:
        """A random one; smaller draws are milder."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkFault(Fault):
    """One on the way between clients and program: in one direction or both (None), on one connection or all (None)."""

    direction: Direction | None = None
    connection: int | None = None

    @property
    @abstractmethod
    def effect(self) -> Effect:
        """What it does to the bytes."""

    @property
    @abstractmethod
    def what(self) -> str:
        """The label without its place."""

    @property
    def label(self) -> str:
        """What it does, and where."""
        way = f", {self.direction.value}" if self.direction else ""
        which = f", connection {self.connection + 1}" if self.connection is not None else ""
        return f"{self.what}{way}{which}"

    async def inject(self, place: Place) -> None:
        """Put the effect into force."""
        place.put_on(self, Condition(self.effect, self.direction, self.connection))

    async def heal(self, place: Place) -> None:
        """Take the effect off."""
        place.take_off(self)


def drawn_direction(draw: Draws) -> Direction | None:
    """One way, the other, or both, which is the least simple."""
    return draw.choice([Direction.TO_PROGRAM, Direction.TO_CLIENT, None])
