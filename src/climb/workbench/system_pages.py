"""Systems of ours that have a page to try them on, by the project that they belong to."""

from __future__ import annotations

import msgspec

__all__ = ["SYSTEM_PAGES", "SystemPage"]


class SystemPage(msgspec.Struct, frozen=True):
    """Where it is, and what one can do there."""

    address: str
    invitation: str


SYSTEM_PAGES = {
    "scheduler": SystemPage("/systems/scheduler", "See what each policy makes of a workload, tick by tick"),
    "processor": SystemPage("/systems/processor", "Watch a running processor: rate, lag, watermark, windows"),
}
