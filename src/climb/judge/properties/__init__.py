"""Properties of a history, as pure functions: what must hold whatever clients did and whatever went wrong."""

from climb.judge.properties.counts import Count, counts_are_possible
from climb.judge.properties.demand import demand
from climb.judge.properties.finding import Counterexample, Finding
from climb.judge.properties.order import never_changes, never_goes_back, never_vanishes
from climb.judge.properties.states import ABSENT, Write, possible_states, since_its_ack, states_are_possible
from climb.judge.properties.survival import acknowledged_survive
from climb.judge.properties.totals import total_is_possible

__all__ = [
    "ABSENT",
    "Count",
    "Counterexample",
    "Finding",
    "Write",
    "acknowledged_survive",
    "counts_are_possible",
    "demand",
    "never_changes",
    "never_goes_back",
    "never_vanishes",
    "possible_states",
    "since_its_ack",
    "states_are_possible",
    "total_is_possible",
]
