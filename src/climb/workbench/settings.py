"""What the workbench is told when it starts; read in one place, passed on as an argument."""

from __future__ import annotations

from pathlib import Path

import msgspec

__all__ = ["DEFAULT_PORT", "HOST", "Settings"]

HOST = "127.0.0.1"  # never another: the workbench runs programs
DEFAULT_PORT = 4810


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One workbench. ``token`` must come with every action; ``start`` is where new folders are offered."""

    home: Path
    token: str
    port: int = DEFAULT_PORT
    start: Path = Path()

    @property
    def origin(self) -> str:
        """The address that people open."""
        return f"http://{HOST}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The values of the Host header that mean us."""
        return frozenset({f"{HOST}:{self.port}", f"localhost:{self.port}"})
