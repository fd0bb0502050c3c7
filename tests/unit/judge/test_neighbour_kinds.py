"""The table of bad neighbours: each kind in a file of its own name, drawn from a seed, and milder for smaller draws."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from climb.judge.choices import Choices
from climb.judge.load import neighbours
from climb.judge.load.neighbours import NEIGHBOURS, Count, Farewell, Neighbour

each_kind = pytest.mark.parametrize("kind", NEIGHBOURS.values(), ids=list(NEIGHBOURS))


@each_kind
def test_a_kind_has_a_file_of_its_name(kind: type[Neighbour]) -> None:
    """So that it can be found."""
    folder = Path(neighbours.__file__).parent
    name = kind.name.replace(" ", "_").replace("-", "_")

    assert (folder / f"{name}.py").is_file()
    assert kind.__module__.rpartition(".")[2] == name


@each_kind
def test_a_kind_says_what_it_does(kind: type[Neighbour]) -> None:
    """With how many connections, in the singular and in the plural."""
    assert kind(connections=1, target="/t").label.startswith("1 connection: ")
    assert kind(connections=2000, target="/t").label.startswith("2,000 connections: ")


@each_kind
@given(seed=st.integers(0, 2**32))
def test_the_same_seed_draws_the_same_neighbour(kind: type[Neighbour], seed: int) -> None:
    """With at least one connection, at the target that was given."""
    drawn = kind.drawn(Choices(f"{seed:x}"), "/t")

    assert drawn == kind.drawn(Choices(f"{seed:x}"), "/t")
    assert drawn.connections >= 1
    assert drawn.target == "/t"


def test_a_count_tells_how_they_were_ended() -> None:
    """What is open is what was connected and not ended; the row has the median."""
    count = Count("slow head", "3 connections", connected=5)
    count.refused.update({"connection refused": 2})
    count.ended += [Farewell(after, "closed", status) for after, status in ((1.0, 408), (1.5, 408), (9.0, None))]

    assert count.open == 2
    assert count.statuses == {408: 2}
    assert count.row() == ("3 connections", "5", "2 (connection refused)", "3, after 1.5 s (median)", "2")


def test_a_count_of_nothing_has_a_row_too() -> None:
    """Without times and reasons."""
    assert Count("idle crowd", "none").row() == ("none", "0", "0", "0", "0")
