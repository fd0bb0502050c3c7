"""What is said of every result alike: how the prediction did, and how far to trust the numbers."""

from __future__ import annotations

from climb.labs.lab import Explanation, Lab
from climb.labs.result import Result
from climb.labs.statistics import spread
from climb.labs.words import number

__all__ = ["prediction_verdict", "trust"]

_BUSY = 0.10  # of all processors' time: from here on we say that others disturbed
_SPREAD = 0.25
_MEDIANS = "medians, with 95 % bootstrap intervals"


def _exact(value: float) -> str:
    """A count or what the learner typed, with all its digits."""
    return f"{value:,.10g}"


def prediction_verdict(lab: Lab, result: Result, explanation: Explanation) -> str | None:
    """How the prediction compares with the answer, as one sentence; None if there was none."""
    if result.predicted is None:
        return None
    said, answer, unit = result.predicted.value, explanation.answer, lab.prediction.unit
    show = _exact if answer.low == answer.high == round(answer.value) else number
    interval = "" if answer.low == answer.high else f" ({number(answer.low)} to {number(answer.high)})"
    begin = f"You predicted {_exact(said)} {unit}, and measured {show(answer.value)} {unit}{interval}"
    if answer.low <= said <= answer.high:
        return f"{begin}: within what this run can tell apart."
    if said <= 0 or answer.value <= 0:
        return f"{begin}."
    factor = max(said / answer.value, answer.value / said)
    direction = "high" if said > answer.value else "low"
    if factor < 1.1:
        return f"{begin}: too {direction} by {number(100 * abs(said / answer.value - 1))} %."
    return f"{begin}: {number(factor)} times too {direction}."


def trust(result: Result, explanation: Explanation) -> list[str]:
    """How far to trust the numbers: repetitions, spread, what disturbed this run, and the lab's own remarks."""
    said = []
    counts = sorted({len(sample.values) for sample in result.samples})
    if counts == [1]:
        said.append("Every condition was measured once, so nothing here tells how much it varies.")
    elif counts:
        repeated = f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
        said.append(
            f"Every condition was measured {repeated} times; the numbers are {explanation.numbers or _MEDIANS}."
        )
    wide = [sample.series for sample in result.samples if len(sample.values) > 3 and spread(sample.values) > _SPREAD]
    if wide and explanation.numbers is None:
        names = ", ".join(dict.fromkeys(wide))
        said.append(f"The middle half of the measurements spreads over more than a quarter of the median for: {names}.")
    if result.quiet is not None:
        said.extend(_disturbances(result))
    return [*said, *explanation.trust]


def _disturbances(result: Result) -> list[str]:
    assert result.quiet is not None
    others, stolen = result.quiet.others, result.quiet.stolen
    said = []
    if others > _BUSY:
        said.append(
            f"Other programs used {others:.0%} of the processors meanwhile: run it again when the machine is quiet."
        )
    else:
        said.append(f"Other programs used {others:.0%} of the processors meanwhile, which disturbs little.")
    if stolen > 0.01:
        said.append(f"The hypervisor gave {stolen:.0%} of the processor time to other machines.")
    return said
