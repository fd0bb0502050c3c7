"""All bad neighbours that there are, by name."""

from __future__ import annotations

from climb.judge.load.neighbours.flooding import Flooding
from climb.judge.load.neighbours.half_closing import HalfClosing
from climb.judge.load.neighbours.idle_crowd import IdleCrowd
from climb.judge.load.neighbours.neighbour import Neighbour
from climb.judge.load.neighbours.never_reading import NeverReading
from climb.judge.load.neighbours.slow_body import SlowBody
from climb.judge.load.neighbours.slow_head import SlowHead

__all__ = ["NEIGHBOURS"]

NEIGHBOURS: dict[str, type[Neighbour]] = {
    kind.name: kind for kind in (IdleCrowd, SlowHead, SlowBody, HalfClosing, NeverReading, Flooding)
}
