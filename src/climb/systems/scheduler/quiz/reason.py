"""Why a task runs at a tick and another one does not: the policy's rule as a sentence, with the numbers that decided."""

from __future__ import annotations

from collections.abc import Callable

from climb.systems.scheduler.model import Options, Policy, Workload
from climb.systems.scheduler.policies import POLICY
from climb.systems.scheduler.quiz.moment import Moment, State, TaskNow

__all__ = ["reason"]


def reason(workload: Workload, options: Options, at: Moment, right: str | None, said: str | None) -> str:
    """Why at this moment ``right`` runs rather than ``said``; None is an idle processor. They differ."""
    if said is None:
        assert right is not None
        return _not_idle(at, at.tasks[right])
    other = at.tasks[said]
    if other.state in _ABSENT:
        instead = f"{right} runs." if right is not None else "Nobody is ready, so the processor idles."
        return f"At tick {at.tick:,} {_ABSENT[other.state](other)} {instead}"
    assert right is not None, "a task that is ready runs, or another one does"
    return (
        f"At tick {at.tick:,} {_decided(workload, options, at, at.tasks[right], other)} {POLICY[options.policy].rule}"
    )


def _not_idle(at: Moment, task: TaskNow) -> str:
    if task.turn is not None and task.turn[0] < at.tick:
        because = f"has the processor, and {task.left:,} {'tick' if task.left == 1 else 'ticks'} of its burst left"
    else:
        because = f"has been ready since {task.since:,}" if task.since < at.tick else "becomes ready"
    return f"At tick {at.tick:,} {task.name} {because}; no processor idles while a task is ready."


_ABSENT: dict[State, Callable[[TaskNow], str]] = {
    State.NOT_HERE: lambda task: f"{task.name} is not there yet: it arrives at {task.back:,}.",
    State.AWAY: lambda task: f"{task.name} is in I/O, until {task.back:,}.",
    State.RESTING: lambda task: f"{task.name} waits for its next job, which is released at {task.back:,}.",
    State.DONE: lambda task: f"{task.name} is done already.",
}


def _decided(workload: Workload, options: Options, at: Moment, right: TaskNow, said: TaskNow) -> str:
    runs_on = _runs_on(options.policy, at, right)
    if runs_on:
        return f"{right.name} still has the processor, {runs_on}; {said.name} waits."
    if options.policy == "lottery":
        return _drawn(workload, at, right, said)
    if options.policy == "eevdf" and right.eligible and not said.eligible:
        more = f"its virtual runtime {said.virtual:,} is beyond the queue's, {at.virtual_time:,}"
        return f"{said.name} has had more than its share, since {more}; {right.name} has not, at {right.virtual:,}."
    word = _word(options.policy)
    if word is not None and right.key != said.key:
        return f"{right.name} has {word.format(right.key)}, {said.name} has {word.format(said.key)}."
    same = f"Both have {word.format(right.key)}, but " if word is not None else ""
    return f"{same}{right.name} has been ready since {right.since:,}, {said.name} {_since(right, said)}."


def _since(right: TaskNow, said: TaskNow) -> str:
    if said.since != right.since:
        return f"since {said.since:,}"
    return f"since {said.since:,} too, but behind it in the ready order"


def _word(policy: Policy) -> str | None:
    """How to say the number that a policy picks by: in words of ours, or with its own name for it."""
    key = POLICY[policy].key
    return _WORDS.get(policy) or (None if key is None else key + " {:,}")


_WORDS: dict[Policy, str] = {
    "sjf": "{:,} ticks to run",
    "srtf": "{:,} ticks left",
    "priority": "rank {:,}",
    "mlfq": "level {:,}",
    "stride": "pass {:,}",
    "cfs": "virtual runtime {:,}",
    "eevdf": "virtual deadline {:,}",
    "edf": "deadline {:,}",
    "rm": "period {:,}",
}

_TO_THE_END = ("fcfs", "sjf")
_AT_ANY_TICK = ("srtf", "priority", "edf", "rm")  # a comparison decides at every tick, not a turn that goes on


def _runs_on(policy: Policy, at: Moment, task: TaskNow) -> str | None:
    """Why the turn of the running task is not over, if it began before and that is what decides."""
    if task.turn is None or task.turn[0] >= at.tick or policy in _AT_ANY_TICK:
        return None
    begun, expires = task.turn
    if policy in _TO_THE_END or expires is None or expires - at.tick >= task.left:
        return f"since {begun:,}, until its burst ends at {at.tick + task.left:,}"
    return f"since {begun:,}, until its slice ends at {expires:,}"


def _drawn(workload: Workload, at: Moment, right: TaskNow, said: TaskNow) -> str:
    """The random number, the tickets in the hat, and where the winning one is."""
    if workload.cpus > 1:  # several may have drawn at this tick
        return f"a random ticket of {right.name}'s has won; {said.name} waits."
    in_hat = [
        task.id for task in workload.tasks if at.tasks[task.id].state is State.READY or at.tasks[task.id] is right
    ]
    tickets = {task.id: task.tickets for task in workload.tasks}
    total = sum(tickets[name] for name in in_hat)
    held = ", ".join(f"{name} {tickets[name]:,}" for name in in_hat)
    return (
        f"the random number is {at.random:,}; modulo the {total:,} tickets of {held} that is ticket {at.random % total:,}, "
        f"which {right.name} holds."
    )
