"""How checks speak to a processor: start it, send readings, read acknowledgements and results."""

from __future__ import annotations

from climb.projects.processor.driver.processor import NEVER_MS, Processor, Running
from climb.projects.processor.driver.results import Page, Stats, Total
from climb.projects.processor.driver.sender import Sender, highest
from climb.projects.processor.driver.stream import Feed, Shown

__all__ = ["NEVER_MS", "Feed", "Page", "Processor", "Running", "Sender", "Shown", "Stats", "Total", "highest"]
