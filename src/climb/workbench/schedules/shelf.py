"""The workloads that one can choose from, and the policies that each is best seen with."""

from __future__ import annotations

import msgspec

from climb.systems.scheduler.model import Policy
from climb.systems.scheduler.named import NAMED

__all__ = ["RECORDING", "SHELF", "SUGGESTED", "Shelved"]

RECORDING = "recording"


class Shelved(msgspec.Struct, frozen=True):
    """A workload: what it shows, and what to compare in it."""

    name: str
    title: str
    shows: str
    compare: str
    knobs: str = ""  # what else its address begins with


SUGGESTED: dict[str, tuple[Policy, ...]] = {
    "": ("rr", "eevdf"),  # for a workload that we don't know
    "interactive": ("fcfs", "rr", "mlfq"),
    "batch": ("fcfs", "srtf", "rr"),
    "mixed": ("fcfs", "srtf", "mlfq", "eevdf"),
    "convoy": ("fcfs", "srtf"),
    "starvation": ("srtf", "rr", "priority"),
    "shares": ("rr", "stride", "eevdf"),
    "control": ("edf", "rm"),
    "crowd": ("fcfs", "eevdf"),
    RECORDING: ("eevdf",),
}

SHELF: dict[str, Shelved] = {
    **{each.name: Shelved(each.name, each.name, each.shows, each.separates) for each in NAMED.values()},
    RECORDING: Shelved(
        RECORDING,
        "a real recording",
        "What a Linux kernel did on a real machine, as its trace of context switches and wake-ups tells it.",
        "The first chart is what the kernel did: two processors compile a program while an editor and a player want their turns;"
        " below it, what our policies make of the same tasks, each of which may run on either processor.",
        "&quantum=14&queues=per-cpu",  # base_slice_ns, 1.4 ms on two processors (kernel/sched/fair.c), in ticks of 100 µs
    ),
}
