"""Which windows there are: their length, their distance, and how far the watermark stays behind."""

from __future__ import annotations

import msgspec

__all__ = ["Shape"]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a program that its results depend on, in milliseconds. Without a slide windows tumble."""

    window_ms: int
    slide_ms: int | None = None
    lateness_ms: int = 0

    @property
    def step_ms(self) -> int:
        """From the start of one window to the start of the next."""
        return self.window_ms if self.slide_ms is None else self.slide_ms

    def starts(self, ts: int) -> range:
        """The starts of the windows that hold the moment ``ts``, in order; none is before 1970."""
        last = ts - ts % self.step_ms
        first = last - self.window_ms + self.step_ms
        return range(max(first, 0), last + 1, self.step_ms)

    def __str__(self) -> str:
        slide = "" if self.slide_ms is None else f", SLIDE_MS={self.slide_ms}"
        return f"WINDOW_MS={self.window_ms}{slide}, LATENESS_MS={self.lateness_ms}"
