"""What the lab on nice says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

EQUAL = "one of the hogs, all equally nice"
NICER = "the nicer hog"
FREE = "the nicer hog, on a processor of its own"
FREE_OTHER = "another hog, on the other processor"


def made(
    *,
    equal: tuple[float, ...] = (50.0,) * 10,
    nicer: tuple[float, ...] = (24.65,) * 10,
    free: tuple[float, ...] | None = (99.9,) * 10,
    free_other: tuple[float, ...] = (99.9,) * 10,
    difference: int = 5,
    base: int = 0,
    others: int = 1,
    session: str = "shared",
    autogroup: int = 1,
    predicted: float | None = None,
) -> Result:
    """A finished run; as the kernel's weights say unless told otherwise: 335 of 335 + 1024 are 24.65 %."""
    series = {EQUAL: equal, NICER: nicer} | ({} if free is None else {FREE: free, FREE_OTHER: free_other})
    return Result(
        lab="nice",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"difference": difference, "others": others, "session": session},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(Sample(series=name, unit="%", values=values) for name, values in series.items()),
        facts={
            "nice of the others": base,
            "nice of the nicer one": min(base + difference, 19),
            "sched_autogroup_enabled": autogroup,
            "control group of the processor": "/",
            "window in which the nicer one shares the processor (ms)": 200,
        },
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("nice").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_measured_share() -> None:
    """The share stands beside what the weights say, and may differ from it."""
    assert find("nice").explanation(made(nicer=(23.0,) * 10)).answer.value == 23
    assert (
        "got 23 % of the processor that it shared with one other; by the kernel’s weights it would be 24.7 %"
        in said(made(nicer=(23.0,) * 10))
    )


def test_the_weights_are_the_kernels() -> None:
    """Nice 0 and 5 weigh 1024 and 335; against three others that is 9.83 %."""
    assert "has 1,024 for nice 0 and 335 for nice 5" in said(made())
    assert "would be 9.83 %" in said(made(others=3, equal=(25.0,) * 10, nicer=(9.8,) * 10))


def test_steps_are_counted_from_where_it_began() -> None:
    """Nineteen steps from nice 3 end at 19, the nicest there is, which is 16 steps."""
    text = said(made(base=3, difference=19, nicer=(2.8,) * 10))

    assert "The process that is 16 steps nicer" in text
    assert "526 for nice 3 and 15 for nice 19" in text


def test_one_step_is_a_step() -> None:
    """The plural is right."""
    assert "The process that is 1 step nicer got" in said(made(difference=1, nicer=(44.5,) * 10))


def test_a_share_as_weighed_is_explained_by_virtual_time() -> None:
    """Only what agrees with the weights is put down to them."""
    assert "[virtual time](concept:virtual-time) pass faster" in said(made())
    assert "virtual time](concept" not in said(made(nicer=(50.0,) * 10))


def test_sessions_are_named_where_the_kernel_weighs_them() -> None:
    """With grouping on the reader is told how to see it, with grouping off that there is none."""
    assert "Choose `session=own` to see whether it does so here" in said(made())
    assert "so the kernel doesn’t weigh sessions" in said(made(autogroup=0))


def test_nice_without_an_effect_is_put_down_to_sessions() -> None:
    """Hogs in sessions of their own that share evenly are explained by the grouping that is on."""
    text = said(made(session="own", nicer=(50.0,) * 10))

    assert "So nice did next to nothing here" in text
    assert "among sessions" in text


def test_nice_that_works_across_sessions_is_told_so() -> None:
    """In another control group, or with grouping off, sessions don't matter."""
    assert "nice worked all the same" in said(made(session="own", autogroup=0))


def test_what_the_weights_do_not_say_is_not_explained() -> None:
    """An even share within one session, or an odd one across sessions, has no cause that was measured."""
    for text in (said(made(nicer=(50.0,) * 10)), said(made(session="own", nicer=(40.0,) * 10))):
        assert "That is not what the weights say" in text
        assert "This measurement can’t tell which" in text


def test_a_free_processor_costs_the_nice_nothing() -> None:
    """If it had all of its processor, nobody competed."""
    assert "being nice cost it nothing" in said(made())


def test_a_processor_that_was_not_free_is_told_so() -> None:
    """If the nicer one had not nearly all of its processor, something else was there."""
    for result in (made(free=(60.0,) * 10), made(free=(50.0,) * 10, free_other=(50.0,) * 10)):
        assert "here something did" in said(result)
        assert "cost it nothing" not in said(result)


def test_one_processor_is_enough() -> None:
    """Without a second processor the lab says so, and shows two bars."""
    result = made(free=None)
    plot = find("nice").explanation(result).plots[0]

    assert "With one processor there is always contention here" in said(result)
    assert isinstance(plot, BarPlot)
    assert len(plot.bars) == 2


def test_the_prediction_is_marked_beside_the_weights() -> None:
    """Both are in percent, as the bars are."""
    plot = find("nice").explanation(made(predicted=10)).plots[0]

    assert [(mark.value, mark.label) for mark in plot.marks][1] == (10, "you predicted 10 %")
    assert plot.marks[0].label == "the kernel’s weights say 24.7 %"


def test_the_rule_is_drawn_for_every_difference() -> None:
    """From an even share at no difference to the smallest at nineteen steps; measured at two of them."""
    plot = find("nice").explanation(made()).plots[1]

    assert isinstance(plot, LinePlot)
    rule, measured = plot.lines
    assert [point.x for point in rule.points] == list(range(20))
    assert rule.points[0].y == 50
    assert [(point.x, point.y) for point in measured.points] == [(0, 50), (5, 24.65)]
    assert "measured 50 % with 0 and 24.6 % with 5" in plot.alt
