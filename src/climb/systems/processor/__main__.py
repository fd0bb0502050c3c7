"""``python -m climb.systems.processor``: the service, told everything by its environment."""

from __future__ import annotations

import os
import signal
import sys

from climb.systems.processor.service import serve
from climb.systems.processor.settings import SettingsError, read_settings


def _tell(line: str) -> None:
    print(f"processor: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Serve; return the exit code."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # nothing is multiplied here: no threads, of which forks know nothing
    if parent := os.environ.pop("END_WITH", ""):  # who started us from Python, and can't be sure to stop us
        from climb.parent import end_with_parent

        end_with_parent(int(parent), signal.SIGTERM)
    try:
        return serve(read_settings(), _tell)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
