"""The names of requests: which are kept, which are replaced, on which answers."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws
    from climb.projects.identity.driver import Running

__all__ = ["demand_new_ids", "demand_own_ids"]

_ALPHABET = string.ascii_letters + string.digits + "-_"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PLACES = (
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/v1/users/me"),
    ("GET", "/nowhere"),
    ("DELETE", "/v1/registrations"),
    ("GET", "/healthz"),
    ("POST", "/v1/sessions"),
)
_NO_IDS = ("", "two words", "x" * 65, "semi;colon", "a/b", "a.b", '"quoted"', "line%0Aend", "{}")
_FOLLOWED = "By this name a request is found again in the logs of every service that had a part in it."


async def demand_own_ids(running: Running, draw: Draws) -> None:
    """A good name comes back as it was, whatever the answer is."""
    lengths = (1, 64, draw.integer(2, 63))
    for number, (method, path) in enumerate(draw.sample(_PLACES, len(_PLACES))):
        name = "".join(draw.source().choice(_ALPHABET) for _ in range(lengths[number % len(lengths)]))
        answer = await running.ask(method, path, fields=[("X-Request-Id", name)], status=None)
        given = answer.headers.get("x-request-id")
        if given != name:
            _blame(
                answer,
                f"X-Request-Id: {name}",
                given,
                f"The request has this name, of 1 to 64 letters, digits, - and _. {_FOLLOWED}",
            )


async def demand_new_ids(running: Running, draw: Draws) -> None:
    """Without a good name a request gets one that no other has."""
    seen: set[str] = set()
    for name in (None, *draw.sample(_NO_IDS, len(_NO_IDS)), None):
        method, path = draw.choice(_PLACES)
        fields = [] if name is None else [("X-Request-Id", name)]
        answer = await running.ask(method, path, fields=fields, status=None)
        given = answer.headers.get("x-request-id")
        had = "The request has no name" if name is None else f"{name!r} is not 1 to 64 letters, digits, - and _"
        if given is None or not _ID.fullmatch(given) or given == name:
            why = f"{had}, so it gets a new one. What anyone may write is not passed on unchecked: it ends up in logs."
            _blame(answer, "X-Request-Id: a new name", given, why)
        if given in seen:
            _blame(answer, "X-Request-Id: a name that no other request has", given, f"{had}. {_FOLLOWED}")
        seen.add(given)


def _blame(answer: Answer, expected: str, given: str | None, why: str) -> NoReturn:
    answer.blame(expected, "no X-Request-Id" if given is None else f"X-Request-Id: {given}", why)
