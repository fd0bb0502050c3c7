"""Instances with roads of their own to database and cache: what is changed, followed and away is recorded, and judged by the rule of staleness.

Everybody who follows keeps to one link and one instance and asks again and again, so that an old answer is seen whenever it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import CannotTell, fail
from climb.judge.history import History, Operation, Outcome, Recorder
from climb.judge.properties import Counterexample, Finding, demand
from climb.judge.together import in_background
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.rules.moments import from_now, written
from climb.projects.links.rules.staleness import Away, Following, Objection, Part, Past, Version, objection
from climb.projects.links.stages.gone import Loss, lost
from climb.projects.links.stages.judged import demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World

__all__ = ["Site"]

_EVERY_S = 0.03
_TRIES = 40
_AGAIN_S = 0.1


class Site:
    """Two instances or more; ``Site.opened`` starts them."""

    def __init__(self, running: Running, world: World, stale_ms: int) -> None:
        self.running = running
        self.stale_s = stale_ms / 1000
        self.recorder = Recorder(clock=world.now)
        self._versions: dict[str, list[Version]] = defaultdict(list)
        self._followings: dict[str, list[Following]] = defaultdict(list)
        self._operations: dict[Following | Version, Operation] = {}
        self._away: dict[object, Away] = {}
        self._targets = 0
        self._word = world.draw.word()

    @classmethod
    async def opened(cls, links: LinksService, world: World, *, stale_ms: int, instances: int = 2) -> Site:
        """A site whose instances are ready."""
        running = await links.start(instances=instances, roads=True, stale_ms=stale_ms)
        return cls(running, world, stale_ms)

    @property
    def instances(self) -> range:
        """Their numbers."""
        return range(len(self.running.instances))

    # --- changing ---

    async def make(self, *, instance: int = 0, code: str | None = None, expires_s: float | None = None) -> str:
        """A new link, which expires so many seconds from now or never; its code."""
        target, made_at = self._target(), self.now()
        expires_at = None if expires_s is None else made_at + expires_s
        body = {"url": target, "expires_at": _written(expires_s)} | ({} if code is None else {"code": code})
        answer = await self.running.ask("POST", "/v1/links", instance=instance, json=body, status=None)
        self._in_time(answer, expires_at)
        demand_status(answer, 201, why="A right request makes a link.")
        found: str = answer.json()["code"]
        self._changed(found, target, instance, expires_at, answer, f"make {found}, to {target}")
        return found

    async def change(self, code: str, *, instance: int = 0) -> None:
        """It leads elsewhere."""
        target = self._target()
        expires_at = self._versions[code][-1].expires_at
        await self._until_told("PATCH", code, instance, {"url": target}, target, expires_at, f"{code} to {target}")

    async def end_at(self, code: str, expires_s: float | None, *, instance: int = 0) -> None:
        """It expires so many seconds from now, or never."""
        target = self._versions[code][-1].target
        expires_at = None if expires_s is None else self.now() + expires_s
        words = f"{code}: expires {'never' if expires_s is None else f'in {expires_s:.2f} s'}"
        body = {"expires_at": _written(expires_s)}
        await self._until_told("PATCH", code, instance, body, target, expires_at, words)

    async def delete(self, code: str, *, instance: int = 0) -> None:
        """It is there no more."""
        await self._until_told("DELETE", code, instance, None, None, None, f"delete {code}")

    def deleted(self, code: str) -> bool:
        """Whether it was deleted, for all one knows."""
        return any(version.target is None for version in self._versions[code])

    # --- following ---

    async def follow(self, code: str, instance: int) -> Following:
        """Ask for a code once."""
        pending = self.recorder.begin(
            f"who follows on instance {instance + 1}", "follow", code, label=f"GET /{code} (instance {instance + 1})"
        )
        began_at = pending.operation.invoked_at
        status, target, answered = 0, None, "no answer"
        try:
            answer = await self.running.follow(code, instance)
            status, target = answer.status, answer.headers.get("location")
            answered = f"{status} {target or ''}".rstrip()
            pending.ok(answer=answered)
        except (ConnectionLost, TimedOut):
            pending.unknown(answered)
        found = Following(
            instance=instance,
            began_at=began_at,
            ended_at=self.now(),
            status=status,
            target=target if status == 302 else None,
        )
        self._followings[code].append(found)
        self._operations[found] = pending.operation
        return found

    async def warm(self, codes: Iterable[str]) -> None:
        """Each instance has answered each of these, so that they are in every cache."""
        for code in codes:
            for instance in self.instances:
                for _ in range(2):
                    await self.follow(code, instance)

    @contextlib.asynccontextmanager
    async def watched(self, codes: Iterable[str], instances: Iterable[int] | None = None) -> AsyncIterator[None]:
        """While the block lasts these are followed again and again, on all instances or on these."""
        where = list(self.instances if instances is None else instances)
        async with in_background(*(self._watch(code, instance) for code in codes for instance in where)):
            yield

    async def outlast(self, more_s: float = 0.3) -> None:
        """Wait until what was changed by now must be seen, and a little longer to see whether it stays so."""
        await asyncio.sleep(self.stale_s + more_s)

    # --- what is away ---

    @contextlib.asynccontextmanager
    async def away(self, part: Part, instances: Iterable[int], loss: Loss) -> AsyncIterator[None]:
        """While the block lasts these instances can't ask this part."""
        concerned = sorted(instances)
        whom = " and ".join(str(instance + 1) for instance in concerned)
        number = self.recorder.fault_begins(f"the {part.value} is {loss.value} for instance {whom}")
        tokens = {instance: object() for instance in concerned}
        async with contextlib.AsyncExitStack() as stack:
            for instance in concerned:
                one = self.running.instances[instance]
                road = one.database_road if part is Part.DATABASE else one.cache_road
                assert road is not None
                stack.enter_context(lost(road, loss))
                self._away[tokens[instance]] = Away(part=part, instance=instance, since=self.now())
            yield
        for instance in concerned:
            since = self._away[tokens[instance]].since
            self._away[tokens[instance]] = Away(part=part, instance=instance, since=since, until=self.now())
        self.recorder.fault_ends(number)

    # --- judging ---

    def demand(self, *, why: str = "") -> None:
        """Fail the check with the first answer that was not allowed."""
        found = [wrong for code in self._followings for wrong in self._objections(code)]
        found.sort(key=lambda pair: pair[1].following.began_at)
        if not found:
            return
        code, first = found[0]
        counterexamples = [self._counterexample(wrong) for where, wrong in found if where == code]
        demand(
            Finding(first.kind, tuple(counterexamples)),
            self._history(code),
            why=f"{first.why} {why}".strip(),
        )

    def now(self) -> float:
        """Seconds since the check began."""
        return self.recorder.now()

    # --- inside ---

    async def _watch(self, code: str, instance: int) -> None:
        while True:
            await self.follow(code, instance)
            await asyncio.sleep(_EVERY_S)

    async def _until_told(
        self,
        method: str,
        code: str,
        instance: int,
        body: dict[str, Any] | None,
        target: str | None,
        expires_at: float | None,
        words: str,
    ) -> None:
        """Ask for a change until it is answered with 2xx; those before may have happened."""
        ask = partial(self.running.ask, method, f"/v1/links/{code}", instance=instance, status=None)
        last = "nothing"
        for _ in range(_TRIES):
            sent_at = self.now()
            try:
                answer = await (ask() if body is None else ask(json=body))
            except (ConnectionLost, TimedOut) as failure:
                last = str(failure)
                self._doubtful(code, target, instance, expires_at, sent_at)
                continue
            if answer.status in {200, 204} or (answer.status == 404 and target is None and last != "nothing"):
                self._changed(code, target, instance, expires_at, answer, words)
                return
            self._in_time(answer, expires_at)
            last = f"status {answer.line}"
            if answer.status != 503:
                break
            self._doubtful(code, target, instance, expires_at, sent_at)
            await asyncio.sleep(_AGAIN_S)
        fail(
            f"the answer to {method} /v1/links/{code} on instance {instance + 1}",
            expected="2xx",
            received=last,
            why="This instance can ask the database. Without a cache /v1 is as always.",
            saw=", ".join(each.label for each in self.recorder.history().faults) or None,
        )

    def _in_time(self, answer: Answer, expires_at: float | None) -> None:
        """An end that is past when the request is looked at is refused rightly: then nothing can be said of the program."""
        if answer.status == 422 and expires_at is not None and expires_at <= self.now():
            raise CannotTell("the machine was so slow that a moment to come had passed when the request was answered")

    def _changed(
        self, code: str, target: str | None, instance: int, expires_at: float | None, answer: Answer, words: str
    ) -> None:
        version = Version(
            target=target, by=instance, sent_at=answer.asked_at, told_at=answer.ended_at, expires_at=expires_at
        )
        self._versions[code].append(version)
        self._operations[version] = self._noted(code, instance, version, words, answer.line)

    def _doubtful(self, code: str, target: str | None, instance: int, expires_at: float | None, sent_at: float) -> None:
        self._versions[code].append(
            Version(target=target, by=instance, sent_at=sent_at, told_at=None, expires_at=expires_at)
        )

    def _noted(self, code: str, instance: int, version: Version, words: str, line: str) -> Operation:
        """A change for the diagram, with the times that its answer had."""
        number = len(self._operations) + 1_000_000
        return Operation(
            number,
            f"owner, on instance {instance + 1}",
            "change",
            version.sent_at,
            version.told_at,
            Outcome.OK,
            code,
            f"{words} (instance {instance + 1})",
            line,
        )

    def _target(self) -> str:
        """A target that no other link has."""
        self._targets += 1
        return f"https://example.org/{self._word}/{self._targets}"

    def _past(self, code: str) -> Past:
        return Past(
            stale_s=self.stale_s,
            versions=tuple(self._versions[code]),
            away=tuple(self._away.values()),
            followings=tuple(self._followings[code]),
        )

    def _objections(self, code: str) -> list[tuple[str, Objection]]:
        past = self._past(code)
        return [(code, wrong) for each in past.followings if (wrong := objection(past, each)) is not None]

    def _counterexample(self, wrong: Objection) -> Counterexample:
        told = [self._operations[each] for each in (wrong.change, wrong.following) if each in self._operations]
        where = f"on instance {wrong.following.instance + 1}, at {wrong.following.began_at:.3f} s"
        return Counterexample(wrong.expected, f"{wrong.received}, {where}", tuple(told))

    def _history(self, code: str) -> History:
        """What happened to this link, and what was away."""
        whole = self.recorder.history()
        changes = [each for each in self._operations.values() if each.what == "change"]
        own = [each for each in (*whole.operations, *changes) if each.value == code]
        return History(tuple(own), whole.events, whole.faults, whole.ended_at)


def _written(expires_s: float | None) -> str | None:
    return None if expires_s is None else written(from_now(expires_s))
