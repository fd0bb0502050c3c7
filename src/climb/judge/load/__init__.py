"""Load on a service, from a process of its own, so that the judge's own work does not slow it down."""

from climb.judge.load.histogram import Histogram
from climb.judge.load.http import Answers, Arrivals, HttpLoad, HttpLoaded, HttpPlan, HttpRequest, Slice, SlowAnswer
from climb.judge.load.lines import LineLoad, Loaded, LoadedConnection
from climb.judge.load.process import Progress

__all__ = [
    "Answers",
    "Arrivals",
    "Histogram",
    "HttpLoad",
    "HttpLoaded",
    "HttpPlan",
    "HttpRequest",
    "LineLoad",
    "Loaded",
    "LoadedConnection",
    "Progress",
    "Slice",
    "SlowAnswer",
]
