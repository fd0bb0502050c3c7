"""All faults that there are, by name."""

from __future__ import annotations

from climb.judge.faults.bandwidth import Bandwidth
from climb.judge.faults.cut import Cut
from climb.judge.faults.emptied import Emptied
from climb.judge.faults.fault import Fault
from climb.judge.faults.full import Full
from climb.judge.faults.half_open import HalfOpen
from climb.judge.faults.kill import Kill
from climb.judge.faults.latency import Latency
from climb.judge.faults.pause import Pause
from climb.judge.faults.refuse import Refuse
from climb.judge.faults.reset import Reset
from climb.judge.faults.restart import Restart
from climb.judge.faults.slicing import Slicing
from climb.judge.faults.stall import Stall

__all__ = ["FAULTS"]

FAULTS: dict[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        *(Kill, Restart, Pause),
        *(Latency, Bandwidth, Slicing, Stall, Reset, HalfOpen, Refuse, Cut),
        *(Full, Emptied),
    )
}
