"""What labs over loopback share."""

from __future__ import annotations

import random
import struct

__all__ = ["RESET_ON_CLOSE", "fresh_address"]

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # for SO_LINGER: closing sends RST, so nothing stays behind in TIME_WAIT


def fresh_address() -> str:
    """An address that probably nobody uses: what another program listens on is not in the way, and nothing can be written to it."""
    return f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
