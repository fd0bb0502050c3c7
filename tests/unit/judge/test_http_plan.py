"""Plans of HTTP load: what means nothing is refused, what is drawn from them is the same again, and at the rate that they name."""

import itertools
import math

import msgspec
import pytest

from climb.judge.load import Arrivals, HttpPlan, HttpRequest
from climb.judge.load.http_plan import HttpOrder
from climb.judge.load.http_turns import NEVER, Turns

ONE = HttpRequest(data=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", name="one")
TWO = HttpRequest(data=b"\x00\xff", name="two", method="HEAD", weight=3)


def drawn(plan: HttpPlan) -> list[tuple[int, int]]:
    """All that is due, as pairs of nanoseconds since the beginning and request."""
    turns = Turns(plan)
    turns.begin(0)
    found = []
    while turns.at_ns != NEVER:
        found.append((turns.at_ns, turns.request))
        turns.advance()
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests": ()},
        {"requests": (HttpRequest(data=b"", name="empty"),)},
        {"requests": (HttpRequest(data=b"x", name="never", weight=0),)},
        {"seconds": 0},
        {"seconds": 4000},
        {"patience_s": -1},
        {"connections": 0},
        {"slice_s": 0},
        {"rate_per_s": 0},
    ],
    ids=str,
)
def test_a_plan_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    """When it is made, not when it is carried out."""
    with pytest.raises(ValueError):
        HttpPlan(**({"requests": (ONE,), "seconds": 1} | wrong))  # type: ignore[arg-type]


def test_a_plan_survives_being_told() -> None:
    """Requests are any bytes."""
    order = HttpOrder(host="h", port=1, plan=HttpPlan(requests=(ONE, TWO), seconds=1), parent=2)

    assert msgspec.json.decode(msgspec.json.encode(order), type=HttpOrder) == order


def test_even_arrivals_are_a_grid() -> None:
    """Each as long after the one before, none at the end or behind it; errors do not add up."""
    times = [at for at, _ in drawn(HttpPlan(requests=(ONE,), seconds=1, rate_per_s=3000, arrivals=Arrivals.EVEN))]

    assert times == pytest.approx([number * 1e9 / 3000 for number in range(3000)], abs=1)


def test_poisson_arrivals_keep_the_rate_and_no_rhythm() -> None:
    """As many as the rate says, within five standard deviations; gaps shorter than half the mean are as frequent as they should be."""
    times = [at for at, _ in drawn(HttpPlan(requests=(ONE,), seconds=10, rate_per_s=1000, seed=7))]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    short = sum(gap < 500_000 for gap in gaps) / len(gaps)

    assert len(times) == pytest.approx(10_000, abs=500)
    assert times == sorted(times)
    assert short == pytest.approx(1 - math.exp(-0.5), abs=0.03)


def test_the_same_seed_draws_the_same() -> None:
    """Times and requests; another seed draws others."""
    plan = HttpPlan(requests=(ONE, TWO), seconds=1, rate_per_s=500, seed=3)

    assert drawn(plan) == drawn(plan)
    assert drawn(plan) != drawn(msgspec.structs.replace(plan, seed=4))


def test_weights_say_how_often() -> None:
    """A request of three times the weight comes three times as often."""
    requests = [which for _, which in drawn(HttpPlan(requests=(ONE, TWO), seconds=10, rate_per_s=1000))]

    assert requests.count(1) / len(requests) == pytest.approx(0.75, abs=0.03)
