"""The queue of alarms. It never looks at what it holds, so text stands for the calls here."""

from __future__ import annotations

from climb.systems.scanner.deadlines import FEW, Deadlines


def test_alarms_ring_in_order_of_time() -> None:
    """Those of one moment in the order they were set, those of later moments not yet."""
    deadlines = Deadlines()
    for at, item in [(3.0, "late"), (1.0, "first"), (2.0, "third"), (1.0, "second")]:
        deadlines.set(at, item)

    assert list(deadlines.due(2.0)) == ["first", "second", "third"]
    assert deadlines.next_at() == 3.0


def test_a_cancelled_alarm_does_not_ring() -> None:
    """Not even if it would have been the next."""
    deadlines = Deadlines()
    alarm = deadlines.set(1.0, "cancelled")
    deadlines.set(2.0, "kept")
    deadlines.cancel(alarm)

    assert deadlines.next_at() == 2.0
    assert list(deadlines.due(9.0)) == ["kept"]


def test_an_alarm_may_be_cancelled_twice_or_after_it_rang() -> None:
    """Whoever cleans up need not know."""
    deadlines = Deadlines()
    alarm = deadlines.set(1.0, "x")
    assert list(deadlines.due(1.0)) == ["x"]
    deadlines.cancel(alarm)
    deadlines.cancel(alarm)
    deadlines.cancel(None)

    assert len(deadlines) == 0
    assert deadlines.next_at() is None


def test_an_alarm_set_while_others_ring_rings_in_its_turn() -> None:
    """An item may set the next alarm, even one that is due at once."""
    deadlines = Deadlines()
    deadlines.set(1.0, "a")
    rung = []
    for item in deadlines.due(5.0):
        rung.append(item)
        if len(rung) < 3:
            deadlines.set(2.0, item + "a")

    assert rung == ["a", "aa", "aaa"]


def test_cancelled_alarms_do_not_pile_up() -> None:
    """A scan whose ports answer at once keeps no entry for each until a long timeout."""
    deadlines = Deadlines()
    for number in range(100_000):
        deadlines.cancel(deadlines.set(60.0, number))

    assert len(deadlines._heap) <= 2 * FEW
