"""The policies: each says who is picked, for how long, and who replaces whom."""

import math

NEVER = math.inf


class Policy:
    """First come, first served, until the burst ends; the others change what differs."""

    preemptive = False
    only_at_wakeups = False  # replacing is considered only at ticks at which a task became ready in step 2
    boost_due = NEVER

    def __init__(self, options):
        self.options = options

    def arrive(self, task, queue):
        """The task is about to become ready for the first time."""

    def come_back(self, task, queue):
        """The task is about to become ready after I/O, or with its next job."""

    def leave(self, task, queue):
        """The burst of the running task has ended."""

    def ran(self, task, ticks):
        """The task ran."""

    def rank(self, task, now):
        """The ready task with the smallest rank is picked; the running one with the largest is the first to go."""
        return 0

    def pick(self, queue, now):
        return min(queue.ready, key=lambda task: self.rank(task, now))  # of equal ones the first: the ready order

    def picked(self, task, queue, now):
        """The task has been picked."""

    def slice(self, task, queue, fresh=False):
        """How long its turn may be; None until the burst ends. A fresh slice follows one that has ended."""
        return None

    def turn_is_over(self, task):
        """The running task may go on no longer, although its slice has not ended."""
        return False

    def slice_ended(self, task):
        """The turn of the running task has ended, though not its burst."""

    def renewed(self, task, queue, slices, ticks):
        """The running task, alone, had this many more slices; the last of them begins after these ticks."""

    def replaces(self, ready, running, queue, now):
        return self.rank(ready, now) < self.rank(running, now)

    def move(self, task, old, new):
        """The task is about to be stolen."""

    def end_step_three(self, simulator):
        """Slices have ended."""

    def next_tick(self, task, start):
        """The tick at which something of this policy's own happens to the running task."""
        return NEVER

    def skip_boosts(self, simulator, until):
        """Nobody waits before this tick: of the boosts until then, only the last two matter."""

    def overtaken_at(self, queue, task):
        """The tick from which a ready task has overtaken this running one, if time alone brings that about."""
        return NEVER


class ShortestJobFirst(Policy):
    def rank(self, task, now):
        return task.left


class ShortestRemainingTimeFirst(ShortestJobFirst):
    preemptive = True


class RoundRobin(Policy):
    def slice(self, task, queue, fresh=False):
        return self.options.quantum


class Priority(Policy):
    preemptive = True

    def rank(self, task, now):
        if not self.options.aging:
            return task.priority
        if task.ready_since is None:
            return task.picked_rank
        return task.priority * self.options.aging - (now - task.ready_since)

    def picked(self, task, queue, now):
        task.picked_rank = self.rank(task, now)

    def overtaken_at(self, queue, task):
        if not self.options.aging:
            return NEVER
        return min(self.rank(ready, 0) for ready in queue.ready) - task.picked_rank + 1


