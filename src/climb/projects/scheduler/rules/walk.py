"""Walk along a timeline and find the first moment at which it leaves the rules.

The rules leave no case open: from what has happened until a tick follows what may happen at it. So the walk keeps the state that the
timeline itself has led to, asks the rules for the decisions of the tick, and looks whether the timeline shows them. At the first
that it does not show the walk ends. What follows from there is no fault of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from climb.projects.scheduler.rules.explain import Explain
from climb.projects.scheduler.rules.facts import first_broken_fact
from climb.projects.scheduler.rules.finding import Finding
from climb.projects.scheduler.rules.machine import Decision, Machine
from climb.projects.scheduler.rules.policy import Policy
from climb.projects.scheduler.rules.state import Processor
from climb.projects.scheduler.rules.timeline import Piece, Timeline
from climb.projects.scheduler.workload import Options, Workload

__all__ = ["Walk", "by_the_rules", "find_broken"]


def by_the_rules(workload: Workload, options: Options, policy: Policy | None = None) -> Timeline:
    """The timeline that the rules ask for; with another ``policy``, what that one would do."""
    machine = Machine(workload, options, policy)
    return Timeline(_follow(machine), workload.cpus)


def find_broken(workload: Workload, options: Options, timeline: Timeline) -> tuple[Finding, Machine] | None:
    """The first moment at which ``timeline`` breaks a fact or a rule, and the machine as it stood then."""
    fact = first_broken_fact(workload, timeline)
    walk = Walk(workload, options, timeline)
    found = walk.first_broken_rule()
    if fact is not None and (found is None or fact.moment <= found.visible):
        return fact, _standing_at(Machine(workload, options), fact.moment)
    return None if found is None else (found, walk.machine)


class Walk:
    """One walk along one timeline."""

    def __init__(self, workload: Workload, options: Options, timeline: Timeline) -> None:
        self.machine = Machine(workload, options)
        self._timeline = timeline
        self._explain = Explain(self.machine, timeline)

    def first_broken_rule(self) -> Finding | None:
        """The first decision that the timeline does not show; the machine stays at that moment."""
        machine = self.machine
        while not machine.is_finished():
            machine.to_next()
            for decision in machine.decisions():
                if not self._shows(decision):
                    return self._explain.decision(decision)
            if machine.is_finished():
                break
            parting = min(self._partings(machine.next_tick()), key=lambda found: found[0], default=None)
            if parting is not None:
                tick, cpu = parting
                if tick > machine.now:
                    machine.advance(tick)
                return self._explain.parting(cpu)
        return None

    def _shows(self, decision: Decision) -> bool:
        """Whether the timeline has the task on its processor from the tick at which it should begin, and nothing before."""
        now, cpu = self.machine.now, decision.cpu.number
        begins = now + decision.cost
        piece = self._timeline.at(cpu, begins)
        if piece is None or piece.task != decision.task.id:
            return False
        if not decision.cost:
            return True
        following = self._timeline.following(cpu, now)
        return piece.start == begins and following == piece and self._timeline.at(cpu, now) is None

    def _partings(self, until: int) -> Iterator[tuple[int, Processor]]:
        """For each processor the first tick before ``until`` at which the timeline leaves what was decided."""
        now = self.machine.now
        for cpu in self.machine.cpus:
            if cpu.task is None:
                following = self._timeline.at(cpu.number, now) or self._timeline.following(cpu.number, now)
                if following is not None and following.start < until:
                    yield max(following.start, now), cpu
                continue
            begins = max(cpu.begins, now)
            if begins >= until:
                continue
            piece = self._timeline.at(cpu.number, begins)
            if piece is None or piece.task != cpu.task.id:
                yield begins, cpu
            elif piece.end < until:
                yield piece.end, cpu


def _follow(machine: Machine) -> Iterator[Piece]:
    """Let the rules decide everything; hand out what ran."""
    while not machine.is_finished():
        machine.to_next()
        for _ in machine.decisions():
            pass
        if machine.is_finished():
            return
        until = machine.next_tick()
        for cpu in machine.cpus:
            start = max(cpu.begins, machine.now)
            if cpu.task is not None and start < until:
                yield Piece(cpu.number, cpu.task.id, start, until)


def _standing_at(machine: Machine, moment: int) -> Machine:
    """The machine at ``moment``, by the rules, before anything is chosen there."""
    while not machine.is_finished():
        if machine.now >= 0 and machine.next_tick() > moment:
            machine.advance(max(moment, machine.now))
            break
        machine.to_next()
        if machine.now >= moment:
            break
        for _ in machine.decisions():
            pass
    return machine
