"""The command ``climb``. The overview is printed without loading anything else, so that it is there at once."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; never returns normally."""
    words = sys.argv[1:]
    if "_CLIMB_COMPLETE" in os.environ:  # a shell asks for completions, and passes the words in its own way
        from climb.cli.main import run

        sys.exit(run(words))
    if not words or words in (["--help"], ["-h"], ["help"]):
        from climb.cli.overview import overview

        sys.stdout.write(overview())
        sys.exit(0)
    if words == ["--version"]:
        from climb import __version__

        sys.stdout.write(f"climb {__version__}\n")
        sys.exit(0)
    from climb.cli.main import run

    sys.exit(run(words))


if __name__ == "__main__":
    main()
