"""What a program may use. Limits protect the machine; they are not what a stage judges."""

from __future__ import annotations

import msgspec

__all__ = ["MIB", "Limits"]

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one call or one service. Crossing one stops the program, and the verdict names the bound."""

    seconds: float = 30.0
    memory: int = 2048 * MIB  # resident bytes, all processes of the program together
    processes: int = 256
    output: int = 64 * MIB  # bytes on standard output and standard error together
    open_files: int | None = None  # None: what this machine gives
    term_grace_s: float = 2.0  # between SIGTERM and SIGKILL
