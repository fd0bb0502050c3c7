"""One conversation over one connection, seen from the bytes."""

from __future__ import annotations

from enum import Enum

from climb.systems.scanner.model import NOTHING, Facts

__all__ = ["Ending", "Talk"]


class Ending(Enum):
    """Why no more bytes will come."""

    CLOSED = "closed"  # the peer closed its side
    RESET = "reset"  # the peer, or something on the way, cut the connection
    TIMEOUT = "timeout"  # the connection's time is over
    FULL = "full"  # we read as much as we are willing to
    UNREACHED = "unreached"  # there never was a connection

    @property
    def hung_up(self) -> bool:
        """Whether it was the peer that wanted no more."""
        return self in (Ending.CLOSED, Ending.RESET)


class Talk:
    """A conversation: what to say first, what to answer, when to speak unasked, when it is over.

    The engine calls ``open`` once, then ``receive`` for all that arrives and ``quiet`` when nothing came for
    ``quiet_s`` seconds, and sends what they return. It stops as soon as ``done`` is true, or calls ``end``.
    """

    quiet_s: float | None = None  # read after each call: None means "wait for the peer"
    done: bool = False
    heard: bool = False  # whether the peer sent anything at all
    ending: Ending | None = None  # set if the conversation ended before it was done

    @property
    def facts(self) -> Facts:
        """What the conversation told; asked for when it is over."""
        return NOTHING

    def open(self) -> bytes:
        """The connection stands: the first bytes to send."""
        return b""

    def receive(self, data: bytes) -> bytes:  # noqa: ARG002 - the shape of the seam
        """*data* arrived: the bytes to answer."""
        return b""

    def quiet(self) -> bytes:
        """Nothing came for ``quiet_s``: the bytes to say unasked."""
        return b""

    def end(self, ending: Ending) -> None:
        """No more bytes will come."""
        self.done = True
        self.ending = ending
