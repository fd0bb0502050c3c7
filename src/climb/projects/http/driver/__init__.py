"""How checks speak to an HTTP server: start it with files and limits, talk to it over raw connections, read its mirror."""

from __future__ import annotations

from climb.projects.http.driver.explained import explained
from climb.projects.http.driver.mirrored import Mirrored
from climb.projects.http.driver.server import HttpServer, Running

__all__ = ["HttpServer", "Mirrored", "Running", "explained"]
