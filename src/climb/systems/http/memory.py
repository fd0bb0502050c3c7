"""Memory that was needed for a moment, given back to the machine.

The C library keeps what is freed between things that live longer. Behind a crowd of large requests that may be most of what they
needed, for as long as the server runs; so it is asked to let go of it, at most once a second: that takes about a quarter of a
millisecond for each MiB that goes.
"""

from __future__ import annotations

import ctypes

__all__ = ["LARGE", "REST_S", "give_back"]

LARGE = 16 * 1024  # bytes of a request that may leave a gap behind
REST_S = 1.0  # between two times
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not


def give_back() -> None:
    """Give back all that is free."""
    if _trim is not None:
        _trim(0)
