"""What the lab on DNS caching says of made-up numbers, and its messages and cache without a network."""

import pytest

from climb.labs.dns_cache import Cache, answer_to, query_for, records_in
from climb.labs.lab import find
from climb.labs.plot import BarPlot, StripPlot
from climb.labs.result import Predicted, Result, Sample

LOCALHOST = 'getaddrinfo("localhost")'
UNCLEAR = (4.0, 6.0, 5.0, 4.5, 5.5, 5.0, 4.0, 6.0, 4.5, 5.5, 5.0, 5.0)


def made(
    *,
    cached: tuple[float, ...] = (2.0,) * 12,
    hit: float = 2.0,
    hit_rate: float = 60.0,
    localhost: bool = True,
    predicted: float | None = None,
) -> Result:
    """A finished run in which asking takes 5 ms."""
    samples = [
        Sample(series="asked each time, mean of a round", unit="ms", values=(5.0,) * 12),
        Sample(series="with a cache, mean of a round", unit="ms", values=cached),
        Sample(series="answered from the cache", unit="µs", values=(hit,) * 360),
        Sample(series="lookups that the cache answered", unit="%", values=(hit_rate,) * 12),
        Sample(series="old address after the change", unit="ms", values=(100.0, 500.0, 990.0)),
    ]
    samples += [Sample(series=LOCALHOST, unit="µs", values=(11.0,) * 12)] if localhost else []
    return Result(
        lab="dns-cache",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"ttl": 1, "names": 100, "distance": 5},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"seed of the draws": 7} if localhost else {"seed of the draws": 7, LOCALHOST: "not found: why"},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("dns-cache").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_ratio_of_the_means() -> None:
    """The prediction is held against 5 ms without the cache over 2 ms with it."""
    assert find("dns-cache").explanation(made()).answer.value == 2.5


def test_hits_and_the_average_are_told_apart() -> None:
    """A hit is thousands of times as fast, the average lookup a few times, and the share of hits says why."""
    text = said(made())

    assert "2,500 times as long" in text
    assert "took 2.5 times as long (2.5 to 2.5)" in text
    assert "that would make 2.5 times" in text
    assert "making them faster would change little" in text


def test_a_cache_that_slows_is_not_praised() -> None:
    """If lookups took longer with the cache, the lab says so."""
    assert "made the average lookup slower" in said(made(cached=(10.0,) * 12))


def test_a_ratio_around_one_is_no_claim() -> None:
    """If the interval includes 1, the lab can't tell whether the cache helped."""
    assert "this run can't tell" in said(made(cached=UNCLEAR))


def test_dear_hits_are_not_called_cheap() -> None:
    """If hits make up much of the time, the lab does not say that faster ones would change little."""
    assert "would change little" not in said(made(hit=1000.0))


def test_hits_alone_have_no_bound() -> None:
    """If every lookup of the median round was a hit, no bound is computed from the misses."""
    text = said(made(hit_rate=100.0, cached=(0.002,) * 12))

    assert "answered 100 %" in text
    assert "that would make" not in text


def test_staleness_is_told_with_the_ttl() -> None:
    """The median and the longest time with the old address stand beside the TTL."""
    text = said(made())

    assert "500 ms in the median of 3 names, and for 990 ms at the most" in text
    assert "the TTL is 1,000 ms" in text


def test_localhost_is_a_row_of_its_own() -> None:
    """getaddrinfo("localhost") is told in microseconds, and has a bar in the plot's milliseconds."""
    explanation = find("dns-cache").explanation(made())
    bars = explanation.plots[0]

    assert "took 11 µs here" in explanation.text
    assert isinstance(bars, BarPlot)
    assert {bar.label: bar.value for bar in bars.bars}[LOCALHOST] == pytest.approx(0.011)


def test_a_machine_without_localhost_is_told() -> None:
    """If localhost could not be resolved, it has no bar, and the text says so."""
    explanation = find("dns-cache").explanation(made(localhost=False))
    bars = explanation.plots[0]

    assert "could not be resolved" in explanation.text
    assert isinstance(bars, BarPlot)
    assert len(bars.bars) == 3


def test_the_prediction_is_marked_where_the_cached_lookup_would_end() -> None:
    """A predicted ratio of 10 means that the average lookup with the cache takes a tenth of 5 ms."""
    marks = find("dns-cache").explanation(made(predicted=10)).plots[0].marks

    assert [(mark.value, mark.label) for mark in marks] == [(0.5, "with the cache, as you predicted: 10 ×")]


def test_no_prediction_marks_only_the_ttl() -> None:
    """Without a prediction the lookups have no mark; the old addresses are held against the TTL."""
    lookups, stale = find("dns-cache").explanation(made()).plots

    assert lookups.marks == ()
    assert isinstance(stale, StripPlot)
    assert [mark.value for mark in stale.marks] == [1000]


def test_a_query_is_as_rfc_1035_says() -> None:
    """Header, labels with their lengths, a zero, type A, class IN."""
    assert query_for("www.example", 0x1234) == (
        b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x03www\x07example\x00" + b"\x00\x01\x00\x01"
    )


def test_an_answer_repeats_the_question_and_points_to_its_name() -> None:
    """An answer is the same question, then a pointer to offset 12, A, IN, the TTL, and the address."""
    query = query_for("a.example", 7)

    assert answer_to(query, (bytes((192, 0, 2, 1)), 60)) == (
        b"\x00\x07\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00"
        + query[12:]
        + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
    )


def test_an_answer_is_read_back() -> None:
    """The address and the TTL come out as they went in."""
    query, record = query_for("a.example", 7), (bytes((192, 0, 2, 1)), 60)

    assert records_in(answer_to(query, record), query) == [record]


@pytest.mark.parametrize(
    "asked", [query_for("a.example", 8), query_for("b.example", 7)], ids=["other number", "other name"]
)
def test_an_answer_to_something_else_is_not_taken(asked: bytes) -> None:
    """Number and question must both be ours, or whoever guesses one of them could answer for the server."""
    answer = answer_to(asked, (bytes((192, 0, 2, 1)), 60))

    assert records_in(answer, query_for("a.example", 7)) == []


@pytest.mark.parametrize("length", [0, 5, 20, 35])
def test_a_cut_answer_is_not_taken(length: int) -> None:
    """Wherever an answer is cut off, it gives no record."""
    query = query_for("a.example", 7)

    assert records_in(answer_to(query, (bytes((192, 0, 2, 1)), 60))[:length], query) == []


class Server:
    """Answers with the address it has now, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.address = b"old!"

    def lookup(self, _name: str) -> tuple[bytes, int]:
        self.asked += 1
        return self.address, 10


def test_the_cache_asks_once_in_a_ttl() -> None:
    """Until the TTL has passed the server is asked once, however often the name is looked up."""
    server, clock = Server(), [0.0]
    cache = Cache(server.lookup, lambda: clock[0])

    for clock[0] in (0.0, 5.0, 9.9):
        cache.lookup("a.example")

    assert (server.asked, cache.hits) == (1, 2)


def test_the_cache_is_wrong_until_the_ttl_has_passed() -> None:
    """After a change the cache gives the old address until the TTL has passed, and the new one from then on."""
    server, clock = Server(), [0.0]
    cache = Cache(server.lookup, lambda: clock[0])
    cache.lookup("a.example")
    server.address = b"new!"

    clock[0] = 9.9
    before = cache.lookup("a.example")
    clock[0] = 10.0
    after = cache.lookup("a.example")

    assert (before, after) == (b"old!", b"new!")
