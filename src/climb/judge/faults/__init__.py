"""Faults: what goes wrong around a program on purpose, at a moment that can be drawn, until it is healed.

place = Place(program=instance, proxy=proxy)
async with Injecting(place, recorder) as faults:
    faults.follow(drawn_plan(draw, [Latency, Stall, Reset], within=AfterBytes(100_000)))
    ...  # load the program through the proxy
    await faults.settled()
    ...  # read back
"""

from climb.judge.faults.bandwidth import Bandwidth
from climb.judge.faults.cut import Cut
from climb.judge.faults.emptied import Emptied
from climb.judge.faults.fault import Fault, NetworkFault, Part, Place, Program, Store
from climb.judge.faults.full import Full
from climb.judge.faults.half_open import HalfOpen
from climb.judge.faults.injecting import Injecting
from climb.judge.faults.kill import Kill
from climb.judge.faults.latency import Latency
from climb.judge.faults.pause import Pause
from climb.judge.faults.plan import AfterBytes, AfterSeconds, Planned, drawn_plan
from climb.judge.faults.refuse import Refuse
from climb.judge.faults.reset import Reset
from climb.judge.faults.restart import Restart
from climb.judge.faults.slicing import Slicing
from climb.judge.faults.stall import Stall
from climb.judge.faults.table import FAULTS

__all__ = [
    "FAULTS",
    "AfterBytes",
    "AfterSeconds",
    "Bandwidth",
    "Cut",
    "Emptied",
    "Fault",
    "Full",
    "HalfOpen",
    "Injecting",
    "Kill",
    "Latency",
    "NetworkFault",
    "Part",
    "Pause",
    "Place",
    "Planned",
    "Program",
    "Refuse",
    "Reset",
    "Restart",
    "Slicing",
    "Stall",
    "Store",
    "drawn_plan",
]
