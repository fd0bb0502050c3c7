"""Sentences about the moment at which a timeline left the rules, with the numbers that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.projects.scheduler.rules.finding import Broken, Finding
from climb.projects.scheduler.rules.machine import Decision, Kind, Machine
from climb.projects.scheduler.rules.policies.lottery import Lottery
from climb.projects.scheduler.rules.ready_order import STEP_TWO, why_longer_ready
from climb.projects.scheduler.rules.state import Became, Phase, Processor, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.projects.scheduler.rules.timeline import Piece, Timeline

__all__ = ["Explain"]


class Explain:
    """Explains with the machine as it stands at the moment."""

    def __init__(self, machine: Machine, timeline: Timeline) -> None:
        self._machine = machine
        self._timeline = timeline

    def decision(self, decision: Decision) -> Finding:
        """The rules ask for ``decision``, and the timeline does not show it."""
        now, cpu, task = self._machine.now, decision.cpu, decision.task
        going_on = self._timeline.at(cpu.number, now)
        if going_on is not None and going_on.start < now:
            return self._went_on(decision, going_on)
        following = self._timeline.following(cpu.number, now)
        elsewhere = self._begun_elsewhere(decision)
        if elsewhere is not None:
            return self._wrong_processor(decision, elsewhere)
        if following is not None and following.task == task.id:
            return self._wrong_begin(decision, following)
        if following is None:
            return self._idle(decision, None)
        other = self._state(following.task)
        if following.start > now + self._machine.cost(other, cpu) or other.phase is not Phase.READY:
            return self._idle(decision, following)
        return self._wrong_choice(decision, following, other)

    def parting(self, cpu: Processor) -> Finding:
        """The timeline leaves at this tick what was decided before."""
        now = self._machine.now
        piece = self._timeline.at(cpu.number, now)
        if cpu.task is None:
            received = "nothing" if piece is None else piece.task
            why = "By the rules no task is ready for this processor at that tick."
            return self._finding(Broken.CHOICE, cpu, "no task", f"{received} from t={now}", why)
        return self._stopped_early(cpu, cpu.task, piece)

    # The kinds of breach.

    def _went_on(self, decision: Decision, piece: Piece) -> Finding:
        task, cpu, now = decision.task, decision.cpu, self._machine.now
        running = self._state(piece.task)
        if decision.loses is not None:
            why = (
                f"At t={now} you went on with {self._named(running)}, while {self._named(task)} was ready, {_since(task)}. "
                f"{self._machine.policy.replacing}{self._pasts(task, running)}"
            )
            if cpu.owed and now == cpu.begins + 1:
                why += f" Replacing was put off until t={now}, when {running.id} had run its first tick."
        else:
            compared = f"{self._named(running)}, whose {running.ended} at t={now}"
            why = (
                f"{running.id} ran {_ticks(now - piece.start)} in a row from t={piece.start}. At t={now} you went on with {compared}, while "
                f"{self._named(task)} was ready, {_since(task)}. {self._why_first(task, running)}"
            )
        received = f"{piece.task} goes on until t={piece.end}"
        return self._finding(Broken.CHOICE, cpu, self._begins(decision), received, why)

    def _wrong_processor(self, decision: Decision, piece: Piece) -> Finding:
        task, cpu = decision.task, decision.cpu
        if decision.kind is Kind.REPLACE:
            assert decision.loses is not None
            reason = f"{task.id} replaces the running task that the policy would rather not run, and of equal ones that on the processor with the highest number: {self._named(decision.loses)}, on processor {cpu.number}."
        elif decision.kind is Kind.STEAL:
            reason = "Processors that are still idle steal in the order of their numbers."
        elif self._machine.options.per_cpu:
            reason = f"{task.id} is in the queue of processor {cpu.number}. {_PLACES}"
        elif task.last == cpu.number:
            reason = f"{task.id} ran on processor {cpu.number} last, and that one is idle."
        else:
            before = (
                "has not run before" if task.last is None else f"ran on processor {task.last} last, which is not idle"
            )
            reason = f"{task.id} {before}, so it goes to the idle processor with the lowest number."
        received = f"{task.id} on processor {piece.cpu} from t={piece.start}"
        return self._finding(Broken.PROCESSOR, cpu, self._begins(decision), received, reason)

    def _wrong_begin(self, decision: Decision, piece: Piece) -> Finding:
        task, cpu, now = decision.task, decision.cpu, self._machine.now
        if not decision.cost:
            return self._idle(decision, piece)
        received = f"{task.id} on processor {cpu.number} from t={piece.start}"
        why = f"{task.id} was picked at t={now}. {self._cost_in_words(decision)}, so it begins at t={now + decision.cost}."
        return self._finding(Broken.COST, cpu, self._begins(decision), received, why)

    def _idle(self, decision: Decision, piece: Piece | None) -> Finding:
        task, cpu, now = decision.task, decision.cpu, self._machine.now
        until = "to the end" if piece is None else f"until t={piece.start}"
        received = f"nothing on processor {cpu.number} from t={now} {until}"
        if decision.kind is Kind.STEAL:
            why = f"Processor {cpu.number} stood idle from t={now} {until}, while {self._waiting_elsewhere()}. {_STEALING}"
        else:
            after = "" if piece is None or piece.task == task.id else f", and then began {piece.task}"
            why = f"Processor {cpu.number} stood idle from t={now} {until}{after}, while {self._named(task)} was ready, {_since(task)}."
        if decision.cost:
            why += f" {self._cost_in_words(decision)}; {task.id} should have begun at t={now + decision.cost}."
        return self._finding(Broken.CHOICE, cpu, self._begins(decision), received, why)

    def _wrong_choice(self, decision: Decision, piece: Piece, other: TaskState) -> Finding:
        task, cpu, now = decision.task, decision.cpu, self._machine.now
        received = f"{other.id} on processor {cpu.number} from t={piece.start}"
        verb = "ran" if piece.start == now else "picked"
        if decision.kind is Kind.STEAL:
            why = f"At t={now} processor {cpu.number} steals: {self._waiting_elsewhere()}. {_STEALING} "
            if task.queue is other.queue:
                why += self._why_first(task, other)
        elif task.queue is not other.queue and other.queue is not None:
            why = f"At t={now} you {verb} {other.id}, which is in the queue of processor {other.queue.number}, while {self._named(task)} was ready in the queue of processor {cpu.number}. {_PLACES}"
        else:
            why = (
                f"At t={now} you {verb} {self._named(other)}, while {self._named(task)} was ready. "
                + self._why_first(task, other)
            )
        return self._finding(Broken.CHOICE, cpu, self._begins(decision), received, why.strip())

    def _stopped_early(self, cpu: Processor, task: TaskState, piece: Piece | None) -> Finding:
        now, policy = self._machine.now, self._machine.policy
        expected = f"{task.id} goes on, on processor {cpu.number}"
        received = f"{task.id} stops at t={now}" + ("" if piece is None else f", and {piece.task} runs")
        left = f"{task.id} left processor {cpu.number} at t={now} with {task.left} of its burst left"
        why = f"{left}, after {_ticks(cpu.ran)} of this turn."
        other = None if piece is None else self._state(piece.task)
        if cpu.slice is not None:
            made_of = f" ({policy.slicing})" if policy.slicing else ""
            why += f" Its slice is {_ticks(cpu.slice)}{made_of} and lasts until t={max(cpu.begins, now) + cpu.slice - cpu.ran}, if its burst does."
        if not policy.preemptive:
            why += (
                " Nothing else takes the processor away."
                if cpu.slice is not None
                else " It keeps the processor until its burst ends."
            )
        elif policy.only_when_ready and not self._was_woken(cpu):
            why += f" No task became ready in step 2 at t={now}, so none replaces it."
        elif other is not None and other.phase is Phase.READY:
            why += f" {self._named(other)} may not replace {self._named(task)}. {policy.replacing}{self._pasts(other, task)}"
            if cpu.ran < 1:
                why += " A task is not replaced before it has run one tick."
        return self._finding(Broken.CHOICE, cpu, expected, received, why)

    def _was_woken(self, cpu: Processor) -> bool:
        """Whether replacing is considered on ``cpu`` at this tick, under a policy that considers it only at some."""
        now = self._machine.now
        fresh = (task for task in self._machine.tasks if task.ready_since == now and task.became in STEP_TWO)
        return any(task.queue is cpu.queue for task in fresh) or (cpu.owed and now == cpu.begins + 1)

    # Words.

    def _why_first(self, task: TaskState, other: TaskState) -> str:
        """Why ``task`` goes before ``other``, both ready in one queue."""
        machine, policy = self._machine, self._machine.policy
        assert task.queue is not None
        members = machine.in_queue(task.queue)
        if isinstance(policy, Lottery):
            return f"{policy.draw_in_words(machine.ready(task.queue))}."
        pasts = self._pasts(task, other)
        if policy.key(task, members, machine.now) != policy.key(other, members, machine.now):
            return policy.rule + pasts
        equal = policy.standing(task, members, machine.now)
        start = f"Both have {equal}, so the" if equal else "The"
        return f"{start} ready order decides, and {task.id} stands before {other.id}: {why_longer_ready(task, other, machine.boosted_at)}.{pasts}"

    def _pasts(self, *tasks: TaskState) -> str:
        """How the numbers of ``tasks`` came about, where that is not plain to see."""
        return "".join(f" {past}" for past in map(self._machine.policy.past, tasks) if past)

    def _named(self, task: TaskState) -> str:
        """The task with what decides about it."""
        members: Sequence[TaskState] = self._machine.in_queue(task.queue) if task.queue is not None else ()
        standing = self._machine.policy.standing(task, members, self._machine.now)
        return f"{task.id} ({standing})" if standing else task.id

    def _begins(self, decision: Decision) -> str:
        begins = self._machine.now + decision.cost
        return f"{decision.task.id} on processor {decision.cpu.number} from t={begins}"

    def _cost_in_words(self, decision: Decision) -> str:
        switch, migration = self._machine.workload.switch_cost, self._machine.workload.migration_cost
        last = decision.cpu.last
        words = f"Processor {decision.cpu.number} " + ("ran nothing before" if last is None else f"ran {last.id} last")
        words += f", so this is a context switch of {_ticks(switch)}"
        if decision.cost > switch:
            words += f", and {decision.task.id} ran on processor {decision.task.last} last, which takes {_ticks(migration)} more"
        return words

    def _begun_elsewhere(self, decision: Decision) -> Piece | None:
        """Where the timeline begins the task instead, at a tick at which it could have."""
        for piece in self._timeline.of_task(decision.task.id):
            other = self._machine.cpus[piece.cpu]
            if (
                piece.start == self._machine.now + self._machine.cost(decision.task, other)
                and other is not decision.cpu
            ):
                return piece
        return None

    def _waiting_elsewhere(self) -> str:
        counts = [(queue.number, self._machine.ready(queue)) for queue in self._machine.queues]
        words = [
            f"the queue of processor {number} has {', '.join(task.id for task in ready)} ready"
            for number, ready in counts
            if ready
        ]
        return ", ".join(words)

    def _state(self, name: str) -> TaskState:
        return next(task for task in self._machine.tasks if task.id == name)

    def _finding(self, broken: Broken, cpu: Processor, expected: str, received: str, why: str) -> Finding:
        now = self._machine.now
        mine = self._timeline.at(cpu.number, now) or self._timeline.following(cpu.number, now)
        visible = now if mine is None else max(now, mine.start)
        return Finding(
            broken=broken, moment=now, visible=visible, cpu=cpu.number, expected=expected, received=received, why=why
        )


_PLACES = (
    "A task that arrives goes to the processor with the fewest tasks ready and running, of equal ones to the lowest number; one that "
    "comes back goes to the processor that it ran on last."
)
_STEALING = (
    "A processor that is still idle takes from the queue with the most ready tasks, of equal ones from the lowest number, the task that "
    "this queue would pick next."
)


def _since(task: TaskState) -> str:
    how = {Became.SLICE_ENDED: f"since its {task.ended} at", Became.REPLACED: "since it was replaced at"}
    return f"{how.get(task.became, 'since')} t={task.ready_since}"


def _ticks(count: int) -> str:
    return f"{count} tick" if count == 1 else f"{count} ticks"
