"""The stages of the scanner, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.scanner.report import Scanner
from climb.projects.scanner.stages.closed_or_filtered import closed_or_filtered
from climb.projects.scanner.stages.concurrency import concurrency
from climb.projects.scanner.stages.full_range import full_range
from climb.projects.scanner.stages.hostile import hostile
from climb.projects.scanner.stages.http import http
from climb.projects.scanner.stages.open_port import open_port
from climb.projects.scanner.stages.port_lists import port_lists
from climb.projects.scanner.stages.small_limits import small_limits
from climb.projects.scanner.stages.targets import targets
from climb.projects.scanner.stages.tls import tls

__all__ = ["STAGES", "driver"]

driver = Scanner

STAGES = (
    open_port,
    port_lists,
    targets,
    closed_or_filtered,
    concurrency,
    http,
    tls,
    hostile,
    small_limits,
    full_range,
)
