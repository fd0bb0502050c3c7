"""The stages of the link shortener, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.links.driver import LinksService
from climb.projects.links.stages.breaking import breaking
from climb.projects.links.stages.caching import caching
from climb.projects.links.stages.clicks import clicks
from climb.projects.links.stages.create import create
from climb.projects.links.stages.durable import durable
from climb.projects.links.stages.expiry import expiry
from climb.projects.links.stages.imports import imports
from climb.projects.links.stages.lists import lists
from climb.projects.links.stages.load import load
from climb.projects.links.stages.once import once
from climb.projects.links.stages.owners import owners
from climb.projects.links.stages.safe_targets import safe_targets
from climb.projects.links.stages.staleness import staleness
from climb.projects.links.stages.stopping import stopping

__all__ = ["STAGES", "driver"]

driver = LinksService

STAGES = (
    create,
    owners,
    safe_targets,
    lists,
    expiry,
    clicks,
    once,
    imports,
    caching,
    staleness,
    breaking,
    durable,
    load,
    stopping,
)
