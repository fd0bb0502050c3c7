"""The clock and its four steps, for any policy.

Nothing happens between two events, so the clock jumps: to the end of a burst or of a slice, to the tick at which a task
becomes ready, or to one at which replacing has to be considered. At each such tick the steps of the brief are taken in
their order. Where a policy has a say, a function of it is called by a name that ``binding`` gives to the policy's own;
in this file those names stand for the defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added, without_first
from climb.systems.scheduler.policies.policy import (
    AT_READY,
    BURST_ENDED,
    FREELY,
    KEEPS,
    REPLACED,
    SLICE_ENDED,
    Policy,
)
from climb.systems.scheduler.state import NEVER, NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["advance"]

REPLACES = Policy.replaces
AGES = Policy.ages
join, leave, move = Policy.join, Policy.leave, Policy.move
enqueue, pick, rival = Policy.enqueue, Policy.pick, Policy.rival
picked, expires, expire, tick = Policy.picked, Policy.expires, Policy.expire, Policy.tick
boost, standing, beats, due = Policy.boost, Policy.standing, Policy.beats, Policy.due
shown, full_slice, renewed = Policy.shown, Policy.full_slice, Policy.renewed


def advance(m: Machine, events: int) -> int:
    """Play until so many events have happened, the rows are full, or all is done; return how many events are left."""
    clock = m.clock[0]
    if clock.next == NOBODY:
        set_out(m)
    clock.filled = 0
    room = len(m.rows) - len(m.cpus)
    while events > 0 and clock.filled <= room and clock.next != NEVER:
        now = clock.next
        boost(m, now - 1)
        run_until(m, now)
        end_bursts(m, now)
        wake(m, now)
        end_slices(m, now)
        boost(m, now)
        choose(m, now)
        close_segments(m)
        clock.now = now
        clock.next = next_event(m, now)
        events -= 1
    return events


def set_out(m: Machine) -> None:
    """Set the timers of all arrivals."""
    clock = m.clock[0]
    for task in range(len(m.tasks)):
        clock.timers = added(m.tasks, clock.timers, task, m.tasks[task].arrival, task)
    clock.next = m.tasks[clock.timers].key


def run_until(m: Machine, now: int) -> None:
    """Give each running task the ticks since the last event."""
    clock = m.clock[0]
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        ticks = now - max(clock.now, processor.begins)
        if processor.task != NOBODY and ticks > 0:
            m.tasks[processor.task].left -= ticks
            clock.worked += ticks
            tick(m, cpu * m.separate, processor.task, ticks, now)


# --- step 1: bursts end ---------------------------------------------------------------------------------------------


def end_bursts(m: Machine, now: int) -> None:
    """Tasks whose burst is over leave for I/O, for their next job, or for good."""
    for cpu in range(len(m.cpus)):
        task = m.cpus[cpu].task
        if task != NOBODY and m.tasks[task].left == 0:
            vacate(m, cpu, now, BURST_ENDED)
            queue = cpu * m.separate
            leave(m, queue, task)
            m.queues[queue].load -= 1
            go_on(m, task, now)


def go_on(m: Machine, task: int, now: int) -> None:
    """Set the timer for what a task does after a burst, if there is something."""
    state = m.tasks[task]
    state.burst += 1
    if state.burst < state.bursts:
        back = now + m.bursts[state.first + state.burst]
        state.burst += 1
    else:
        state.job += 1
        if state.job == state.jobs:
            return
        state.burst = 0
        state.release += state.period
        back = max(state.release, now)
    state.left = m.bursts[state.first + state.burst]
    m.clock[0].timers = added(m.tasks, m.clock[0].timers, task, back, task)


# --- step 2: tasks become ready -------------------------------------------------------------------------------------


def wake(m: Machine, now: int) -> None:
    """Those whose timer says so become ready, in the order of the workload."""
    clock = m.clock[0]
    while clock.timers != NOBODY and m.tasks[clock.timers].key == now:
        task = clock.timers
        clock.timers = without_first(m.tasks, task)
        queue = queue_for(m, task)
        m.queues[queue].load += 1
        m.queues[queue].joined = now
        join(m, queue, task)
        become_ready(m, queue, task, now)


def queue_for(m: Machine, task: int) -> int:
    """Return the queue in which a task becomes ready: its own, or for a new one the shortest."""
    if not m.separate:
        return 0
    if m.tasks[task].cpu != NOBODY:
        return m.tasks[task].cpu
    best = 0
    for queue in range(1, len(m.queues)):
        if m.queues[queue].load < m.queues[best].load:
            best = queue
    return best


def become_ready(m: Machine, queue: int, task: int, now: int) -> None:
    """Put a task behind all that are ready already."""
    clock = m.clock[0]
    m.tasks[task].order = clock.order
    m.tasks[task].since = now
    clock.order += 1
    m.queues[queue].ready += 1
    enqueue(m, queue, task)


# --- step 3: slices end ---------------------------------------------------------------------------------------------


def end_slices(m: Machine, now: int) -> None:
    """Tasks whose slice is over become ready again."""
    for cpu in range(len(m.cpus)):
        task = m.cpus[cpu].task
        if task != NOBODY and m.cpus[cpu].expires == now:
            vacate(m, cpu, now, SLICE_ENDED)
            expire(m, cpu * m.separate, task)
            become_ready(m, cpu * m.separate, task, now)


# --- step 4: processors choose --------------------------------------------------------------------------------------


def choose(m: Machine, now: int) -> None:
    """Idle processors pick, then ready tasks replace running ones."""
    if m.separate:
        fill_separately(m, now)
    else:
        fill(m, now)
    if REPLACES != KEEPS:
        for queue in range(len(m.queues)):
            replace(m, queue, now)


def fill(m: Machine, now: int) -> None:
    """Pick from the one queue while a processor is idle and a task is ready."""
    idle = 0
    for cpu in range(len(m.cpus)):
        idle += m.cpus[cpu].task == NOBODY
    while idle > 0 and m.queues[0].ready > 0:
        task = take(m, 0)
        cpu = m.tasks[task].cpu
        if cpu == NOBODY or m.cpus[cpu].task != NOBODY:
            cpu = 0
            while m.cpus[cpu].task != NOBODY:
                cpu += 1
        begin(m, cpu, task, now)
        idle -= 1


def fill_separately(m: Machine, now: int) -> None:
    """Each idle processor picks from its own queue; those still idle steal."""
    ready = 0
    for cpu in range(len(m.cpus)):
        if m.cpus[cpu].task == NOBODY and m.queues[cpu].ready > 0:
            begin(m, cpu, take(m, cpu), now)
        ready += m.queues[cpu].ready
    for cpu in range(len(m.cpus)):
        if ready > 0 and m.cpus[cpu].task == NOBODY:
            steal(m, cpu, now)
            ready -= 1


def steal(m: Machine, cpu: int, now: int) -> None:
    """Run a task of the queue with the most ready ones."""
    fullest = 0
    for queue in range(1, len(m.queues)):
        if m.queues[queue].ready > m.queues[fullest].ready:
            fullest = queue
    task = take(m, fullest)
    move(m, fullest, cpu, task)
    m.queues[fullest].load -= 1
    m.queues[cpu].load += 1
    begin(m, cpu, task, now)


def replace(m: Machine, queue: int, now: int) -> None:
    """Let ready tasks replace running ones until the policy's rule says no."""
    if REPLACES == AT_READY and m.queues[queue].joined == now:
        postpone(m, queue, now)
    while m.queues[queue].ready > 0:
        ready = rival(m, queue)
        cpu = weakest(m, queue, now) if ready != NOBODY else NOBODY
        if cpu == NOBODY or not beats(m, ready, m.cpus[cpu].task, now):
            return
        ready = take(m, queue)
        running = m.cpus[cpu].task
        vacate(m, cpu, now, REPLACED)
        become_ready(m, queue, running, now)
        begin(m, cpu, ready, now)


