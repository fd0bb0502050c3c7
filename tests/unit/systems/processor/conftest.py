"""What the tests of the processor's engine share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the model, which is no test


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """All kernels, compiled once and kept for the next session."""
    from climb.systems.processor.engine import compiled

    compiled.warm()
