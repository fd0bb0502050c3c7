"""Sums of floats that never leave what JSON can write."""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

import numpy as np

from climb.systems.processor.engine.compiled import kernel

__all__ = ["LARGEST", "finite"]

LARGEST = float(np.finfo(np.float64).max)


@kernel
def finite(number: float) -> float:
    """Return the nearest number that JSON can write: it has no infinity."""
    return min(max(number, -LARGEST), LARGEST)
