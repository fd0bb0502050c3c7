"""What the tests of the processor's engine share."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the model, which is no test


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """All kernels, compiled once and kept for the next session."""
    from climb.systems.processor.engine import compiled

    compiled.warm()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so, for a minute at most."""

    def wait(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    return wait
