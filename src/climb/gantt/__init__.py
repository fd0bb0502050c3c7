"""Gantt charts, as text for a terminal and as SVG for a page."""

from climb.gantt.model import Row, Span

__all__ = ["Row", "Span"]
