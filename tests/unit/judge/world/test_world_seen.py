import pytest

from climb.judge.world.seen import Seen, Visit, most_within


def test_an_arrival_is_not_counted_before_it_is_known_who_left() -> None:
    """One leaves and one arrives between two counts: there was one at once, not two."""
    seen = Seen()
    first, second = Visit(began=1.0), Visit(began=2.0)
    seen.arrive(first)
    seen.settle()
    seen.arrive(second)
    seen.leave(first)
    seen.settle()

    assert seen.at_once == 1


def test_the_peak_stays_when_everyone_has_left() -> None:
    """``at_once`` is the most there ever were, ``open_now`` how many there are."""
    seen = Seen()
    visits = [Visit(began=float(n)) for n in range(3)]
    for visit in visits:
        seen.arrive(visit)
    seen.settle()
    for visit in visits:
        seen.leave(visit)
    seen.settle()

    assert (seen.at_once, seen.open_now, seen.connections) == (3, 0, 3)


def test_the_timeline_peaks_at_the_same_number() -> None:
    """A plot of the timeline never shows more than ``at_once`` says."""
    seen = Seen()
    visits = [Visit(began=float(n)) for n in range(4)]
    for visit in visits[:2]:
        seen.arrive(visit)
    seen.settle()
    for visit in visits[:2]:
        seen.leave(visit)
    for visit in visits[2:]:
        seen.arrive(visit)
    seen.settle()

    assert max(count for _, count in seen.timeline()) == seen.at_once == 2


def test_a_connection_that_came_and_went_unseen_still_was_one() -> None:
    """A connection that had ended before it was accepted makes ``at_once`` 1."""
    seen = Seen()
    visit = Visit(began=1.0)
    seen.arrive(visit)
    seen.leave(visit)
    seen.settle()

    assert seen.at_once == 1


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 0.5, 0.9], 3),
        ([0.0, 1.0, 2.0], 1),
        ([0.0, 0.999, 1.0, 1.5], 3),
        ([3.0, 0.2, 0.1, 0.3, 9.0], 3),
    ],
)
def test_a_window_includes_its_begin_and_not_its_end(moments: list[float], most: int) -> None:
    """The densest half-open window of one second is found, whatever the order of the moments."""
    assert most_within(moments, 1.0) == most


def test_the_lives_are_of_connections_that_the_client_ended() -> None:
    """A connection that the server cut says nothing about the program's timeout."""
    seen = Seen()
    for visit in (Visit(1.0, ended=3.5, ended_by_peer=True), Visit(1.0, ended=9.0)):
        seen.arrive(visit)
        seen.leave(visit)

    assert seen.lives_s == [2.5]
    assert seen.longest_s == 2.5


def test_requests_and_names_leave_out_connections_without() -> None:
    """A connection that sent nothing has no request, and one without SNI no name."""
    seen = Seen()
    seen.arrive(Visit(1.0, first=bytearray(b"GET /"), server_name="a.example"))
    seen.arrive(Visit(2.0))

    assert seen.requests == [b"GET /"]
    assert seen.server_names == ["a.example"]
