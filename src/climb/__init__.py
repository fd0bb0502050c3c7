"""Backend Climb: a workbench for learning backend fundamentals by building real systems."""

__version__ = "0.1.0"
