"""What happens on the way when the rules play a workload, in a few words each, so that a check can choose what it puts to the test."""

from __future__ import annotations

from climb.projects.scheduler.rules.machine import Decision, Kind, Machine
from climb.projects.scheduler.rules.state import Became, Phase, Processor, Queue, TaskState
from climb.projects.scheduler.workload import Options, Workload

__all__ = ["KNOWN", "situations"]

_BEYOND_31_BITS = 2**31

KNOWN = {
    "gap": "no task is ready or running, and more are to come",
    "ready at once": "several tasks become ready in step 2 of one tick",
    "arrival meets wake-up": "one of them arrives, another one comes back",
    "slice ends": "a slice ends",
    "slices end together": "several slices end at one tick",
    "ready meets slice end": "a task becomes ready in step 2 of the tick at which a slice ends",
    "wake-up meets slice end": "the same, with one that comes back from I/O",
    "burst ends with slice": "a burst ends at the tick at which the slice would",
    "io": "a task is in I/O",
    "io together": "several are",
    "back behind others": "a task comes back from I/O while others have been ready for longer",
    "backlog": "a job becomes ready later than it was released",
    "ready during switch": "a task becomes ready while a processor is switching",
    "too early to replace": "a ready task would replace one that has not run a tick, picked at an earlier one",
    "replacement put off": "a task is replaced at the tick after it began, since it was too early before",
    "again at once": "a task is picked again on its processor at the tick at which its slice ended",
    "same again": "a processor begins the task that it ran last, after a pause",
    "tie": "the policy's rule finds two ready tasks equal, and one of them is picked",
    "key decides": "the picked task is not the first of the ready order",
    "even": "a ready task is as good as a running one",
    "better waits": "a ready task is better than a running one, and the policy takes no processor away",
    "replace": "a ready task replaces a running one",
    "quiet replacement": "the same, at a tick at which nothing else happens",
    "even victims": "two running tasks are equal when one is replaced",
    "choice of victim": "two running tasks are not equal when one is replaced",
    "several idle": "a task is picked while several processors are idle",
    "affinity": "it goes to one that is not the lowest, because it ran there last",
    "migration": "a task begins on another processor than it ran on last",
    "placed by length": "a task arrives in another queue than if arrivals took the queues in turn",
    "steal": "a task is stolen",
    "longest is not first": "a task is stolen from a queue that is longer than an earlier one with ready tasks",
    "choice of queue": "a task is stolen while several queues have ready tasks",
    "beyond 31 bits": "a tick is 2**31 or later",
    "none eligible": "eevdf: a task is picked although no ready one is eligible",
}


def situations(workload: Workload, options: Options) -> set[str]:
    """Which of the known situations occur."""
    machine = Machine(workload, options)
    seen: set[str] = set()
    arrived = 0
    while not machine.is_finished():
        seen |= _before(machine)
        running = [cpu.task for cpu in machine.cpus]
        machine.to_next()
        seen |= _arising(machine)
        for task in _fresh(machine):
            if task.became is Became.ARRIVED and task.queue is not None:
                if task.queue.number != arrived % len(machine.queues):
                    seen.add("placed by length")
                arrived += 1
        still = [cpu.task for cpu in machine.cpus]
        quiet = running == still and not _fresh(machine)
        for decision in machine.decisions():
            seen |= _about(machine, decision, quiet=quiet)
        seen |= _settled(machine)
    return seen


def _before(machine: Machine) -> set[str]:
    seen = set()
    tick = machine.next_tick()
    if all(cpu.is_idle() for cpu in machine.cpus) and tick > max(machine.now, 0):
        seen.add("gap")
    for cpu in machine.cpus:
        if cpu.task is not None and cpu.slice is not None:
            at = max(cpu.begins, machine.now)
            if at + cpu.task.left == tick == at + cpu.slice - cpu.ran:
                seen.add("burst ends with slice")
    return seen


def _fresh(machine: Machine) -> list[TaskState]:
    """The tasks that became ready in steps 2 and 3 of this tick."""
    return [task for task in machine.tasks if task.phase is Phase.READY and task.ready_since == machine.now]


