"""The service driver: a program that is started once, told everything by its environment, and talked to over sockets.

    async with service.started({"DATA_DIR": folder}, ports=("PORT",), ready=healthy("PORT")) as instance:
        stats = await instance.http("PORT").get("/stats")

A program that ends while a check still needs it is the first thing to say, whatever the check noticed of it: leaving the block, or the
check, turns any failure into the report of that end.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from climb.judge.drivers.conversation import Conversation
from climb.judge.drivers.instance import Instance, Memory, Stopping
from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.life import Life, Value
from climb.judge.drivers.lines import LineClient
from climb.judge.drivers.readiness import Ready, accepts, healthy, patience_s
from climb.judge.drivers.recording import Recording
from climb.judge.drivers.traces import Trace
from climb.judge.evidence import Evidence, Exchange, Output
from climb.judge.expect import Failure, fail
from climb.judge.limits import MIB, Limits
from climb.judge.program import Outcome
from climb.judge.scratch import Scratch
from climb.judge.world import World

__all__ = ["Instance", "Memory", "Service", "Stopping", "accepts", "healthy"]

_LINES_SHOWN = 8  # of a program that did not die: what it wrote need not be about the failure
# A check has a deadline of its own, so a service needs none; the rest protects the machine and is not what a stage judges.
_LIMITS = Limits(seconds=3600, memory=4096 * MIB, processes=512, output=512 * MIB)


class Service:
    """Starts the learner's program, as often as a check likes. Used as a block by the judge: at its end nothing is left."""

    def __init__(self, words: list[str], folder: Path, world: World, *, limits: Limits | None = None) -> None:
        self.world = world
        self.instances: list[Instance] = []
        self._words = words
        self._folder = folder
        self._limits = limits or _LIMITS
        self._recordings: list[Recording] = []
        self._clients: list[LineClient] = []
        self._conversations: list[Conversation] = []
        self._json_clients: list[JsonClient] = []
        self._traces: tuple[Trace, ...] = ()
        self._scratch: Scratch | None = None
        self._lives = 0
        self._last_lines: tuple[Output, ...] = ()

    def __repr__(self) -> str:
        return f"Service({' '.join(self._words)!r}, {len(self.instances)} instances)"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None or isinstance(error, Exception):
                suspicious = error is not None or any(recording.failed for recording in self._recordings)
                for instance in self.instances:
                    await _demand_life(instance, error, suspicious=suspicious)
        finally:
            await self._close()

    # --- for checks ---

    def now(self) -> float:
        """Seconds since the check began: the one clock of everything that is recorded."""
        return self.world.now()

    @property
    def connections(self) -> int:
        """How many transcripts there are."""
        return len(self._recordings)

    def folder(self, name: str = "data") -> Path:
        """A new empty folder on a disk, which goes when the check ends."""
        return self.scratch.folder(name)

    @contextlib.asynccontextmanager
    async def started(
        self,
        env: Mapping[str, Value],
        *,
        ports: Sequence[str] = (),
        ready: Ready | None = None,
        ready_s: float | None = None,
        **limits: Any,
    ) -> AsyncIterator[Instance]:
        """A running service; leaving the block ends it, at once. ``ports`` names the variables that get a free port each.

        Fails the check if it does not become ready, or if it ended before it was asked to.
        """
        instance = self._instance(env, ports, ready, ready_s, limits)
        try:
            await instance.start()
            yield instance
        except Exception as error:
            await _demand_life(instance, error, suspicious=True)
            raise
        else:
            await _demand_life(instance, None, suspicious=False)
        finally:
            await instance.close()

    async def start(
        self,
        env: Mapping[str, Value],
        *,
        ports: Sequence[str] = (),
        ready: Ready | None = None,
        ready_s: float | None = None,
        **limits: Any,
    ) -> Instance:
        """The same without a block: it ends with the check."""
        return await self._instance(env, ports, ready, ready_s, limits).start()

    async def refuses(
        self,
        env: Mapping[str, Value],
        *,
        ports: Sequence[str] = (),
        exit_code: int = 2,
        why: str = "A program that can't work as it is told says so at once, instead of working otherwise.",
    ) -> Outcome:
        """Start it where it must end by itself with this exit code; what it left. Fails the check otherwise."""
        instance = self._instance(env, ports, None, None, {})
        await instance.start()
        seconds = await patience_s()
        outcome = await instance.ended(seconds)
        if outcome is None:
            fail(
                "how the program ended",
                expected=f"exit code {exit_code}",
                received=f"still running after {seconds:.0f} s",
                why=why,
            )
        if outcome.ending.code != exit_code:
            fail("how the program ended", expected=f"exit code {exit_code}", received=str(outcome.ending), why=why)
        return outcome

    # --- for instances ---

    def record(self, peer: str) -> Recording:
        """A transcript of a new connection."""
        recording = Recording(peer, self.now)
        self._recordings.append(recording)
        return recording

    def line_client(self, peer: str) -> LineClient:
        """A client that is not connected yet; its connection ends with the check."""
        client = LineClient(self.record(peer), self.now)
        self._clients.append(client)
        return client

    def conversation(self, peer: str, *, port: str, keep: bool) -> Conversation:
        """A conversation that is not connected yet; its connection ends with the check."""
        conversation = Conversation(self.record(peer), self.now, port=port, keep=keep)
        self._conversations.append(conversation)
        return conversation

    @property
    def scratch(self) -> Scratch:
        """The folders of this check, and its services' logs."""
        if self._scratch is None:
            self._scratch = Scratch()
        return self._scratch

    def json_client(self, address: tuple[str, int], *, port: str) -> JsonClient:
        """A client whose kept connections end with the check."""
        self._json_clients.append(JsonClient(address, self.record, self.now, port=port))
        return self._json_clients[-1]

    def new_life(self, instance: Instance, env: Mapping[str, Value], port_names: tuple[str, ...]) -> Life:
        """A life of an instance that is about to begin."""
        if instance not in self.instances:
            self.instances.append(instance)
        self._lives += 1
        return Life(self._lives, self._words, self._folder, env=env, port_names=port_names)

    # --- for the judge ---

    def evidence(self, given: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """What is told of a check that did not pass, beside what it gave itself."""
        lives = sorted(self._all_lives(), key=lambda life: life.number)
        found: list[Evidence] = [life.lifetime(self.now()) for life in lives[-1:]]
        if not any(isinstance(piece, Output) for piece in given):
            found.extend(Output(title=piece.title, lines=piece.lines[-_LINES_SHOWN:]) for piece in self._last_lines)
        if not any(isinstance(piece, Exchange) for piece in given):
            found.extend(recording.exchange() for recording in self._newest_of_each_kind())
        return tuple(found)

    def traces(self) -> tuple[Trace, ...]:
        """What each life wrote and was told, and which files were left in the folders."""
        return self._traces

    def _instance(
        self,
        env: Mapping[str, Value],
        ports: Sequence[str],
        ready: Ready | None,
        ready_s: float | None,
        limits: dict[str, Any],
    ) -> Instance:
        bounds = msgspec.structs.replace(self._limits, **limits)
        return Instance(self, env, port_names=tuple(ports), ready=ready, ready_s=ready_s, limits=bounds)

    def _newest_of_each_kind(self) -> list[Recording]:
        """The connection of lines, the conversation and the request over which something was said last."""
        lines = [client.recording for client in self._clients]
        conversations = [conversation.recording for conversation in self._conversations]
        known = {id(recording) for recording in (*lines, *conversations)}
        requests = [recording for recording in self._recordings if id(recording) not in known]
        kinds = (lines, conversations, requests)
        return [max(kind, key=lambda recording: recording.last_at) for kind in kinds if kind]

    def _all_lives(self) -> list[Life]:
        return [life for instance in self.instances for life in instance.lives]

    async def _close(self) -> None:
        for client in self._clients:
            client.drop()
        for conversation in self._conversations:
            conversation.drop()
        for json_client in self._json_clients:
            json_client.close()
        for instance in self.instances:
            await instance.close()
        traces = [trace for life in self._all_lives() for trace in life.traces()]
        self._last_lines = next((instance.last_lines() for instance in reversed(self.instances)), ())
        if self._scratch is not None:
            traces.append(Trace("services", "files", self._scratch.listing().encode()))
            self._scratch.remove()
        self._traces = tuple(traces)


async def _demand_life(instance: Instance, error: Exception | None, *, suspicious: bool) -> None:
    """Raise the report of its death if it ended by itself; with what the check noticed of it."""
    dead = await instance.seen_dead() if suspicious or not instance.running else None
    if dead is None or (isinstance(error, Failure) and error.subject == dead.subject):
        return
    noticed = error.evidence if isinstance(error, Failure) else ()
    raise Failure(dead.subject, *dead.evidence, *(piece for piece in noticed if isinstance(piece, Exchange))) from error
