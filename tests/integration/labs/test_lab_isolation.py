"""The lab on isolation, run for real, and its pairs one by one."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from climb.labs import running
from climb.labs.bench import Bench
from climb.labs.lab import find
from climb.labs.meeting import LOST, RULES, SKEW, TWICE, WAYS, Outcome, Pair, pair
from climb.labs.result import Result
from climb.labs.servers import database

COMMITTED, REPEATABLE, SERIALIZABLE, LOCKED = WAYS
MANY = 100


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("isolation")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"think": "0", "apart": "1"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_kind_is_counted_in_every_round(result: Result) -> None:
    """Three rules in four ways, broken and refused: never more than there are pairs."""
    counts = [sample.values for sample in result.samples]

    assert len(counts) == 2 * len(RULES) * len(WAYS)
    assert {len(values) for values in counts} == {10}
    assert all(0 <= count <= result.number("pairs in each round") for values in counts for count in values)


def test_what_postgresql_promises_was_kept(result: Result) -> None:
    """No lost update above READ COMMITTED or with a lock, no changed row within a snapshot, no write skew under SERIALIZABLE."""
    broken = {(rule, way) for rule in RULES for way in WAYS if any(result.values(f"{rule}, {way}: rule broken"))}

    assert broken <= {(LOST, COMMITTED), (TWICE, COMMITTED), (SKEW, COMMITTED), (SKEW, REPEATABLE)}


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is a share of a hundred, in its interval."""
    explanation = find("isolation").explanation(result)

    assert 0 <= explanation.answer.low <= explanation.answer.value <= explanation.answer.high <= 100


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    with database(Bench(lambda _share, _doing: None)) as address, pair(address) as both:
        yield both


def met(both: Pair, rule: str, way: str, until: Callable[[Outcome], bool]) -> bool:
    """Whether one of many pairs that begin at once ends as asked; a busy machine may hold one of the two back for long."""
    return any(until(both.meet(rule, way, think_s=0.01, apart_s=0)) for _ in range(MANY))


@pytest.mark.parametrize(("rule", "way"), [(LOST, COMMITTED), (SKEW, COMMITTED), (SKEW, REPEATABLE)])
def test_a_rule_is_broken_without_an_error(both: Pair, rule: str, way: str) -> None:
    """Two that meet break it, and nobody is refused."""
    assert met(both, rule, way, lambda outcome: outcome.broken and not outcome.refused)


def test_a_row_changes_between_two_reads(both: Pair) -> None:
    """If the other one comes while the first thinks."""
    assert any(both.meet(TWICE, COMMITTED, think_s=0.01, apart_s=0.004).broken for _ in range(MANY))


@pytest.mark.parametrize(("rule", "way"), [(LOST, REPEATABLE), (LOST, SERIALIZABLE), (SKEW, SERIALIZABLE)])
def test_a_stricter_level_refuses_one_of_two(both: Pair, rule: str, way: str) -> None:
    """Then the rule holds."""
    assert met(both, rule, way, lambda outcome: outcome.refused and not outcome.broken)


@pytest.mark.parametrize("rule", RULES)
def test_locks_make_the_second_one_wait(both: Pair, rule: str) -> None:
    """With FOR UPDATE nothing is broken and nobody refused, however they meet."""
    met = [both.meet(rule, LOCKED, think_s=0.005, apart_s=apart / 1000) for apart in (-3, -1, 0, 1, 3)]

    assert met == [Outcome(broken=False, refused=False)] * 5
