"""Who told whom what, in the order of time: each step is a row, and times are told beside the rows, not by their distance."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = ["Arrow", "Diagram", "Gap", "Note", "Shade", "State", "Step"]

State = Literal["running", "paused", "down"]


class _Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """What all steps have: when, in seconds."""

    at: float


class Arrow(_Step, frozen=True, kw_only=True, tag="arrow"):
    """A message from one actor to another; one that nobody answered, or that was cut, has not ``arrived`` for all one knows."""

    sender: str
    receiver: str
    label: str
    arrived: bool = True


class Note(_Step, frozen=True, kw_only=True, tag="note"):
    """Something that happened to an actor, or to none in particular (""); ``state`` is what the actor is from then on."""

    actor: str
    label: str
    state: State | None = None


class Gap(_Step, frozen=True, kw_only=True, tag="gap"):
    """Messages that are not shown, and until when they came."""

    messages: int
    until: float


Step: TypeAlias = Arrow | Note | Gap


class Shade(msgspec.Struct, frozen=True):
    """A time in which something was wrong, in seconds."""

    start: float
    end: float
    label: str


class Diagram(msgspec.Struct, frozen=True, kw_only=True):
    """Actors in the order of their columns, the steps in the order of time; ``mark`` is the step to point at, from 0."""

    actors: tuple[str, ...]
    steps: tuple[Step, ...]
    shades: tuple[Shade, ...] = ()
    mark: int | None = None