class FeedbackQueues(Policy):
    preemptive = True

    def __init__(self, options):
        super().__init__(options)
        self.boost_due = options.boost or NEVER

    def arrive(self, task, queue):
        task.level, task.used = 0, 0

    def rank(self, task, now):
        return task.level

    def slice(self, task, queue, fresh=False):
        return self.options.quantum

    def ran(self, task, ticks):
        task.used += ticks

    def leave(self, task, queue):
        self.demote(task)

    def turn_is_over(self, task):
        """The allotment is used up."""
        return task.level < self.options.levels - 1 and task.used >= self.options.allotment

    def slice_ended(self, task):
        self.demote(task)

    def demote(self, task):
        if self.turn_is_over(task):
            task.level, task.used = task.level + 1, 0

    def end_step_three(self, simulator):
        if simulator.now == self.boost_due:
            self.boost(simulator)

    def boost(self, simulator):
        for queue in simulator.queues:
            queue.ready.sort(key=lambda task: task.level)
        for task in simulator.tasks:
            task.level, task.used = 0, 0
        self.boost_due += self.options.boost

    def next_tick(self, task, start):
        if task.level == self.options.levels - 1:
            return NEVER
        return start + self.options.allotment - task.used

    def skip_boosts(self, simulator, until):
        if self.boost_due == NEVER:
            return
        last = ((until - 1) // self.options.boost - 1) * self.options.boost
        if last < self.boost_due:
            return
        for task in simulator.tasks:
            task.level, task.used = 0, 0
        for processor in simulator.processors:
            if processor.task:
                processor.task.used = min(0, max(simulator.now, processor.begins) - last)  # 0 when that boost is due
        self.boost_due = last + self.options.boost


class Lottery(RoundRobin):
    def __init__(self, options):
        super().__init__(options)
        self.state = options.seed

    def pick(self, queue, now):
        self.state = self.state * 48271 % 2147483647
        winner = self.state % sum(task.tickets for task in queue.ready)
        for task in sorted(queue.ready, key=lambda task: task.index):
            winner -= task.tickets
            if winner < 0:
                return task

    def renewed(self, task, queue, slices, ticks):
        self.state = self.state * pow(48271, slices, 2147483647) % 2147483647


class Stride(RoundRobin):
    def arrive(self, task, queue):
        task.passed = queue.floor

    def come_back(self, task, queue):
        task.passed = max(task.passed, queue.floor)

    def rank(self, task, now):
        return task.passed

    def ran(self, task, ticks):
        task.passed += ticks * (1048576 // task.tickets)

    def picked(self, task, queue, now):
        queue.floor = max(queue.floor, task.passed)

    def renewed(self, task, queue, slices, ticks):
        queue.floor = max(queue.floor, task.passed + ticks * (1048576 // task.tickets))

    def move(self, task, old, new):
        task.passed += new.floor - old.floor


WEIGHTS = """
    88761 71755 56483 46273 36291 29154 23254 18705 14949 11916
    9548 7620 6100 4904 3906 3121 2501 1991 1586 1277
    1024 820 655 526 423 335 272 215 172 137
    110 87 70 56 45 36 29 23 18 15
"""
INVERSES = """
    48388 59856 76040 92818 118348 147320 184698 229616 287308 360437
    449829 563644 704093 875809 1099582 1376151 1717300 2157191 2708050 3363326
    4194304 5237765 6557202 8165337 10153587 12820798 15790321 19976592 24970740 31350126
    39045157 49367440 61356676 76695844 95443717 119304647 148102320 186737708 238609294 286331153
"""
WEIGHT = dict(zip(range(-20, 20), map(int, WEIGHTS.split()), strict=True))
INVERSE = dict(zip(range(-20, 20), map(int, INVERSES.split()), strict=True))


def weight(task):
    return WEIGHT[task.nice]


def inverse(task):
    return INVERSE[task.nice]


class CompletelyFair(Policy):
    preemptive = True
    only_at_wakeups = True

    def arrive(self, task, queue):
        task.vruntime = queue.floor

    def come_back(self, task, queue):
        task.vruntime = max(task.vruntime, queue.floor - self.options.latency // 2 * INVERSE[0])

    def rank(self, task, now):
        return task.vruntime

    def ran(self, task, ticks):
        task.vruntime += ticks * inverse(task)

    def picked(self, task, queue, now):
        queue.floor = max(queue.floor, task.vruntime)

    def slice(self, task, queue, fresh=False):
        share = self.options.latency * weight(task) // sum(map(weight, queue.members()))
        return max(share, self.options.granularity)

    def renewed(self, task, queue, slices, ticks):
        queue.floor = max(queue.floor, task.vruntime + ticks * inverse(task))

    def replaces(self, ready, running, queue, now):
        return running.vruntime - ready.vruntime > self.options.granularity * inverse(ready)

    def move(self, task, old, new):
        task.vruntime += new.floor - old.floor


class EarliestEligible(Policy):
    preemptive = True
    only_at_wakeups = True

    def arrive(self, task, queue):
        task.lag = 0
        self.come_back(task, queue)

    def come_back(self, task, queue):
        task.vruntime = self.virtual_time(queue) - task.lag
        self.renew(task)

    def renew(self, task):
        task.virtual_deadline = task.vruntime + self.options.quantum * inverse(task)
        task.used = 0

    def leave(self, task, queue):
        queue.resting_time = self.virtual_time(queue)
        bound = 2 * self.options.quantum * inverse(task)
        task.lag = max(-bound, min(bound, queue.resting_time - task.vruntime))

    def virtual_time(self, queue):
        members = queue.members()
        if not members:
            return queue.resting_time
        return sum(weight(task) * task.vruntime for task in members) // sum(map(weight, members))

    def eligible(self, task, queue):
        members = queue.members()
        weighted = sum(weight(member) * member.vruntime for member in members)
        return task.vruntime * sum(map(weight, members)) <= weighted

    def ran(self, task, ticks):
        task.vruntime += ticks * inverse(task)
        task.used += ticks

    def rank(self, task, now):
        return task.virtual_deadline

    def pick(self, queue, now):
        eligible = [task for task in queue.ready if self.eligible(task, queue)]
        if eligible:
            return min(eligible, key=lambda task: task.virtual_deadline)
        return min(queue.ready, key=lambda task: task.vruntime)

    def slice(self, task, queue, fresh=False):
        return self.options.quantum if fresh else self.options.quantum - task.used

    def slice_ended(self, task):
        self.renew(task)

    def renewed(self, task, queue, slices, ticks):
        task.virtual_deadline = task.vruntime + (ticks + self.options.quantum) * inverse(task)
        task.used = -ticks  # the last slice is still ahead

    def replaces(self, ready, running, queue, now):
        return self.eligible(ready, queue) and ready.virtual_deadline < running.virtual_deadline

    def move(self, task, old, new):
        change = self.virtual_time(new) - self.virtual_time(old)
        task.vruntime += change
        task.virtual_deadline += change


class EarliestDeadline(Policy):
    preemptive = True

    def rank(self, task, now):
        return NEVER if task.deadline is None else task.job.release + task.deadline


class RateMonotonic(Policy):
    preemptive = True

    def rank(self, task, now):
        return NEVER if task.period is None else task.period


POLICIES = {
    "fcfs": Policy,
    "sjf": ShortestJobFirst,
    "srtf": ShortestRemainingTimeFirst,
    "rr": RoundRobin,
    "priority": Priority,
    "mlfq": FeedbackQueues,
    "lottery": Lottery,
    "stride": Stride,
    "cfs": CompletelyFair,
    "eevdf": EarliestEligible,
    "edf": EarliestDeadline,
    "rm": RateMonotonic,
}
