"""``python -m climb.systems.identity``: the service, told everything by its environment."""

from __future__ import annotations

import os
import signal
import sys

from climb.stack.settings import SettingsError, read_settings
from climb.systems.identity.settings import Settings


def main() -> int:
    """Serve; return the exit code."""
    if parent := os.environ.pop("END_WITH", ""):  # who started us from Python, and can't be sure to stop us
        from climb.parent import end_with_parent

        end_with_parent(int(parent), signal.SIGTERM)
    try:
        settings = read_settings(Settings, environment=os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    from climb.stack.telemetry.logs import set_up_logs
    from climb.systems.identity.service import run  # what is wrong with the settings is said before this is loaded

    set_up_logs()
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
