"""Whether somebody listens on a port right now: what else runs on this machine must not be held against a learner."""

from __future__ import annotations

import asyncio

__all__ = ["listens"]

_DEADLINE_S = 2.0


async def listens(address: str, port: int) -> bool:
    """True if a connection to this port is accepted, and not by itself (a socket on loopback can connect to itself)."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    mine, theirs = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    writer.close()
    return bool(mine != theirs)
