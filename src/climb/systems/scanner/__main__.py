"""``python -m climb.systems.scanner``."""

from __future__ import annotations

from climb.systems.scanner.command import command

command(prog_name="python -m climb.systems.scanner")
