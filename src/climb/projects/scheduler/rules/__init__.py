"""The brief's rules, as pure functions of a workload, options and a timeline."""

from __future__ import annotations

from climb.projects.scheduler.rules.finding import Broken, Finding
from climb.projects.scheduler.rules.situations import situations
from climb.projects.scheduler.rules.timeline import Piece, Timeline
from climb.projects.scheduler.rules.walk import by_the_rules, find_broken

__all__ = ["Broken", "Finding", "Piece", "Timeline", "by_the_rules", "find_broken", "situations"]
