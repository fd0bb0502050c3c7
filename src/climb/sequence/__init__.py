"""Sequence diagrams, as text for a terminal and as SVG for a page."""

from climb.sequence.model import Arrow, Diagram, Gap, Note, Shade, Step

__all__ = ["Arrow", "Diagram", "Gap", "Note", "Shade", "Step"]
