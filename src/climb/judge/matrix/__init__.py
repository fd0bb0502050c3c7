"""The fault matrix: what a service answers while something it stands on is gone, slow or full, and how soon it is well again.

gone = [Demand(name="GET /healthz", request=healthz, during={200}, bound_s=3), Demand(name="POST /v1/links", request=make, during={503}, after={201}, bound_s=3)]
await demand_matrix([Trouble(faults=((database.place, Cut()),), demands=gone), ...], recorder, why="...")

Requests come by the clock, a few a second of each kind, whether earlier ones are answered or not.
"""

from climb.judge.matrix.demands import Demand, Request, Trouble
from climb.judge.matrix.probes import Phases, Probe
from climb.judge.matrix.results import Cell, Matrix
from climb.judge.matrix.trying import demand_matrix

__all__ = ["Cell", "Demand", "Matrix", "Phases", "Probe", "Request", "Trouble", "demand_matrix"]
