"""What the measuring process tells: how far it is, and at the end what it measured."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from climb.labs.result import Machine, Quiet, Sample

__all__ = ["Done", "Message", "Progress"]


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """The share done, 0 to 1, and what is being done."""

    share: float
    doing: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Everything that was measured."""

    machine: Machine
    quiet: Quiet
    samples: tuple[Sample, ...]
    facts: dict[str, float | str]


Message: TypeAlias = Progress | Done
