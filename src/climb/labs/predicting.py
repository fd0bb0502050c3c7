"""A prediction as people type it."""

from __future__ import annotations

import math
import re

from climb.errors import UsageError
from climb.labs.lab import Lab
from climb.labs.result import Predicted

__all__ = ["read_prediction"]

_LONGEST_REASON = 2000
_THOUSANDS = re.compile(r"(?<=\d)[, \u00a0\u2009\u202f_](?=\d{3}(?!\d))")


def read_prediction(lab: Lab, typed: str, because: str = "") -> Predicted:
    """The number in ``typed``, with or without the lab's unit: "3", "2.5 ×", "2,5", "12,000".

    Raises UsageError if it is no positive number.
    """
    text = typed.strip()
    text = text.removesuffix(lab.prediction.unit).strip() if lab.prediction.unit else text
    text = text.removesuffix("x").strip() if lab.prediction.unit == "×" else text
    try:
        value = float(_THOUSANDS.sub("", text).replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"a prediction is one positive number, and {typed.strip()[:40]!r} is none")
    return Predicted(value=value, because=because.strip()[:_LONGEST_REASON])
