"""StatsD lines: what each kind says, and what is refused."""

import pytest

from climb.systems.processor.sources.mapping import BadRecord
from climb.systems.processor.sources.statsd import Metric, Statsd


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"m:1.5|g", 1.5),
        (b"m:7|c", 7.0),
        (b"m:1|c|@0.25", 4.0),
        (b"m:320|ms", 320.0),
        (b"m:320|ms|@0.1", 320.0),
        (b"m:2|h|#env:prod", 2.0),
        (b"m:2|c|@0.5|#env:prod", 4.0),
    ],
)
def test_a_line_has_one_value(line: bytes, value: float) -> None:
    """Counters are divided by their sample rate, nothing else is; tags are passed over."""
    assert Statsd().metric(line) == Metric("m", value)


def test_a_signed_gauge_changes_the_value_before() -> None:
    """``+`` and ``-`` add to what the gauge was, other numbers set it."""
    statsd = Statsd()

    assert [statsd.metric(line).value for line in (b"m:10|g", b"m:-4|g", b"m:+1|g", b"m:3|g", b"n:-1|g")] == [
        10,
        6,
        7,
        3,
        -1,
    ]


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"m", b"m:1", b":1|g", b"m:|g", b"m:x|g", b"m:nan|g", b"m:1e999|g", b"m:1_0|g", b"m: 1|g", b"m:1|s"),
        *(b"m:1|c|@0", b"m:1|c|@2", b"m:1|c|@x", b"m:1|c|0.1", b"m:1|", b"\xff:1|g", b"m:1e300|c|@1e-300"),
    ],
)
def test_other_lines_are_refused(line: bytes) -> None:
    """What says nothing that we know is a bad record."""
    with pytest.raises(BadRecord):
        Statsd().metric(line)
