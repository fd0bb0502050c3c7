"""What the parent and its workers tell each other, over a socket pair that carries connections as well."""

from __future__ import annotations

import msgspec

__all__ = [
    "Advance", "Claim", "Closed", "Connection", "Exit", "FromParent", "FromWorker", "Learned", "Published", "Quiet",
    "Ready", "Recovered", "Stop",
]  # fmt: skip


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True):
    pass


# --- to a worker ----------------------------------------------------------------------------------------------------


class Advance(_Message, frozen=True):
    """Event time has come to ``watermark``: close what ends there or before, and answer with ``Closed``."""

    watermark: int


class Published(_Message, frozen=True):
    """All windows up to this watermark are in the results, safely."""

    watermark: int


class Learned(_Message, frozen=True):
    """The numbers of sensors that were asked for."""

    names: list[bytes]
    ids: list[int]


class Connection(_Message, frozen=True):
    """A connection to serve comes along; an ``internal`` one carries a body that came by HTTP."""

    internal: bool


class Recovered(_Message, frozen=True):
    """What all partitions together had reached, and what was published."""

    watermark: int | None
    published: int | None


class Stop(_Message, frozen=True):
    """Read no more, finish what was read, end the connections, and say ``Quiet``."""


class Exit(_Message, frozen=True):
    """All are quiet: end."""


FromParent = Advance | Published | Learned | Connection | Recovered | Stop | Exit


# --- from a worker --------------------------------------------------------------------------------------------------


class Ready(_Message, frozen=True):
    """The partition is recovered; ``watermark`` is how far it had come."""

    watermark: int | None


class Closed(_Message, frozen=True):
    """The advance is safe, and so is all before it; these windows closed: records as in ``columns.WINDOW``."""

    watermark: int | None
    windows: bytes


class Claim(_Message, frozen=True):
    """Sensors that no one here has heard of: they need numbers."""

    names: list[bytes]


class Quiet(_Message, frozen=True):
    """All that was read is answered, and all connections have ended."""


FromWorker = Ready | Closed | Claim | Quiet
