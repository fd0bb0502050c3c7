"""The stages of the HTTP server, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.http.driver import HttpServer
from climb.projects.http.stages.bodies import bodies
from climb.projects.http.stages.chunked import chunked
from climb.projects.http.stages.files import files
from climb.projects.http.stages.first_answer import first_answer
from climb.projects.http.stages.framing import framing
from climb.projects.http.stages.head import head
from climb.projects.http.stages.keep_alive import keep_alive
from climb.projects.http.stages.limits import limits
from climb.projects.http.stages.malformed import malformed
from climb.projects.http.stages.neighbours import neighbours
from climb.projects.http.stages.pipelining import pipelining
from climb.projects.http.stages.ranges import ranges
from climb.projects.http.stages.stopping import stopping
from climb.projects.http.stages.validators import validators

__all__ = ["STAGES", "driver"]

driver = HttpServer

STAGES = (
    first_answer,
    head,
    bodies,
    keep_alive,
    pipelining,
    chunked,
    files,
    validators,
    ranges,
    malformed,
    framing,
    limits,
    neighbours,
    stopping,
)
