"""Lines of recorded scheduler events, as values.

Read are the forms that tools print: ``perf script`` and ``perf sched script`` (prev_comm=… ==> next_comm=…), older ones and
trace-cmd (comm:pid [prio] S ==> comm:pid [prio]), and the kernel's own trace file. All other lines are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["Lost", "Ready", "Switch", "events"]


class Switch(NamedTuple):
    """sched_switch: at ``at_ns`` processor ``cpu`` went from one task to another. ``state`` says why, as in ps(1)."""

    at_ns: int
    cpu: int
    prev_name: str
    prev_pid: int
    prev_prio: int
    state: str
    next_name: str
    next_pid: int
    next_prio: int


class Ready(NamedTuple):
    """sched_wakeup, sched_waking or sched_wakeup_new (then ``new``): the task can run from ``at_ns`` on."""

    at_ns: int
    name: str
    pid: int
    prio: int
    new: bool


class Lost(NamedTuple):
    """The recorder says that it lost so many events."""

    events: int


_LONGEST = 1000  # characters; names have 15 at most, and what is longer is something else

_WHEN = r"\[(\d+)\] [^:]*?(\d+)\.(\d+): +(?:sched:)?"
_SWITCH = re.compile(
    _WHEN + r"sched_switch: +prev_comm=(.*?) prev_pid=(\d+) prev_prio=(-?\d+) prev_state=(\S+)"
    r" ==> next_comm=(.*?) next_pid=(\d+) next_prio=(-?\d+)"
)
_OLD_SWITCH = re.compile(
    _WHEN + r"sched_switch: +(\S.*?):(\d+) \[(-?\d+)\] (\S+) ==> (.*?):(\d+) \[(-?\d+)\]",
)
_READY = re.compile(_WHEN + r"sched_(wakeup_new|wakeup|waking): +comm=(.*?) pid=(\d+) prio=(-?\d+)(?: success=(\d))?")
_OLD_READY = re.compile(
    _WHEN + r"sched_(wakeup_new|wakeup|waking): +(\S.*?):(\d+) \[(-?\d+)\](?: success=(\d))?",
)
_LOST = re.compile(r"PERF_RECORD_LOST\S*.*?lost (\d+)")


def events(lines: Iterable[str]) -> Iterator[Switch | Ready | Lost]:
    """What ``lines`` say about the scheduler, in their order."""
    for line in lines:
        if len(line) > _LONGEST:
            continue
        if "sched_switch:" in line:
            switch = _SWITCH.search(line) or _OLD_SWITCH.search(line)
            if switch:
                yield _switch(switch)
        elif "sched_wak" in line:
            ready = _READY.search(line) or _OLD_READY.search(line)
            if ready and ready[8] != "0":
                yield _ready(ready)
        elif "PERF_RECORD_LOST" in line:
            lost = _LOST.search(line)
            if lost:
                yield Lost(int(lost[1]))


def _switch(found: re.Match[str]) -> Switch:
    cpu, s, fraction, prev, prev_pid, prev_prio, state, following, next_pid, next_prio = found.groups()
    return Switch(
        int(s + fraction.ljust(9, "0")),
        int(cpu),
        prev,
        int(prev_pid),
        int(prev_prio),
        state,
        following,
        int(next_pid),
        int(next_prio),
    )


def _ready(found: re.Match[str]) -> Ready:
    _cpu, s, fraction, kind, name, pid, prio, _success = found.groups()
    return Ready(int(s + fraction.ljust(9, "0")), name, int(pid), int(prio), kind == "wakeup_new")
