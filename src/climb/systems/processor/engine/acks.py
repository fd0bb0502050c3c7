"""What to acknowledge of a batch: for each connection and sensor, the highest number."""

from __future__ import annotations

import numpy as np

from climb.systems.processor.engine.columns import READING, Records, words_of
from climb.systems.processor.engine.kernels.rings import highest

__all__ = ["highest_of"]


def highest_of(readings: Records) -> Records:
    """Return one record for each connection and sensor, with the highest number; only these fields mean something."""
    out = np.zeros(len(readings), READING)
    slots = np.full(1 << max(4, (2 * len(readings)).bit_length()), -1, np.int32)
    return out[: highest(words_of(readings), slots, words_of(out))]
