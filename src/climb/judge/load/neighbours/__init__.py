"""Bad neighbours: clients that are slow, greedy or silent. What they do to the program is judged by what all others notice of it."""

from climb.judge.load.neighbours.count import Count, Farewell
from climb.judge.load.neighbours.flooding import Flooding
from climb.judge.load.neighbours.group import Neighbours
from climb.judge.load.neighbours.half_closing import HalfClosing
from climb.judge.load.neighbours.idle_crowd import IdleCrowd
from climb.judge.load.neighbours.neighbour import Neighbour
from climb.judge.load.neighbours.never_reading import NeverReading
from climb.judge.load.neighbours.slow_body import SlowBody
from climb.judge.load.neighbours.slow_head import SlowHead
from climb.judge.load.neighbours.table import NEIGHBOURS

__all__ = [
    "NEIGHBOURS",
    "Count",
    "Farewell",
    "Flooding",
    "HalfClosing",
    "IdleCrowd",
    "Neighbour",
    "Neighbours",
    "NeverReading",
    "SlowBody",
    "SlowHead",
]
