"""The command ``climb``. The overview and ordinary scans are there at once: nothing else is loaded for them."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; never returns normally."""
    code = 0
    _open_streams()
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone. Without this Python would try to write it once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 141  # 128 + SIGPIPE
    except KeyboardInterrupt:  # before a command could take care of signals itself
        code = 130
    except Exception:
        import traceback

        traceback.print_exc()
        sys.stderr.write("climb: this is our mistake, not yours. Please report it with the lines above.\n")
        code = 4
    sys.exit(code)


def _open_streams() -> None:
    """Let a standard stream that was closed before we started be empty, as with ``climb list <&-``.

    Its number is taken by that, too: else a file of ours could get it, and a program that we start would write there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - it stays open


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
    if words[0] == "scan":
        from climb.systems.scanner.quick import run_quickly

        code = run_quickly(words[1:], "climb scan")
        if code is not None:
            return code
    from climb.cli.main import run

    return run(words)


if __name__ == "__main__":
    main()
