"""``python -m climb.systems.scanner``."""

from __future__ import annotations

import sys

NAME = "python -m climb.systems.scanner"

try:
    from climb.systems.scanner.quick import run_quickly

    code = run_quickly(sys.argv[1:], NAME)
    if code is not None:
        sys.exit(code)
    from climb.systems.scanner.command import command

    command(prog_name=NAME)
except KeyboardInterrupt:  # before the command could take care of signals itself
    sys.exit(130)
