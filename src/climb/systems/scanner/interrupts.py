"""Signals that end a scan early, but in good order."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Self
else:
    import _signal as signal  # what ``signal`` is made of: that one spends a millisecond on naming all signals

__all__ = ["Interrupts"]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, SIGINT, SIGTERM and a closed terminal call what ``on_stop`` was given; a second one ends the program.

    A signal that comes before ``on_stop`` is not lost.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._stop: Callable[[], None] | None = None
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before == signal.SIG_IGN:
                continue  # started by nohup: a closed terminal is to be survived
            self._before[number] = before
            signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Call *stop* when a signal comes, or now if one has come."""
        self._stop = stop
        if self.received is not None:
            stop()

    @property
    def exit_code(self) -> int:
        """What the shell expects of a program that such a signal ended; 0 if none came."""
        return 128 + self.received if self.received else 0

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's signature
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = number
        if self._stop is not None:
            self._stop()