def _arising(machine: Machine) -> set[str]:
    """Steps 1 to 3 are done."""
    seen = set()
    fresh = _fresh(machine)
    woken = [task for task in fresh if task.became is not Became.SLICE_ENDED]
    kinds = {task.became for task in fresh}
    slices_end = Became.SLICE_ENDED in kinds
    waiting = [task for task in machine.tasks if task.phase is Phase.READY and task.ready_since < machine.now]
    in_io = sum(task.phase is Phase.IO for task in machine.tasks)
    facts = {
        "ready at once": len(woken) > 1,
        "arrival meets wake-up": {Became.ARRIVED, Became.BACK} <= kinds,
        "slice ends": slices_end,
        "slices end together": len(fresh) - len(woken) > 1,
        "ready meets slice end": slices_end and bool(woken),
        "wake-up meets slice end": slices_end and Became.BACK in kinds,
        "back behind others": bool(waiting) and Became.BACK in kinds,
        "backlog": any(task.became is Became.NEXT_JOB and task.release < machine.now for task in woken),
        "io": in_io > 0,
        "beyond 31 bits": machine.now >= _BEYOND_31_BITS,
        "io together": in_io > 1,
        "ready during switch": bool(woken) and any(cpu.task and cpu.begins > machine.now for cpu in machine.cpus),
    }
    seen |= {name for name, holds in facts.items() if holds}
    return seen


def _about(machine: Machine, decision: Decision, *, quiet: bool) -> set[str]:
    task, cpu, queue = decision.task, decision.cpu, decision.task.queue
    assert queue is not None
    ready, members = machine.ready(queue), machine.in_queue(queue)
    idle = [one for one in queue.processors if one.is_idle()]
    pick = decision.kind is Kind.PICK
    facts = {
        "tie": machine.policy.tie(task, ready, members, machine.now),
        "key decides": pick and task is not ready[0],
        "again at once": pick
        and cpu.last is task
        and task.became is Became.SLICE_ENDED
        and task.ready_since == machine.now,
        "same again": pick and cpu.last is task and task.became in (Became.BACK, Became.NEXT_JOB),
        "several idle": pick and len(idle) > 1,
        "affinity": pick and len(idle) > 1 and cpu is not idle[0],
        "migration": task.last not in (None, cpu.number),
        "steal": decision.kind is Kind.STEAL,
        "longest is not first": decision.kind is Kind.STEAL and _longest_is_not_first(machine),
        "choice of queue": decision.kind is Kind.STEAL and sum(bool(machine.ready(one)) for one in machine.queues) > 1,
        "replace": decision.kind is Kind.REPLACE,
        "replacement put off": decision.kind is Kind.REPLACE and cpu.owed and machine.now == cpu.begins + 1,
        "quiet replacement": decision.kind is Kind.REPLACE and quiet,
        "none eligible": machine.options.policy == "eevdf" and pick and not machine.policy.candidates(ready, members),
    }
    seen = {name for name, holds in facts.items() if holds}
    if decision.kind is Kind.REPLACE:
        keys = {machine.policy.running_key(one, members, machine.now) for one in _running(queue, begun=True)}
        count = len(_running(queue, begun=True))
        seen |= {
            name
            for name, holds in {"even victims": len(keys) < count, "choice of victim": len(keys) > 1}.items()
            if holds
        }
    return seen


def _settled(machine: Machine) -> set[str]:
    """Step 4 is done."""
    seen = set()
    policy, now = machine.policy, machine.now
    for queue in machine.queues:
        members = machine.in_queue(queue)
        for ready in machine.ready(queue):
            key = policy.key(ready, members, now)
            for cpu in queue.processors:
                if cpu.task is None:
                    continue
                running = policy.running_key(cpu.task, members, now)
                if key and key == running:
                    seen.add("even")
                if key < running and not policy.preemptive:
                    seen.add("better waits")
                if policy.preemptive and _too_early(machine, cpu) and policy.replaces(ready, cpu.task, members, now):
                    seen.add("too early to replace")
    return seen


def _too_early(machine: Machine, cpu: Processor) -> bool:
    return cpu.ran < 1 and cpu.picked_at < machine.now


def _running(queue: Queue, *, begun: bool) -> list[TaskState]:
    return [cpu.task for cpu in queue.processors if cpu.task is not None and (cpu.ran > 0 or not begun)]


def _longest_is_not_first(machine: Machine) -> bool:
    lengths = [len(machine.ready(queue)) for queue in machine.queues]
    first = next((length for length in lengths if length), 0)
    return first < max(lengths)
