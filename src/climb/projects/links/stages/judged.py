"""Demands on answers that several stages make, with what the report needs to explain them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

from climb.judge.drivers.problems import demand_fields, problem
from climb.judge.expect import fail

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Running

__all__ = [
    "demand_location",
    "demand_problem",
    "demand_redirect",
    "demand_retry_after",
    "demand_status",
    "soon",
]

T = TypeVar("T")

_SHOWN = 200
_POLL_S = 0.05
_WHY_ALL = "All of them are told at once, so that nobody has to mend and send again for each."


def demand_status(answer: Answer, *statuses: int, why: str) -> None:
    """The answer has one of these."""
    if answer.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        answer.blame(f"status {wanted}", f"status {_in_words(answer)}", why)


def demand_location(answer: Answer, wanted: str, why: str) -> None:
    """There is one Location, and it is this text exactly."""
    given = answer.values("location")
    if given != [wanted]:
        answer.blame(f"Location: {wanted}", f"Location: {', '.join(given)}" if given else "no Location", why)


def demand_redirect(answer: Answer, url: str, why: str = "The link leads there.") -> None:
    """Whoever follows the link is sent to this address."""
    demand_status(answer, 302, why=why)
    demand_location(
        answer, url, f"{why} Location is exactly the url that was given: whoever wrote it knows why it is written so."
    )


def demand_problem(answer: Answer, status: int, *, fields: Collection[str] = (), why: str) -> None:
    """The answer is a problem with this status that names these fields, if there are some, and no others."""
    demand_status(answer, status, why=why)
    problem(answer)
    if fields:
        demand_fields(answer, fields, why=f"{why} {_WHY_ALL}" if len(fields) > 1 else why)


def demand_retry_after(answer: Answer, why: str) -> None:
    """Retry-After says after how many seconds it makes sense to ask again, at least one."""
    given = answer.headers.get("retry-after", "")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", given):
        answer.blame(
            "Retry-After: a whole number of seconds, 1 or more",
            f"Retry-After: {given}" if given else "no Retry-After",
            why,
        )


async def soon(
    look: Callable[[], Awaitable[T]],
    good: Callable[[T], bool],
    *,
    within_s: float,
    running: Running,
    subject: str,
    expected: str,
    why: str,
    saw: object = None,
) -> T:
    """What ``look`` finds once it is good; looks again and again, and fails the check if it is not good in time."""
    deadline = running.now() + within_s
    while True:
        asked = running.now()
        found = await look()
        if good(found):
            return found
        if asked > deadline:
            fail(subject, expected=expected, received=_in_words(found), why=why, saw=saw)
        await asyncio.sleep(_POLL_S)


def _in_words(found: Any) -> str:
    """An answer by its status, and by what it says of that; a link that it tells would only hide it."""
    if not hasattr(found, "line"):
        return str(found)
    said = found.text[:_SHOWN] if found.status >= 400 else "".join(f"Location: {to}" for to in found.values("location"))
    return f"{found.line}   {said}".rstrip()
