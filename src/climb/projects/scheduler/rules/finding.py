"""The first moment at which something was broken, and in which words it is told."""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Broken", "Finding"]


class Broken(Enum):
    """What kind of rule it was. The word is the subject of the report."""

    FACT = "what each task gets"
    CHOICE = "who runs"
    COST = "when a task begins"
    PROCESSOR = "on which processor"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``moment`` is the tick of the choice, ``visible`` the tick at which the timeline shows it; numbers are in the words."""

    broken: Broken
    moment: int
    visible: int
    cpu: int | None
    expected: str
    received: str
    why: str
