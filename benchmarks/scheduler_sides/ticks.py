"""A loop that goes from tick to tick, as the simulators of teaching books do; round robin, plain Python."""

from __future__ import annotations

import time
from collections import deque

import sides


class Job:
    """A task and how far it is."""

    def __init__(self, name: int, arrival: int, ticks: int) -> None:
        self.name = name
        self.arrival = arrival
        self.left = ticks
        self.first = -1
        self.completion = -1


asked = sides.asked()
jobs = [Job(n, n % 7, ticks) for n, (ticks, _) in enumerate(sides.tasks(asked))]
before = sides.peak_kib()
began = time.perf_counter()
arriving = deque(sorted(jobs, key=lambda job: job.arrival))
ready: deque[Job] = deque()
running = None
clock = used = decisions = done = 0
while done < len(jobs):
    while arriving and arriving[0].arrival == clock:
        ready.append(arriving.popleft())
    if running is not None and used == asked.quantum:
        ready.append(running)
        running = None
    if running is None and ready:
        running = ready.popleft()
        decisions += 1
        used = 0
        if running.first < 0:
            running.first = clock
    clock += 1
    if running is not None:
        running.left -= 1
        used += 1
        if running.left == 0:
            running.completion = clock
            done += 1
            running = None
seconds = time.perf_counter() - began
sides.tell(decisions=decisions, seconds=seconds, makespan=clock, grown_kib=sides.peak_kib() - before)
