"""Plays the processors and queues. Time jumps from one tick at which something may happen to the next."""

import heapq
import math

NEVER = math.inf


class Job:
    def __init__(self, release):
        self.release = release
        self.first_tick = None
        self.completion = None


class Task:
    """A task, where it is, and what the policies keep about it."""

    def __init__(self, index, spec, releases):
        self.index = index
        self.id = spec.id
        self.bursts = spec.bursts
        self.priority, self.nice, self.tickets = spec.priority, spec.nice, spec.tickets
        self.period, self.deadline = spec.period, spec.deadline
        self.releases = iter(releases)
        self.next_release = next(self.releases)
        self.jobs = []
        self.burst = 0
        self.left = 0  # ticks of the current burst
        self.processor = None  # that it runs on, or ran on last
        self.ready_since = None  # None unless it is ready
        self.switches = 0
        self.arrived = False
        self.finished = False

    @property
    def job(self):
        return self.jobs[-1]


class Processor:
    def __init__(self, number):
        self.number = number
        self.task = None
        self.last = None
        self.picked = self.begins = 0
        self.slice_end = NEVER
        self.consider_again = None  # the tick at which replacing its task is considered once more
        self.segments = []


class Queue:
    """Ready tasks in the ready order, and the processors that pick from them."""

    def __init__(self, processors):
        self.processors = processors
        self.ready = []
        self.floor = 0
        self.resting_time = 0  # the virtual time while the queue is empty
        self.woken_at = None  # the last tick at which a task became ready in step 2

    def running(self):
        return [processor.task for processor in self.processors if processor.task]

    def members(self):
        return self.ready + self.running()