def weakest(m: Machine, queue: int, now: int) -> int:
    """Return the processor whose task may be replaced now and is the one that the policy would rather not run."""
    found = NOBODY
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        considered = REPLACES == FREELY or m.queues[queue].joined == now or processor.again == now
        ours = cpu * m.separate == queue and processor.task != NOBODY
        if (
            ours
            and considered
            and processor.begins < now
            and (found == NOBODY or standing(m, processor.task) >= standing(m, m.cpus[found].task))
        ):
            found = cpu
    return found


def postpone(m: Machine, queue: int, now: int) -> None:
    """Note the processors for which replacing has to wait until their task has run one tick."""
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        if cpu * m.separate == queue and processor.task != NOBODY and processor.picked < now <= processor.begins:
            processor.again = processor.begins + 1


# --- taking and leaving a processor ---------------------------------------------------------------------------------


def take(m: Machine, queue: int) -> int:
    """Take the task out of a queue that the policy picks."""
    m.queues[queue].ready -= 1
    return pick(m, queue)


def begin(m: Machine, cpu: int, task: int, now: int) -> None:
    """Give a processor to a task."""
    processor = m.cpus[cpu]
    state = m.tasks[task]
    cost = 0
    if processor.last != task:
        cost = m.switch_cost
        if state.cpu not in (NOBODY, cpu):
            cost += m.migration_cost
    processor.key = shown(m, task, now)
    processor.task = task
    processor.last = task
    processor.picked = now
    processor.begins = now + cost
    processor.since = state.since
    state.cpu = cpu
    picked(m, cpu * m.separate, task, now)
    processor.expires = expires(m, cpu * m.separate, task, now, processor.begins)
    processor.again = processor.begins + 1 if REPLACES == FREELY and cost > 0 else NEVER


