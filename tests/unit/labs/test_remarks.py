"""What is said of every result alike: how the prediction did, and how far to trust the numbers."""

import msgspec
import pytest

from climb.labs.lab import Explanation, Lab, Prediction
from climb.labs.remarks import prediction_verdict, trust
from climb.labs.result import Predicted, Quiet, Result, Sample
from climb.labs.statistics import Estimate

LAB = Lab(title="", question="", about="", concepts=(), prediction=Prediction(ask="?", unit="×"), seconds=1)


def answered(value: float, low: float | None = None, high: float | None = None, *remarks: str) -> Explanation:
    answer = Estimate(value, value if low is None else low, value if high is None else high)
    return Explanation(answer=answer, headline="", text="", plots=(), trust=remarks)


def result(*samples: Sample, said: float | None = None, others: float = 0.0, stolen: float = 0.0) -> Result:
    return Result(
        lab="toy",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={},
        predicted=None if said is None else Predicted(value=said),
        quiet=Quiet(others=others, stolen=stolen),
        samples=samples,
    )


def sample(name: str, *values: float) -> Sample:
    return Sample(series=name, unit="ns", values=values)


def verdict(said: float, explanation: Explanation) -> str:
    found = prediction_verdict(LAB, result(said=said), explanation)
    assert found is not None
    return found


def test_no_prediction_no_verdict() -> None:
    """Who did not predict is not judged."""
    assert prediction_verdict(LAB, result(), answered(3)) is None


def test_within_the_interval_is_right() -> None:
    """What the run can't tell from the answer counts as the answer."""
    text = verdict(3, answered(3.1, 2.9, 3.3))

    assert text == "You predicted 3 ×, and measured 3.1 × (2.9 to 3.3): within what this run can tell apart."


@pytest.mark.parametrize(("said", "direction"), [(10, "2 times too low"), (40, "2 times too high")])
def test_far_off_is_told_as_a_factor(said: float, direction: str) -> None:
    """Half and double are both twice off."""
    assert verdict(said, answered(20, 19, 21)).endswith(f": {direction}.")


@pytest.mark.parametrize(("said", "direction"), [(95, "too low by 5 %"), (105, "too high by 5 %")])
def test_nearly_right_is_told_in_percent(said: float, direction: str) -> None:
    """Below a tenth a factor would say little."""
    assert verdict(said, answered(100, 99, 101)).endswith(f": {direction}.")


def test_a_prediction_of_nothing_is_only_repeated() -> None:
    """Zero has no factor to anything."""
    assert verdict(0, answered(100, 99, 101)).endswith("(99 to 101).")


def test_how_often_is_told() -> None:
    """The least and the most repetitions are named; one number if they agree."""
    assert "measured 2 times" in trust(result(sample("a", 1, 2), sample("b", 1, 2)), answered(1))[0]
    assert "measured 2 to 3 times" in trust(result(sample("a", 1, 2), sample("b", 1, 2, 3)), answered(1))[0]


def test_what_the_numbers_are_is_told() -> None:
    """Medians, if the lab does not say otherwise."""
    sums = msgspec.structs.replace(answered(1), numbers="sums")

    assert trust(result(sample("a", 1, 2)), answered(1))[0].endswith("medians, with 95 % bootstrap intervals.")
    assert trust(result(sample("a", 1, 2)), sums)[0].endswith("the numbers are sums.")


def test_the_spread_around_a_median_is_of_medians() -> None:
    """Numbers that are no medians are not judged by how far the measurements lie around theirs."""
    wide = result(sample("a", 1, 5, 1, 5, 1, 5))
    sums = msgspec.structs.replace(answered(1), numbers="sums")

    assert any("spreads" in remark for remark in trust(wide, answered(1)))
    assert not any("spreads" in remark for remark in trust(wide, sums))


def test_what_was_measured_once_has_no_interval() -> None:
    """One measurement each says nothing about how they vary, and nothing is said of medians."""
    said = trust(result(sample("a", 1)), answered(1))[0]

    assert "measured once" in said
    assert "medians" not in said


def test_wide_spreads_are_named() -> None:
    """A series whose middle half is wide is named once, the others are not."""
    text = " ".join(trust(result(sample("wide", 1, 2, 3, 4, 5), sample("narrow", 10, 10, 10, 10, 11)), answered(1)))

    assert "quarter of the median for: wide." in text


def test_a_busy_machine_is_told() -> None:
    """Above a tenth of the processors it asks to run again, below it says that it disturbs little."""
    assert "20% of the processors meanwhile: run it again" in " ".join(trust(result(others=0.2), answered(1)))
    assert "disturbs little" in " ".join(trust(result(others=0.02), answered(1)))


def test_stolen_time_is_told() -> None:
    """Only if a hypervisor gave time to others is it named."""
    assert "hypervisor gave 5%" in " ".join(trust(result(stolen=0.05), answered(1)))
    assert "hypervisor" not in " ".join(trust(result(), answered(1)))


def test_the_labs_own_remarks_come_last() -> None:
    """What the explanation adds follows what holds for all."""
    assert trust(result(sample("a", 1, 2)), answered(1, None, None, "Mind the gap."))[-1] == "Mind the gap."
