"""Demands on answers that several stages make, with what the report needs to explain them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["demand_member", "demand_no_store", "document"]

_SHOWN = 300


def document(answer: Answer) -> dict[str, Any]:
    """The JSON object in an answer; fails the check if there is none."""
    found = answer.json()
    if not isinstance(found, dict):
        answer.blame("a JSON object", answer.text[:_SHOWN], "The brief answers this request with an object.")
    return found


def demand_member(answer: Answer, name: str, wanted: object, *, why: str) -> None:
    """The object in the answer has this member, with this value."""
    found = document(answer)
    if name not in found or found[name] != wanted:
        received = f"{found[name]!r}" if name in found else "no such member"
        answer.blame(f"{name}: {wanted!r}", f"{name}: {received}   {answer.text[:_SHOWN]}", why)


def demand_no_store(answer: Answer, what: str) -> None:
    """Nobody on the way may keep this answer."""
    words = [word.strip().lower() for word in answer.headers.get("cache-control", "").split(",")]
    if "no-store" not in words:
        given = answer.headers.get("cache-control")
        answer.blame(
            "Cache-Control: no-store",
            "no Cache-Control" if given is None else f"Cache-Control: {given}",
            f"The answer has {what}. A cache that keeps it hands it to whoever asks next, or to whoever reads its disk (RFC 6749, 5.1; RFC 9111, 5.2.2.5).",
        )
