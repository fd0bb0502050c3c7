"""Load on a service, from a process of its own, so that the judge's own work does not slow it down."""

from climb.judge.load.lines import LineLoad, Loaded, LoadedConnection, Progress

__all__ = ["LineLoad", "Loaded", "LoadedConnection", "Progress"]
