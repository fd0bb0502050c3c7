"""Checks that need no database pay nothing for it."""

import subprocess
import sys


def test_a_world_loads_no_database() -> None:
    """Neither a client of PostgreSQL nor the local servers are loaded with the world, the faults and the matrix."""
    loaded = (
        "import sys, climb.judge.world, climb.judge.faults, climb.judge.matrix, climb.judge.audit, climb.judge.checking"
    )
    names = "print(*(name for name in sys.modules if name.partition('.')[0] == 'asyncpg' or name.startswith('climb.stack')))"

    shown = subprocess.run([sys.executable, "-c", f"{loaded}\n{names}"], capture_output=True, text=True, check=True)

    assert shown.stdout.split() == []
