"""An emulator of an operating system's scheduler: twelve policies, exact to the tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from climb.systems.scheduler.library import TracedSegment, schedule, segments, traced

__all__ = ["TracedSegment", "schedule", "segments", "traced"]


def __getattr__(name: str) -> Any:
    """Load the library when it is asked for, so that the command starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from climb.systems.scheduler import library

    return getattr(library, name)
