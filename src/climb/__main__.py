"""The command ``climb``. The overview is printed without loading anything else, so that it is there at once."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; never returns normally."""
    code = 0
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone. Without this Python would try to write it once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 141  # 128 + SIGPIPE
    sys.exit(code)


def _run(words: list[str]) -> int:
    if "_CLIMB_COMPLETE" in os.environ:  # a shell asks for completions, and passes the words in its own way
        from climb.cli.main import run

        return run(words)
    if not words or words in (["--help"], ["-h"], ["help"]):
        from climb.cli.overview import overview

        sys.stdout.write(overview())
        return 0
    if words == ["--version"]:
        from climb import __version__

        sys.stdout.write(f"climb {__version__}\n")
        return 0
    from climb.cli.main import run

    return run(words)


if __name__ == "__main__":
    main()
