"""How checks speak to a link shortener: start it with all its parts, make links, follow them, issue tokens."""

from __future__ import annotations

from climb.projects.links.driver.instance import LinkInstance
from climb.projects.links.driver.issuer import Issuer
from climb.projects.links.driver.keys import Key
from climb.projects.links.driver.link import Link, LinkPage, link_in, read_as
from climb.projects.links.driver.running import OWNER, Running
from climb.projects.links.driver.service import LinksService
from climb.projects.links.driver.urls import draw_code, draw_url

__all__ = [
    "OWNER",
    "Issuer",
    "Key",
    "Link",
    "LinkInstance",
    "LinkPage",
    "LinksService",
    "Running",
    "draw_code",
    "draw_url",
    "link_in",
    "read_as",
]