def vacate(m: Machine, cpu: int, now: int, why: int) -> None:
    """Take a processor from its task; its segment may go on if the same task is picked at this tick."""
    processor = m.cpus[cpu]
    if processor.open_task == NOBODY:
        processor.open_task = processor.task
        processor.open_start = processor.begins
        processor.open_since = processor.since
        processor.open_key = processor.key
    processor.open_end = now
    processor.open_why = why
    processor.task = NOBODY


def close_segments(m: Machine) -> None:
    """Write down the segments that ended at this tick and do not go on."""
    clock = m.clock[0]
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        goes_on = processor.task == processor.open_task and processor.begins == processor.open_end
        if processor.open_task != NOBODY and not goes_on:
            row = m.rows[clock.filled]
            row.cpu = cpu
            row.task = processor.open_task
            row.start = processor.open_start
            row.end = processor.open_end
            row.since = processor.open_since
            row.key = processor.open_key
            row.why = processor.open_why
            clock.filled += 1
            processor.open_task = NOBODY


# --- the next event -------------------------------------------------------------------------------------------------


def next_event(m: Machine, now: int) -> int:
    """Return the next tick at which something happens, or NEVER."""
    clock = m.clock[0]
    event = m.tasks[clock.timers].key if clock.timers != NOBODY else NEVER
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        if processor.task != NOBODY:
            event = min(event, max(processor.begins, now) + m.tasks[processor.task].left)
            if processor.again > now:
                event = min(event, processor.again)
    if nobody_waits(m):
        skip_slices(m, now, event)
    for cpu in range(len(m.cpus)):
        if m.cpus[cpu].task != NOBODY:
            event = min(event, m.cpus[cpu].expires)
    if AGES:
        event = min(event, due(m, now))
    return event


def nobody_waits(m: Machine) -> bool:
    """Tell whether no task is ready."""
    for queue in range(len(m.queues)):  # noqa: SIM110  # numba compiles no generators
        if m.queues[queue].ready > 0:
            return False
    return True


def skip_slices(m: Machine, now: int, event: int) -> None:
    """Renew slices that end before anything else happens: with nobody ready, each task would be picked again at once."""
    for cpu in range(len(m.cpus)):
        processor = m.cpus[cpu]
        if processor.task != NOBODY and processor.expires < event:
            length = full_slice(m, cpu * m.separate, processor.task)
            if length > 0:
                times = (event - 1 - processor.expires) // length + 1
                last = processor.expires + (times - 1) * length
                renewed(m, cpu * m.separate, processor.task, times, last - max(now, processor.begins))
                processor.expires = last + length
