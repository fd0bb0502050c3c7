"""What the lab on timeouts says of made-up numbers, and the adaptive timeout against RFC 6298."""

import random

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, StripPlot
from climb.labs.result import Predicted, Result, Sample
from climb.labs.timeouts import Adaptive, _draws


def made(
    *,
    vain: tuple[tuple[float, ...], tuple[float, ...]] = ((30.0,) * 12, (12.0,) * 12),
    per_answer: tuple[tuple[float, ...], tuple[float, ...]] = ((10.0,) * 12, (8.0,) * 12),
    false: tuple[int, int] = (0, 16),
    fixed: int = 60,
    predicted: float | None = None,
) -> Result:
    """A finished run; each pair is what the fixed and the adaptive timeout had."""
    samples = [
        Sample(series="answers that came", unit="ms", values=(5.0, 6.0, 7.0)),
        Sample(series="adaptive timeout: its value", unit="ms", values=(14.0, 16.0, 18.0)),
    ]
    for place, name in enumerate(("fixed", "adaptive")):
        samples += [
            Sample(series=f"{name} timeout: waiting for lost answers", unit="%", values=vain[place]),
            Sample(series=f"{name} timeout: giving up too early", unit="%", values=(1.0,) * 12),
            Sample(series=f"{name} timeout: time per answer that was in time", unit="ms", values=per_answer[place]),
        ]
    facts = {f"false timeouts, {name}": count for name, count in zip(("fixed", "adaptive"), false, strict=True)}
    return Result(
        lab="timeouts",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"jitter": 3, "loss": 5.0, "fixed": fixed},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={**facts, "answers that came, fixed": 456, "answers that came, adaptive": 456, "seed of the draws": 7},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("timeouts").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


UNCLEAR = (8.0, 12.0, 10.0, 9.0, 11.0, 10.0, 8.0, 12.0, 9.0, 11.0, 10.0, 10.0)


def test_the_answer_is_the_share_of_the_fixed_timeout() -> None:
    """The prediction is held against the share that the fixed timeout lost."""
    assert find("timeouts").explanation(made()).answer.value == 30.0


def test_a_larger_share_is_told_as_a_ratio() -> None:
    """If the fixed timeout lost more, it says how many times as much, and what the timeout is to a median answer."""
    text = said(made())

    assert "2.5 times as large a share" in text
    assert "is 10 times that" in text


def test_a_smaller_share_is_told_as_such() -> None:
    """If the fixed timeout lost less, the adaptive one is not praised."""
    assert "spent the smaller share" in said(made(vain=((6.0,) * 12, (12.0,) * 12), fixed=8))


def test_shares_that_overlap_are_not_told_apart() -> None:
    """If the interval includes 1, the lab says that it can't tell."""
    text = said(made(vain=(UNCLEAR, UNCLEAR)))

    assert "this run can't tell" in text
    assert "times as large a share" not in text


def test_false_timeouts_are_counted() -> None:
    """Both timeouts' false ones are told with how many answers came."""
    text = said(made(false=(135, 10)))

    assert "135 of 456" in text
    assert "10 of 456" in text
    assert "do the work twice" in text


def test_without_false_timeouts_no_harm_is_claimed() -> None:
    """If neither gave up too early, nothing is said of work done for nobody."""
    text = said(made(false=(0, 0)))

    assert "neither had any" in text
    assert "for nobody" not in text


def test_the_dearer_timeout_is_named() -> None:
    """The cost of an answer is compared in whichever direction it went, and not if it can't be told."""
    assert "1.25 times as much with the fixed one" in said(made())
    assert "the fixed one did better" in said(made(per_answer=((8.0,) * 12, (10.0,) * 12)))
    assert "no difference that this run can tell" in said(made(per_answer=(UNCLEAR, UNCLEAR)))


def test_the_prediction_is_marked_on_the_shares() -> None:
    """The bars are in percent, as the prediction is."""
    bars = find("timeouts").explanation(made(predicted=5)).plots[0]

    assert isinstance(bars, BarPlot)
    assert [(mark.value, mark.label) for mark in bars.marks] == [(5, "you predicted 5 %")]


def test_no_prediction_marks_only_the_timeouts() -> None:
    """Without a prediction the bars have no mark; the answers' plot marks both timeouts."""
    bars, strips = find("timeouts").explanation(made()).plots

    assert bars.marks == ()
    assert isinstance(strips, StripPlot)
    assert [mark.value for mark in strips.marks] == [60, 16]


def test_the_first_answer_sets_the_timeout() -> None:
    """RFC 6298, 2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4·RTTVAR."""
    timer = Adaptive()

    timer.answered(8.0)

    assert timer.milliseconds == 8 + 4 * 4


def test_later_answers_move_it_by_an_eighth_and_a_quarter() -> None:
    """RFC 6298, 2.3: RTTVAR moves by a quarter, from the old SRTT; SRTT by an eighth."""
    timer = Adaptive()

    timer.answered(8.0)
    timer.answered(16.0)

    assert timer.milliseconds == pytest.approx((7 / 8 * 8 + 16 / 8) + 4 * (3 / 4 * 4 + 8 / 4))


def test_a_timeout_doubles_it_until_the_next_answer() -> None:
    """RFC 6298, 5.5 and 5.7: back off, and compute anew from the next answer."""
    timer = Adaptive()
    timer.answered(8.0)

    timer.timed_out()
    backed_off = timer.milliseconds
    timer.answered(8.0)

    assert backed_off == 2 * 24
    assert timer.milliseconds == 8 + 4 * 3


def test_it_never_falls_below_its_floor() -> None:
    """Answers at once leave the floor of five milliseconds."""
    timer = Adaptive()

    for _ in range(100):
        timer.answered(0.1)

    assert timer.milliseconds == 5


def test_backing_off_has_an_end() -> None:
    """However often it doubles, a second is the longest."""
    timer = Adaptive()

    for _ in range(20):
        timer.timed_out()

    assert timer.milliseconds == 1000


def test_every_round_loses_the_same_number() -> None:
    """Of forty answers exactly the asked share is lost, and none before the first round."""
    draws = _draws(random.Random(1), 3.0, 0.05)

    assert None not in draws[:20]
    assert [draws[begin : begin + 40].count(None) for begin in range(20, len(draws), 40)] == [2] * 12


def test_the_same_seed_draws_the_same() -> None:
    """A stored seed is enough to draw the delays again."""
    assert _draws(random.Random(5), 3.0, 0.1) == _draws(random.Random(5), 3.0, 0.1)
