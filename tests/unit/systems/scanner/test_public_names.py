"""What programs may import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from climb.systems import scanner
from climb.systems.scanner.output import WRITERS


def test_the_public_names_are_these() -> None:
    """A name that is added or removed is a decision, not an accident."""
    assert scanner.__all__ == [
        "Found",
        "Http",
        "ScanError",
        "ScanUsageError",
        "State",
        "Summary",
        "Tls",
        "scan",
        "scan_blocking",
    ]
    assert all(hasattr(scanner, name) for name in scanner.__all__)


def test_an_unknown_name_is_an_error() -> None:
    """Names are looked up when they are asked for, and a slip is told as it is for any module."""
    with pytest.raises(AttributeError, match="no attribute 'Fuond'"):
        _ = scanner.Fuond  # type: ignore[attr-defined]


HEAVY = {"asyncio", "click", "cryptography", "dataclasses", "html", "inspect", "json", "msgspec", "rich", "ssl"}
SLOW = {
    "ipaddress",
    "pathlib",
    "re",
    "signal",
    "socket",
    "typing",
}  # milliseconds each: a scan of a near host takes less


@pytest.mark.parametrize("start", ["climb.systems.scanner", "climb scan"])
@pytest.mark.parametrize("words", ["--no-probe", "--no-probe --all", "--no-probe --syn", ""])
def test_a_plain_scan_loads_nothing_heavy(start: str, words: str) -> None:
    """A scan that meets no open port starts with a few small modules, and the rest is loaded by those who need it."""
    assert not loaded(f"{start} 127.0.0.1 --ports 1 {words}") & (HEAVY | SLOW)


def test_a_table_is_loaded_only_by_those_who_print_one() -> None:
    """Of the kinds of output only the one that was asked for."""
    kinds = {f"climb.systems.scanner.output.{name}" for name, _ in WRITERS.values()}

    assert loaded("climb.systems.scanner 127.0.0.1 --ports 1") & kinds == {"climb.systems.scanner.output.jsonlines"}


RUN = """
import contextlib, runpy, sys
before = set(sys.modules)
sys.argv = sys.argv[1:]
with contextlib.suppress(SystemExit):
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
print(*sys.modules.keys() - before, file=sys.stderr)
"""


def loaded(command: str) -> set[str]:
    """The modules that a command imports, apart from those that its Python has imported before it begins."""
    words = [sys.executable, "-c", RUN, *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    if '"summary"' not in done.stdout:
        pytest.skip(done.stderr.splitlines()[0])  # no raw packets here

    return set(done.stderr.splitlines()[-1].split())
