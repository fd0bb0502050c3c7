"""What a report of a scan calls the command that made it."""

from __future__ import annotations

import pytest

from climb.systems.scanner.run import as_typed


@pytest.mark.parametrize(
    ("argv", "typed"),
    [
        (["/opt/climb/src/climb/__main__.py", "scan", "::1"], "climb scan ::1"),
        (["/home/u/.local/bin/climb", "scan", "::1"], "climb scan ::1"),
        (["/opt/src/climb/systems/scanner/__main__.py", "::1"], "python -m climb.systems.scanner ::1"),
    ],
)
def test_the_command_is_named_as_a_user_types_it(argv: list[str], typed: str) -> None:
    """However Python was started, advice and nmap's XML name the command and not a file."""
    assert " ".join(as_typed(argv)) == typed
