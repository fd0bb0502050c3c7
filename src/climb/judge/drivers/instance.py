"""A running service: its lives one after the other, what it uses, how it is killed, paused and stopped, and who talks to it.

An instance keeps its variables and folders from life to life, and gets new ports each time: after a crash the kernel keeps the
old ones busy for a minute (TIME_WAIT), which is not what a restart is about.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, Self

import msgspec

from climb.counted import counted
from climb.judge import processes
from climb.judge.drivers.conversation import Conversation
from climb.judge.drivers.http import HttpClient
from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.life import ADDRESS, Life, Value
from climb.judge.drivers.lines import LineClient
from climb.judge.drivers.readiness import Ready, Tried, patience_s, wait_until_ready
from climb.judge.evidence import Comparison, Output
from climb.judge.expect import CannotTell, Failure
from climb.judge.limits import Limits
from climb.judge.listening import listened_on
from climb.judge.load import HttpLoad, HttpPlan, LineLoad
from climb.judge.load.neighbours import Neighbour, Neighbours
from climb.judge.program import Outcome, Stopped
from climb.judge.world import ports

if TYPE_CHECKING:
    from climb.judge.drivers.service import Service

__all__ = ["Instance", "Memory", "Stopping"]

_TO_ONE = "SIGTERM goes to the one process that climb.toml starts, as service managers and containers send it."
_WHY_IN_TIME = (
    f"{_TO_ONE} Who is not gone in time is killed by them, with all that is under way. A shell script in between passes the signal on"
    " only if it starts the program with exec."
)
_WHY_EXIT_CODE = (
    "The exit code tells whoever stopped it whether all went well. A program that does nothing about SIGTERM is ended by it, in the middle"
    f" of whatever it does. {_TO_ONE} A shell script in between passes it on only if it starts the program with exec."
)
_WHY_ALL = f"{_TO_ONE} That one ends the others, and waits for them: what stays behind keeps its ports and files, and nobody knows of it."
_SEEN_TO_DIE_S = 0.5  # a broken connection is noticed a little before the end of the process that broke it


class Memory(msgspec.Struct, frozen=True):
    """Bytes that all processes of a service use: now, and the most that was seen in this life.

    Counted are anonymous, shared and swapped pages, a page that several processes share once in all. Cached pages of files are the
    kernel's. The peak is the largest of a few samples a second, so it is a lower bound.
    """

    now: int
    peak: int


class Stopping(msgspec.Struct, frozen=True):
    """How a service stopped: how long after SIGTERM, and what is known of it."""

    seconds: float
    outcome: Outcome


class Instance:
    """One service of a check; made by ``Service.started`` and ``Service.start``."""

    def __init__(
        self,
        service: Service,
        env: Mapping[str, Value],
        *,
        port_names: tuple[str, ...],
        ready: Ready | None,
        ready_s: float | None,
        limits: Limits,
    ) -> None:
        self.lives: list[Life] = []
        self._service = service
        self._env = dict(env)
        self._port_names = port_names
        self._ready = ready
        self._ready_s = ready_s
        self._limits = limits
        self._followers: list[tuple[str, Callable[[int], object]]] = []

    def __repr__(self) -> str:
        state = "running" if self.running else "not running"
        return f"Instance({self.number if self.lives else 'not started'}, {state})"

    # --- what it is ---

    @property
    def number(self) -> int:
        """Which life of the check's services this is, counted from 1."""
        return self._life.number

    @property
    def env(self) -> dict[str, str]:
        """The variables that it was started with, ports included."""
        return dict(self._life.variables)

    @property
    def ports(self) -> dict[str, int]:
        """The ports that it was given, by variable."""
        return dict(self._life.ports)

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._life.program.pid

    @property
    def running(self) -> bool:
        """Whether the process that was started lives."""
        return bool(self.lives) and self._life.running

    @property
    def ready_seconds(self) -> float | None:
        """From the start to ready; None if that was not waited for."""
        return self._life.ready

    def pids(self) -> list[int]:
        """All its living processes."""
        return self._life.program.members()

    def memory(self) -> Memory:
        """What it uses, and the most that was seen."""
        now = processes.own_bytes(self.pids())
        return Memory(now, max(now, self._life.program.peak_memory))

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far, with the children that they have waited for."""
        return processes.cpu_seconds(self.pids())

    # --- its life ---

    async def start(self, env: Mapping[str, Value] | None = None) -> Self:
        """Start it, or start it again after it ended: the same variables but for those given, new ports.

        Fails the check if it does not become ready.
        """
        if self.running:
            raise RuntimeError(f"{self!r} is to be started, and was not ended before")
        self._env |= dict(env or {})
        life = self._service.new_life(self, self._env, self._port_names)
        await life.begin(self._service.scratch, self._limits, self._service.now())
        self.lives.append(life)
        for name, tell in self._followers:
            tell(life.ports[name])
        if self._ready is not None:
            await self._wait_until_ready(life, self._ready)
        return self

    def follow(self, port: str, tell: Callable[[int], object]) -> None:
        """Tell the number of this port now, and at each later start."""
        self._followers.append((port, tell))
        if self.lives:
            tell(self._life.ports[port])

    async def kill(self) -> None:
        """SIGKILL to all its processes; returns when they are gone."""
        life = self._life
        life.expected = life.expected or life.running
        await life.program.kill(Stopped.KILL)
        await life.end

    def pause(self) -> None:
        """Stop all its processes where they are (SIGSTOP)."""
        self._life.program.signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let all its processes go on (SIGCONT)."""
        self._life.program.signal_all(signal.SIGCONT)

    def terminate(self) -> float:
        """Ask it to stop, with SIGTERM to the process that was started; the time at which that was done."""
        life = self._life
        if life.terminated is None:
            self.demand_alive()
            life.expected = True
            life.terminated = self._service.now()
            life.program.terminate()
        return life.terminated

    async def stop(self, grace_s: float = 10.0, *, exit_code: int | None = 0) -> Stopping:
        """Ask it to stop and wait until it has.

        Fails the check if it takes longer than ``grace_s``, ends with another exit code (None: any) or leaves processes behind.
        """
        asked, life = self.terminate(), self._life
        if not await life.program.ended_within(asked + grace_s - self._service.now()):
            await life.program.kill(Stopped.GRACE)
            await life.end
            self._fail_stop(
                f"its end within {grace_s:.3g} s of SIGTERM", f"still running after {grace_s:.3g} s", _WHY_IN_TIME
            )
        outcome = await life.end
        seconds = max(life.began + outcome.seconds - asked, 0.0)
        if exit_code is not None and outcome.ending.code != exit_code:
            received = f"{outcome.ending}, {seconds:.2f} s after it"
            self._fail_stop(f"exit code {exit_code} after SIGTERM", received, _WHY_EXIT_CODE)
        if outcome.leftovers:
            received = f"{outcome.ending}, and still running: " + "; ".join(outcome.leftovers)
            self._fail_stop("all its processes end after SIGTERM", received, _WHY_ALL)
        return Stopping(seconds, outcome)

    async def ended(self, timeout_s: float) -> Outcome | None:
        """Wait for an end that the check expects; None if it is still running after this time."""
        life = self._life
        life.expected = True
        return await life.end if await life.program.ended_within(timeout_s) else None

    def demand_alive(self) -> None:
        """Fail the check if it has ended by itself."""
        if self.lives and self._life.outcome is not None and not self._life.expected:
            raise self._life.death()

    # --- who talks to it ---

    async def connect(
        self,
        port: str,
        *,
        name: str = "",
        at: tuple[str, int] | None = None,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        reading: bool = True,
    ) -> LineClient:
        """A client of lines, connected to the port of this variable, or ``at`` another address that leads there.

        Raises ConnectionLost or TimedOut.
        """
        client = self._service.line_client(name or f"connection {self._service.connections + 1} to {port}")
        address = at or (ADDRESS, self._life.ports[port])
        await client.open(address, receive_buffer=receive_buffer, send_buffer=send_buffer, reading=reading)
        return client

    async def converse(
        self,
        port: str,
        *,
        name: str = "",
        at: tuple[str, int] | None = None,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        reading: bool = True,
        keep: bool = True,
    ) -> Conversation:
        """A raw conversation in HTTP/1.1 with the port of this variable, or ``at`` another address that leads there.

        ``keep`` is whether bodies of answers are kept; else they are only hashed and counted. Raises ConnectionLost or TimedOut.
        """
        peer = name or f"connection {self._service.connections + 1} to {port}"
        conversation = self._service.conversation(peer, port=port, keep=keep)
        address = at or (ADDRESS, self._life.ports[port])
        await conversation.open(address, receive_buffer=receive_buffer, send_buffer=send_buffer, reading=reading)
        return conversation

    def http(self, port: str, *, at: tuple[str, int] | None = None) -> HttpClient:
        """A client of HTTP for the port of this variable, or ``at`` another address that leads there."""
        address = at or (ADDRESS, self._life.ports[port])
        return HttpClient(address, self._service.record, self._service.now, port=port)

    def json(self, port: str, *, at: tuple[str, int] | None = None) -> JsonClient:
        """A client of JSON over kept connections for the port of this variable, or ``at`` another address that leads there."""
        return self._service.json_client(at or (ADDRESS, self._life.ports[port]), port=port)

    @contextlib.asynccontextmanager
    async def load(
        self,
        port: str,
        blocks: Sequence[bytes],
        *,
        bytes_per_s: float | None = None,
        at: tuple[str, int] | None = None,
    ) -> AsyncIterator[LineLoad]:
        """Send each block over a connection of its own, from a process of its own: at a rate each, or as fast as it is taken."""
        address = at or (ADDRESS, self._life.ports[port])
        recording = self._service.record(f"load over {counted(len(blocks), 'connection')} to {port}")
        folder = self._service.folder("load")
        async with LineLoad(
            address, blocks, folder, opened_at=self._service.world.opened_at, bytes_per_s=bytes_per_s
        ) as load:
            recording.note(f"begins, to {address[0]}:{address[1]}")
            try:
                yield load
            finally:
                recording.note(f"{counted(load.sent, 'byte')} sent and {load.received:,} received by now")

    @contextlib.asynccontextmanager
    async def http_load(
        self, port: str, plan: HttpPlan, *, at: tuple[str, int] | None = None
    ) -> AsyncIterator[HttpLoad]:
        """Send requests as the plan has them, from a process of its own: at a rate, or as fast as they are answered."""
        address = at or (ADDRESS, self._life.ports[port])
        rate = (
            f"{plan.rate_per_s:,.0f} requests a second" if plan.rate_per_s else "requests as fast as they are answered"
        )
        recording = self._service.record(f"{rate} over {counted(plan.connections, 'connection')} to {port}")
        async with HttpLoad(address, plan, opened_at=self._service.world.opened_at) as load:
            recording.note(f"begins, to {address[0]}:{address[1]}")
            try:
                yield load
            finally:
                recording.note(f"{counted(load.sent, 'request')} sent and {load.received:,} answered by now")

    def neighbours(self, port: str, kinds: Sequence[Neighbour], *, at: tuple[str, int] | None = None) -> Neighbours:
        """Clients that behave badly towards the port of this variable, for as long as a block lasts."""
        return Neighbours(at or (ADDRESS, self._life.ports[port]), kinds)

    # --- what is told of it ---

    async def seen_dead(self) -> Failure | None:
        """The report of its death if it ended by itself, or does so in a moment."""
        if not self.lives or self._life.expected:
            return None
        life = self._life
        if not await life.program.ended_within(_SEEN_TO_DIE_S):
            return None
        await life.end
        return life.death()

    def last_lines(self) -> tuple[Output, ...]:
        """What its newest life wrote last, if it wrote anything."""
        return self._life.last_lines() if self.lives else ()

    async def close(self) -> None:
        """End what is left of it; no process of it is alive afterwards."""
        for life in self.lives:
            if life.outcome is None:
                life.expected = True
                await life.program.kill(Stopped.CALLER)
                await life.end

    @property
    def _life(self) -> Life:
        return self.lives[-1]

    async def _wait_until_ready(self, life: Life, ready: Ready) -> None:
        address = (ADDRESS, life.ports[ready.port])
        seconds = self._ready_s if self._ready_s is not None else await patience_s()
        tried = await wait_until_ready(ready, address, seconds=seconds, alive=lambda: life.running)
        if tried.ready and life.running:
            life.ready = self._service.now() - life.began
            return
        if not life.running and not life.expected:
            await life.end
            self._blame_nobody_for_a_taken_port(life)
            raise life.death()
        self._fail_not_ready(life, ready.at(address), tried)

    def _blame_nobody_for_a_taken_port(self, life: Life) -> None:
        """Between the judge's hold on a port and the program's, another program may have been quicker; nothing of this one is left."""
        for name, port in life.ports.items():
            if ports.taken(ADDRESS, port):
                life.expected = True  # it is told here, and nobody is to be blamed for it
                raise CannotTell(f"another program took port {port} before the one that was told {name}={port} could")

    def _fail_not_ready(self, life: Life, asked: str, tried: Tried) -> NoReturn:
        where = listened_on(life.program.members())
        comparison = Comparison(
            subject="the service is ready",
            expected=f"{asked}",
            received=f"{tried.saw}, {self._service.now() - life.began:.1f} s after the start",
            why="The judge waits for this answer before it sends anything, and so does everyone who starts a service.",
            saw=f"the program runs (pid {life.program.pid}) and listens on {', '.join(where) or 'no port'}",
        )
        raise Failure(comparison.subject, comparison, *life.last_lines())

    def _fail_stop(self, expected: str, received: str, why: str) -> NoReturn:
        subject = "how the program stopped"
        comparison = Comparison(subject=subject, expected=expected, received=received, why=why)
        raise Failure(subject, comparison, *self.last_lines())
