"""What the lab on priority inversion says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import StripPlot
from climb.labs.result import Predicted, Result, Sample

QUIET, BUSY = "nobody in the middle", "hogs in the middle"
INHERIT_QUIET, INHERIT = "nobody in the middle, with inheritance", "hogs in the middle, with inheritance"


def made(
    *,
    quiet: tuple[float, ...] = (3.0,) * 10,
    busy: tuple[float, ...] = (207.0,) * 10,
    inherit: tuple[float, ...] | None = (207.0,) * 10,
    priorities: str = "nice",
    low: int = 19,
    hogs: int = 1,
    predicted: float | None = None,
) -> Result:
    """A finished run in which the wait grew as the kernel's weights say: (15 + 1024) / 15 times."""
    series = {QUIET: quiet, BUSY: busy} | ({} if inherit is None else {INHERIT_QUIET: quiet, INHERIT: inherit})
    return Result(
        lab="priority-inversion",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"priorities": priorities, "difference": 19, "hogs": hogs},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(Sample(series=name, unit="ms", values=values) for name, values in series.items()),
        facts={"nice of the high one": 0, "nice of the low one": low},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("priority-inversion").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_ratio_of_the_waits() -> None:
    """207 ms against 3 ms is 69 times as long."""
    assert find("priority-inversion").explanation(made()).answer.value == 69
    assert "waited 207 ms for the lock with one hog in the middle, and 3 ms without: 69 times as long" in said(made())


def test_an_inversion_is_called_one() -> None:
    """Who waits for whom is said where it was seen."""
    assert "That is [priority inversion](concept:priority-inversion)" in said(made())


def test_no_inversion_is_claimed_where_none_was_seen() -> None:
    """If the hogs made no difference, neither a cause nor a cure is named for it."""
    noisy = (2.0, 3.0, 4.0, 3.0, 3.0) * 2
    text = said(made(quiet=noisy, busy=noisy, inherit=noisy))

    assert "no inversion was seen" in text
    assert "That is [priority inversion]" not in text
    assert "Nothing kept the low one from the processor for long" in text


def test_the_weights_explain_what_agrees_with_them() -> None:
    """15 of 1039 are 1.44 %, so 69.3 times as long is expected, and 69 is explained by it."""
    text = said(made())

    assert "it gets 1.44 % of the processor beside the hogs, so its work takes 69.3 times as long" in text
    assert "the high one pays for it" in text


def test_the_weights_do_not_explain_what_differs() -> None:
    """Ten times as long is far from 69 times."""
    text = said(made(busy=(30.0,) * 10))

    assert "the rest is not explained by the weights" in text
    assert "the high one pays for it" not in text


def test_more_hogs_take_more() -> None:
    """Beside four hogs the low one gets 15 of 4111, and the hogs are counted in words."""
    text = said(made(hogs=4, busy=(822.0,) * 10))

    assert "takes 274 times as long" in text
    assert "with 4 hogs in the middle" in text


def test_nice_is_not_inherited() -> None:
    """The same wait with inheritance is no cure, and Linux' rule is named."""
    text = said(made())

    assert "100 % of that with the plain one" in text
    assert "nice values are not" in text


def test_a_gain_that_linux_does_not_promise_is_not_explained() -> None:
    """If nice seemed to be inherited, the text says that this is not expected."""
    text = said(made(inherit=(20.0,) * 10))

    assert "less than is expected" in text
    assert "cures nothing" not in text


def test_real_time_priorities_are_inherited() -> None:
    """43 ms become 3 ms: 6.98 % of the wait with the plain mutex."""
    text = said(made(priorities="fifo", low=0, busy=(43.0,) * 10, inherit=(3.0,) * 10))

    assert "6.98 % of that with the plain one: while the high one waited" in text
    assert "there is no bound but theirs" in text
    assert "nice values" not in text


def test_real_time_without_a_cure_is_not_explained() -> None:
    """If inheritance did not help, nothing is claimed for it."""
    text = said(made(priorities="fifo", low=0, busy=(43.0,) * 10, inherit=(43.0,) * 10))

    assert "something else held the low one up" in text
    assert "could not keep the low one" not in text


def test_a_system_without_inheritance_is_told_so() -> None:
    """Then two conditions were measured, and two bars and one strip are drawn."""
    result = made(inherit=None)
    bars, strips = find("priority-inversion").explanation(result).plots

    assert "could not be measured" in said(result)
    assert bars.alt == f"{QUIET}: 3 ms; {BUSY}: 207 ms."
    assert isinstance(strips, StripPlot)
    assert [strip.label for strip in strips.strips] == [BUSY]


def test_the_prediction_is_marked_as_time() -> None:
    """Ten times 3 ms are 30 ms on the axis of the bars."""
    plots = find("priority-inversion").explanation(made(predicted=10)).plots

    assert [(mark.value, mark.label) for mark in plots[0].marks] == [(30, "you predicted 10 ×")]
    assert plots[1].marks == ()


def test_every_single_wait_is_shown() -> None:
    """Both strips have all measurements."""
    strips = find("priority-inversion").explanation(made()).plots[1]

    assert isinstance(strips, StripPlot)
    assert [len(strip.values) for strip in strips.strips] == [10, 10]
