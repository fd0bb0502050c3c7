"""Prometheus' text format."""

from __future__ import annotations

import pytest

from climb.projects.identity.rules.exposition import NotMetrics, broken_histograms, samples, total

PAGE = """# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/v1/users/{id}",status="200"} 3
http_requests_total{method="GET",route="/a\\"b\\\\c\\n",status="404",} 1.0 1700000000000
up 1

process_start{} 1.7e9
weird{le="+Inf"} NaN
"""

HISTOGRAM = """t_bucket{route="a",le="0.1"} 1
t_bucket{route="a",le="1"} 2
t_bucket{route="a",le="+Inf"} 3
t_sum{route="a"} 4.5
t_count{route="a"} 3
"""


def test_samples_are_read() -> None:
    """With labels and without, escaped, with a time behind; comments are none."""
    found = samples(PAGE)

    assert [each.name for each in found] == ["http_requests_total"] * 2 + ["up", "process_start", "weird"]
    assert found[0].labels == {"method": "GET", "route": "/v1/users/{id}", "status": "200"}
    assert found[1].labels["route"] == '/a"b\\c\n'
    assert [each.value for each in found[:4]] == [3, 1, 1, 1.7e9]


def test_samples_are_added_up_by_labels() -> None:
    """All of a name, or those with some labels."""
    found = samples(PAGE)

    assert total(found, "http_requests_total") == 4
    assert total(found, "http_requests_total", status="404") == 1
    assert total(found, "http_requests_total", status="500") == 0


@pytest.mark.parametrize("line", ["{}", "requests", "a{b=c} 1", 'a{b="c" 1', "a one", "9a 1", '{"requests": 1}'])
def test_other_lines_are_told(line: str) -> None:
    """The line and its number."""
    with pytest.raises(NotMetrics, match="line 2"):
        samples(f"up 1\n{line}")


def test_a_right_histogram_is_not_broken() -> None:
    """Its buckets grow, and the last is its count."""
    assert broken_histograms(samples(HISTOGRAM), "t") == []


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('le="1"} 2', 'le="1"} 0'),
        ('t_bucket{route="a",le="+Inf"} 3\n', ""),
        ('t_count{route="a"} 3', 't_count{route="a"} 4'),
    ],
)
def test_broken_histograms_are_told(was: str, becomes: str) -> None:
    """A bucket that falls, none for everything, another count."""
    assert len(broken_histograms(samples(HISTOGRAM.replace(was, becomes)), "t")) == 1
