"""``python -m climb.systems.scheduler``."""

from __future__ import annotations

import sys

NAME = "python -m climb.systems.scheduler"

try:
    from climb.systems.scheduler.command import main

    code = main(sys.argv[1:], NAME)
except KeyboardInterrupt:
    code = 130
sys.exit(code)
