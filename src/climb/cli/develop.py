"""climb test, lint and bench: the tools of those who work on Backend Climb, from a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from climb.errors import SetupError, UsageError

__all__ = ["bench", "checkout", "lint", "test"]

_PASS_THROUGH = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": ["--help"]}
_MOST_WORKERS = 8  # each starts servers of its own


def checkout() -> Path:
    """The root of the checkout that this code runs from.

    Raises SetupError if it was installed from a wheel, which carries no tests.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "requirements.lock").exists():
        raise SetupError("this command works in a checkout of Backend Climb, not in an installed package")
    return root


@click.command(context_settings=_PASS_THROUGH)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> int:
    """Run the test suite; ARGUMENTS go to pytest.

    Without them several files are run at a time.

    \b
    Examples:
      climb test
      climb test tests/unit -k choices
      climb test -n 2 --dist loadfile tests/integration
    """
    return _run([sys.executable, "-m", "pytest", *(arguments or _side_by_side())])


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended mechanically.")
def lint(fix: bool) -> int:
    """Check style and types: ruff and mypy."""
    ruff = [sys.executable, "-m", "ruff"]
    steps = [
        [*ruff, "check", *(["--fix"] if fix else []), "."],
        [*ruff, "format", *([] if fix else ["--check"]), "."],
        [sys.executable, "-m", "mypy"],
    ]
    return max(_run(step) for step in steps)


@click.command(context_settings=_PASS_THROUGH)
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(name: str | None, arguments: tuple[str, ...]) -> int:
    """Race a system of ours against its peers, interleaved, and print the ratios.

    \b
    Examples:
      climb bench                 name the benchmarks
      climb bench scanner
    """
    folder = checkout() / "benchmarks"
    names = sorted(
        path.stem for path in folder.glob("*.py") if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    )
    if name is None:
        click.echo("\n".join(f"climb bench {each}" for each in names))
        return 0
    if name not in names:
        raise UsageError(f"there is no benchmark {name!r}; there is: {', '.join(names)}")
    return _run([sys.executable, str(folder / f"{name}.py"), *arguments])


def _side_by_side() -> list[str]:
    workers = min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
    # In the order of the folders: the slow tests come first, and many quick ones are left to fill the gaps at the end.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=checkout(), check=False).returncode
