"""Entity tags of links: how a client tells whether one has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.projects.links.stages.judged import demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Running

__all__ = ["demand_not_modified", "tag_of"]


def tag_of(answer: Answer) -> str:
    """The strong ETag of an answer."""
    given = answer.headers.get("etag", "")
    if len(given) < 2 or given[0] != '"' or given[-1] != '"':
        answer.blame(
            'ETag: a text in double quotes, such as "7"',
            f"ETag: {given}" if given else "no ETag",
            "If-Match compares strongly, so the tag is a strong one (RFC 9110, 8.8.3 and 13.1.1).",
        )
    return given


async def demand_not_modified(running: Running, target: str, known: str, tag: str) -> None:
    """A client that knows the link by ``known``, which is or contains its tag, is told that it is the same."""
    answer = await running.ask("GET", target, fields=[("If-None-Match", known)], status=None)
    demand_status(
        answer,
        304,
        why=f"The client knows the link by its ETag {tag}, or by any; since then only clicks came, and they do not count as change (RFC 9110, 13.1.2).",
    )
    if answer.headers.get("etag") != tag:
        answer.blame(
            f"ETag: {tag}",
            f"ETag: {answer.headers.get('etag', 'none')}",
            "A 304 has the ETag that a 200 would have (RFC 9110, 15.4.5).",
        )
