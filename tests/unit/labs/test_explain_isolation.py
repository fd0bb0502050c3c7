"""What the lab on isolation says of made-up numbers."""

from climb.labs import remarks
from climb.labs.lab import find
from climb.labs.meeting import LOST, RULES, SKEW, TWICE, WAYS
from climb.labs.plot import BarPlot
from climb.labs.result import Predicted, Result, Sample

COMMITTED, REPEATABLE, SERIALIZABLE, LOCKED = WAYS
USUAL = {(LOST, COMMITTED): 40, (TWICE, COMMITTED): 20, (SKEW, COMMITTED): 50, (SKEW, REPEATABLE): 50}
REFUSED = {(LOST, REPEATABLE): 40, (LOST, SERIALIZABLE): 40, (SKEW, SERIALIZABLE): 50}


def made(
    broken: dict[tuple[str, str], int] = USUAL,
    refused: dict[tuple[str, str], int] = REFUSED,
    *,
    pairs: int = 10,
    predicted: float | None = None,
) -> Result:
    """A finished run of ten rounds; what is counted was all in the first one."""
    samples = [
        Sample(series=f"{rule}, {way}: {what}", unit="pairs", values=(counts.get((rule, way), 0), *[0] * 9))
        for what, counts in (("rule broken", broken), ("refused", refused))
        for rule in RULES
        for way in WAYS
    ]
    return Result(
        lab="isolation",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"think": 2, "apart": 5},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"pairs in each round": pairs},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("isolation").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_of_a_hundred() -> None:
    """Twelve of sixty pairs are twenty of a hundred, inside of their interval."""
    answer = find("isolation").explanation(made({(LOST, COMMITTED): 12}, pairs=6)).answer

    assert answer.value == 20
    assert 0 < answer.low < 20 < answer.high < 100


def test_each_level_is_counted() -> None:
    """How many pairs lost an addition on each level, and how many had one refused."""
    text = said(made())

    assert (
        "40 of 100 under READ COMMITTED; none of 100 under REPEATABLE READ, where 40 had one of the two refused" in text
    )
    assert "none of 100 lost an addition, and none of 100 had one refused" in text


def test_a_snapshot_that_does_not_help_is_the_headline() -> None:
    """Lost updates that REPEATABLE READ prevents, and write skew that it does not."""
    assert "REPEATABLE READ lost none, and still let 50 end with nobody on call" in said(made())
    assert "A snapshot does not help" in said(made())


def test_a_run_without_write_skew_does_not_claim_it() -> None:
    """If no pair met closely enough, the text says that it can happen, not that it did."""
    text = said(made({(LOST, COMMITTED): 3}))

    assert "here no two met closely enough" in text
    assert "A snapshot does not help" not in text
    assert "nobody on call." not in find("isolation").explanation(made({(LOST, COMMITTED): 3})).headline


def test_none_lost_proves_nothing() -> None:
    """A run in which READ COMMITTED lost nothing says so, and the answer is still a number with an interval."""
    explanation = find("isolation").explanation(made({}))

    assert "which proves nothing" in explanation.headline
    assert (explanation.answer.low, explanation.answer.value) == (0, 0)
    assert explanation.answer.high > 0


def test_fewer_pairs_are_told() -> None:
    """Long waits leave time for fewer pairs, which is among the remarks."""
    assert any("60 pairs of each kind" in remark for remark in find("isolation").explanation(made(pairs=6)).trust)
    assert not any("pairs of each kind" in remark for remark in find("isolation").explanation(made()).trust)


def test_counts_are_not_called_medians() -> None:
    """What is said of all results alike knows that these numbers are sums."""
    result = made()
    remark = remarks.trust(result, find("isolation").explanation(result))[0]

    assert "sums over all rounds" in remark
    assert "medians" not in remark


def test_the_prediction_is_marked_in_percent() -> None:
    """On the plot of what was broken alone; the other one is of the levels that refuse."""
    broken, refused = find("isolation").explanation(made(predicted=30)).plots

    assert [mark.value for mark in broken.marks] == [30]
    assert refused.marks == ()
    assert isinstance(broken, BarPlot)
    assert isinstance(refused, BarPlot)
    assert (len(broken.bars), len(refused.bars)) == (12, 6)
    assert broken.bars[0].value == 40
