"""``python -m climb.systems.scanner``."""

from __future__ import annotations

import sys

try:
    from climb.systems.scanner.command import command

    command(prog_name="python -m climb.systems.scanner")
except KeyboardInterrupt:  # before the command could take care of signals itself
    sys.exit(130)
