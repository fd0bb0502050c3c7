"""Requests of every kind that the first stages know, and what their answers must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from climb.judge.world.draws import Draws
from climb.projects.http.driver import Running, explained
from climb.projects.http.driver.draws import draw_body, draw_path, draw_query
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.judged import demand_read, demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["HIDDEN", "Asked", "demand_answers", "draw_asked"]

HIDDEN = "/mirror/hidden"  # what must never be answered: it is inside of something, or behind the end
_MOST_BODY = 20_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and the status that the brief has for it."""

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}{self.query}"

    def sent(self, running: Running, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
        """Its bytes."""
        return running.request(self.method, f"{self.path}{self.query}", fields, self.body)

    def demand(self, answer: Answer, place: str, *, why: str) -> None:
        """The answer belongs to this request; ``place`` says which of several it is."""
        why = f"This is the answer to {place}: {self}. {why}"
        if self.path.startswith("/mirror"):
            demand_read(mirrored(answer), method=self.method, path=self.path, body=self.body or b"", why=why)
        else:
            demand_status(answer, self.status, why=why)


async def demand_answers(
    running: Running, conversation: Conversation, asked: Sequence[Asked], words: str, *, why: str
) -> None:
    """These were sent on this connection, and are answered one by one in this order; ``words`` say how they were sent."""
    for number, one in enumerate(asked, 1):
        place = f"request {number} of {len(asked)} {words}"
        with explained(why, f"the answer to {place}: {one}"):
            answer = await conversation.answer(running.patience_s)
        one.demand(answer, place, why=why)


def draw_asked(draw: Draws, *, errors: bool = False) -> Asked:
    """One request; ``errors``: some are answered with 404 or 405."""
    kinds = ["mirror", "mirror with a body", "healthz", "HEAD", *(("404", "405") if errors else ())]
    match draw.choice(kinds):
        case "mirror":
            return Asked(method="GET", path=f"/mirror{draw_path(draw)}", query=draw_query(draw))
        case "mirror with a body":
            method = draw.choice(("POST", "PUT", "PATCH", "DELETE"))
            return Asked(method=method, path=f"/mirror{draw_path(draw)}", body=draw_body(draw, at_most=_MOST_BODY))
        case "healthz":
            return Asked(method="GET", path="/healthz")
        case "HEAD":
            return Asked(method="HEAD", path="/healthz")
        case "404":
            return Asked(method=draw.choice(("GET", "HEAD")), path=f"/{draw.word()}", status=404)
        case _:
            return Asked(method="POST", path="/healthz", body=draw_body(draw, at_most=100), status=405)
