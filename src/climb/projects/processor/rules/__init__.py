"""The rules of the brief a second time: what a processor that was sent these readings must show. Pure, and plain rather than fast."""

from __future__ import annotations

from climb.projects.processor.rules.facts import Facts, Window, facts_of
from climb.projects.processor.rules.findings import Finding, find_difference, find_disorder
from climb.projects.processor.rules.model import Model, Taken
from climb.projects.processor.rules.reading import Reading
from climb.projects.processor.rules.shape import Shape

__all__ = [
    "Facts",
    "Finding",
    "Model",
    "Reading",
    "Shape",
    "Taken",
    "Window",
    "facts_of",
    "find_difference",
    "find_disorder",
]
