"""The stages of the processor, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.processor.driver import Processor
from climb.projects.processor.stages.back_pressure import back_pressure
from climb.projects.processor.stages.exactly_once import exactly_once
from climb.projects.processor.stages.late import late
from climb.projects.processor.stages.malformed import malformed
from climb.projects.processor.stages.many_connections import many_connections
from climb.projects.processor.stages.one_window import one_window
from climb.projects.processor.stages.percentiles import percentiles
from climb.projects.processor.stages.results import results
from climb.projects.processor.stages.scaling import scaling
from climb.projects.processor.stages.sliding import sliding
from climb.projects.processor.stages.slow_clients import slow_clients
from climb.projects.processor.stages.stopping import stopping

__all__ = ["STAGES", "driver"]

driver = Processor

STAGES = (
    one_window,
    many_connections,
    results,
    late,
    sliding,
    malformed,
    percentiles,
    slow_clients,
    back_pressure,
    exactly_once,
    stopping,
    scaling,
)