class Simulator:
    def __init__(self, workload, policy, per_cpu):
        self.policy = policy
        self.switch_cost, self.migration_cost = workload.switch_cost, workload.migration_cost
        self.tasks = [Task(i, spec, workload.releases(spec)) for i, spec in enumerate(workload.tasks)]
        self.processors = [Processor(number) for number in range(workload.cpus)]
        self.queues = [Queue([p]) for p in self.processors] if per_cpu else [Queue(self.processors)]
        self.waking = [(task.next_release, task.index) for task in self.tasks]
        heapq.heapify(self.waking)
        self.now = 0

    def run(self):
        while (tick := self.next_tick()) != NEVER:
            self.let_run_until(tick)
            self.bursts_end()
            self.tasks_become_ready()
            self.slices_end()
            self.policy.end_step_three(self)
            self.processors_choose()
            self.skip_lonely_slices()

    # --- time -------------------------------------------------------------------------------------------------------

    def next_tick(self):
        return min(
            [self.next_wake(), self.next_boost()]
            + [self.next_of(p, q) for q in self.queues for p in q.processors if p.task]
        )

    def next_wake(self):
        return self.waking[0][0] if self.waking else NEVER

    def next_boost(self):
        return NEVER if all(task.finished for task in self.tasks) else self.policy.boost_due

    def next_of(self, processor, queue):
        """The next tick at which something may happen to a running task."""
        task, start = processor.task, max(self.now, processor.begins)
        ticks = [start + task.left, processor.slice_end, self.policy.next_tick(task, start)]
        if queue.ready and self.policy.preemptive:
            ticks += [processor.begins + 1, self.policy.overtaken_at(queue, task)]
        return min(tick for tick in ticks if tick > self.now)

    def let_run_until(self, tick):
        for processor in self.processors:
            ran = tick - max(self.now, processor.begins)
            if processor.task and ran > 0:
                processor.task.left -= ran
                self.policy.ran(processor.task, ran)
        self.now = tick

    def skip_lonely_slices(self):
        """While nobody waits, a slice that ends is followed by the next one: take all of them at once."""
        if any(queue.ready for queue in self.queues):
            return
        ends = [max(self.now, p.begins) + p.task.left for p in self.processors if p.task]
        quiet_until = min([self.next_wake(), *ends])
        if quiet_until == NEVER:
            return
        self.policy.skip_boosts(self, quiet_until)
        for queue in self.queues:
            for processor in queue.processors:
                length = processor.task and self.policy.slice(processor.task, queue, fresh=True)
                if not length:
                    continue
                task, start = processor.task, max(self.now, processor.begins)
                until = min(quiet_until, self.next_boost(), self.policy.next_tick(task, start))
                slices = -((processor.slice_end - until) // length)
                if slices > 0:
                    processor.slice_end += slices * length
                    self.policy.renewed(task, queue, slices, processor.slice_end - length - start)

    # --- the four steps ---------------------------------------------------------------------------------------------

    def bursts_end(self):
        for queue in self.queues:
            for processor in queue.processors:
                task = processor.task
                if task and task.left == 0:
                    self.policy.leave(task, queue)
                    self.stop(processor)
                    self.after_burst(task)

    def after_burst(self, task):
        if task.burst + 1 < len(task.bursts):
            self.wake_at(self.now + task.bursts[task.burst + 1], task)
            task.burst += 2
            return
        task.job.completion = self.now
        task.burst = 0
        task.next_release = next(task.releases, None)
        if task.next_release is None:
            task.finished = True
        else:
            self.wake_at(max(self.now, task.next_release), task)

    def wake_at(self, tick, task):
        heapq.heappush(self.waking, (tick, task.index))

    def tasks_become_ready(self):
        while self.next_wake() == self.now:
            _, index = heapq.heappop(self.waking)
            task = self.tasks[index]
            queue = self.home(task)
            if task.burst == 0:
                task.jobs.append(Job(task.next_release))
            task.left = task.bursts[task.burst]
            if task.arrived:
                self.policy.come_back(task, queue)
            else:
                self.policy.arrive(task, queue)
            task.arrived = True
            queue.woken_at = self.now
            self.make_ready(task, queue)

    def home(self, task):
        if len(self.queues) == 1:
            return self.queues[0]
        if task.processor:
            return self.queues[task.processor.number]
        return min(self.queues, key=lambda queue: len(queue.members()))

    def slices_end(self):
        for queue in self.queues:
            for processor in queue.processors:
                if processor.task and self.turn_is_over(processor):
                    self.policy.slice_ended(processor.task)
                    self.make_ready(self.stop(processor), queue)

    def turn_is_over(self, processor):
        return processor.slice_end == self.now or self.policy.turn_is_over(processor.task)

    def processors_choose(self):
        for queue in self.queues:
            while queue.ready and any(p.task is None for p in queue.processors):
                task = self.policy.pick(queue, self.now)
                self.take(task, queue)
                self.start(task, self.place(task, queue), queue)
        if len(self.queues) > 1:
            self.steal()
        if self.policy.preemptive:
            for queue in self.queues:
                self.replace(queue)

    # --- what the steps are made of ---------------------------------------------------------------------------------

    def place(self, task, queue):
        idle = [processor for processor in queue.processors if processor.task is None]
        return task.processor if task.processor in idle else idle[0]

    def steal(self):
        for thief in self.queues:
            victim = max(self.queues, key=lambda queue: len(queue.ready))
            if thief.processors[0].task is None and victim.ready:
                task = self.policy.pick(victim, self.now)
                self.policy.move(task, victim, thief)
                self.take(task, victim)
                self.start(task, thief.processors[0], thief)

    def replace(self, queue):
        while queue.ready:
            candidates = [p for p in queue.processors if self.may_be_replaced(p, queue)]
            if not candidates:
                return
            victim = max(candidates, key=lambda p: (self.policy.rank(p.task, self.now), p.number))
            task = self.policy.pick(queue, self.now)
            if not self.policy.replaces(task, victim.task, queue, self.now):
                return
            self.take(task, queue)
            self.make_ready(self.stop(victim), queue)
            self.start(task, victim, queue)

    def may_be_replaced(self, processor, queue):
        if processor.task is None:
            return False
        considered = not self.policy.only_at_wakeups or queue.woken_at == self.now
        if self.now <= processor.begins:  # it has not run one tick
            if considered and processor.picked < self.now:
                processor.consider_again = processor.begins + 1
            return False
        return considered or processor.consider_again == self.now

    def make_ready(self, task, queue):
        task.ready_since = self.now
        queue.ready.append(task)

    def take(self, task, queue):
        queue.ready.remove(task)

    def start(self, task, processor, queue):
        delay = 0
        if processor.last is not task:
            task.switches += 1
            delay += self.switch_cost
        if task.processor not in (None, processor):
            delay += self.migration_cost
        processor.task = processor.last = task
        task.processor = processor
        processor.picked, processor.begins = self.now, self.now + delay
        processor.consider_again = None
        if task.job.first_tick is None:
            task.job.first_tick = processor.begins
        self.policy.picked(task, queue, self.now)
        length = self.policy.slice(task, queue)
        processor.slice_end = processor.begins + length if length else NEVER
        task.ready_since = None

    def stop(self, processor):
        """Takes the running task from its processor, and writes its segment down."""
        task, processor.task = processor.task, None
        start = processor.begins
        if processor.segments and processor.segments[-1][0] is task and processor.segments[-1][2] == start:
            start = processor.segments.pop()[1]
        processor.segments.append((task, start, self.now))
        return task
