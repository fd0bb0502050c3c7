"""``python -m climb.systems.links``: the service, told everything by its environment."""

from __future__ import annotations

import os
import sys

from climb.stack.telemetry.logs import set_up_logs
from climb.systems.links.service import bound_to, serve
from climb.systems.links.settings import SettingsError, read_settings


def main() -> int:
    """Serve; return the exit code."""
    set_up_logs()
    try:
        settings = read_settings()
        serve(settings, bound_to(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a thread that waits for nobody would keep the interpreter
