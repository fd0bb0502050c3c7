"""Properties of a history, as pure functions: what must hold whatever clients did and whatever went wrong."""

from climb.judge.properties.demand import demand
from climb.judge.properties.finding import Counterexample, Finding
from climb.judge.properties.order import never_changes, never_goes_back, never_vanishes
from climb.judge.properties.survival import acknowledged_survive
from climb.judge.properties.totals import total_is_possible

__all__ = [
    "Counterexample",
    "Finding",
    "acknowledged_survive",
    "demand",
    "never_changes",
    "never_goes_back",
    "never_vanishes",
    "total_is_possible",
]
