"""``python -m climb.systems.http``: the server, told everything by its environment."""

from __future__ import annotations

import os
import signal
import sys

from climb.systems.http.service import serve
from climb.systems.http.settings import SettingsError, read_settings


def _tell(line: str) -> None:
    print(f"http: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Serve; return the exit code."""
    if parent := os.environ.pop("END_WITH", ""):  # who started us from Python, and can't be sure to stop us
        from climb.parent import end_with_parent

        end_with_parent(int(parent), signal.SIGTERM)
    try:
        return serve(read_settings(), _tell)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a thread that waits for a dead disk would keep the interpreter
