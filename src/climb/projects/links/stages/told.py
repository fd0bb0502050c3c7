"""What is told of a link that was made, and of one that is followed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from climb.judge.expect import expect
from climb.projects.links.driver import OWNER
from climb.projects.links.rules.moments import moment

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Link, Running

__all__ = ["demand_not_stored", "demand_told"]

_CLOCK_S = 1.0  # between the clocks of a program, its database and the judge on one machine, rounding included


def demand_told(answer: Answer, link: Link, url: str, running: Running) -> None:
    """The answer to a POST tells the link as it is."""
    wanted = {
        "short_url": f"{running.instances[0].public_url}/{link.code}",
        "url": url,
        "owner": OWNER,
        "expires_at": None,
        "clicks": 0,
    }
    expect({name: getattr(link, name) for name in wanted}, "what the answer to POST /v1/links tells").equals(
        wanted,
        why="short_url is PUBLIC_URL, a slash and the code; the owner is the sub of the token; nobody gave an end, and nobody has followed it yet.",
    )
    made, now = moment(link.created_at), dt.datetime.now(dt.UTC)
    if made is None or not -_CLOCK_S <= (now - made).total_seconds() <= answer.seconds + _CLOCK_S:
        answer.blame(
            f"created_at: a time like {now:%Y-%m-%dT%H:%M:%S}Z",
            f"created_at: {link.created_at}",
            "It was made at this moment. Times are RFC 3339 in UTC with a Z.",
        )


def demand_not_stored(answer: Answer) -> None:
    """No browser keeps where the link led."""
    if answer.headers.get("cache-control", "").strip().lower() != "no-store":
        answer.blame(
            "Cache-Control: no-store",
            f"Cache-Control: {answer.headers.get('cache-control', '')}"
            if "cache-control" in answer.headers
            else "no Cache-Control",
            "A browser that keeps the answer asks no more: it goes on to the old address, and is counted no more (RFC 9111, 5.2.2.5).",
        )
