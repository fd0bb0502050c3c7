"""climb scan: the reference scanner's own command, mounted here."""

from __future__ import annotations

from climb.systems.scanner.command import command as scan

__all__ = ["scan"]
