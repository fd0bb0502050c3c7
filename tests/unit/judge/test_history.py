"""Histories: what is known is kept apart from what is not, and the order is that of time."""

from climb.judge.history import PROGRAM, History, Operation, Outcome, Recorder


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def recorder() -> tuple[Recorder, Clock]:
    clock = Clock()
    return Recorder(clock), clock


def operation(number: int, begin: float, end: float | None, outcome: Outcome = Outcome.OK, **fields) -> Operation:
    return Operation(number, "client", "send", begin, end, outcome, **fields)


def test_an_answer_ends_an_operation() -> None:
    """The history has when it began and ended, and both what was asked and what was answered."""
    record, clock = recorder()
    pending = record.begin("client", "send", 7, label="s1 7")
    clock.now = 0.5
    pending.ok(answer="ack 7")

    (done,) = record.history()

    assert (done.invoked_at, done.ended_at, done.outcome) == (0.0, 0.5, Outcome.OK)
    assert (done.value, done.label, done.answer) == (7, "s1 7", "ack 7")


def test_without_an_answer_it_is_unknown() -> None:
    """What nobody answered until the history was taken is neither ok nor failed."""
    record, _ = recorder()
    record.begin("client", "send")

    (open_one,) = record.history()

    assert open_one.outcome is Outcome.UNKNOWN
    assert open_one.ended_at is None


def test_the_first_end_counts() -> None:
    """An answer that comes after the connection was given up changes nothing."""
    record, _ = recorder()
    pending = record.begin("client", "send")
    pending.unknown("connection reset")
    pending.ok()

    (done,) = record.history()

    assert done.outcome is Outcome.UNKNOWN


def test_the_three_outcomes_are_told_apart() -> None:
    """Definite is what happened or certainly did not; unknown is the rest."""
    history = History(
        (
            operation(0, 0, 1),
            operation(1, 1, 2, Outcome.FAILED),
            operation(2, 2, 3, Outcome.UNKNOWN),
        )
    )

    assert [each.number for each in history.ok] == [0]
    assert [each.number for each in history.failed] == [1]
    assert [each.number for each in history.unknown] == [2]
    assert [each.number for each in history.definite] == [0, 1]


def test_operations_are_in_the_order_of_their_beginnings() -> None:
    """However they were given, and those that began together in the order of their numbers."""
    history = History((operation(2, 5, 6), operation(1, 1, 9), operation(0, 5, 7)))

    assert [each.number for each in history] == [1, 0, 2]


def test_before_means_ended_before_the_other_began() -> None:
    """Of two that overlap, neither was before the other."""
    first, overlapping, later = operation(0, 0, 2), operation(1, 1, 3), operation(2, 4, None)

    assert first.before(later)
    assert not first.before(overlapping)
    assert not overlapping.before(first)
    assert not later.before(first)


def test_what_was_recorded_later_does_not_change_a_history() -> None:
    """A history is of the moment when it was taken."""
    record, _ = recorder()
    pending = record.begin("client", "send")
    history = record.history()

    pending.ok()

    assert [each.outcome for each in history] == [Outcome.UNKNOWN]


def test_a_fault_that_is_not_healed_ends_with_the_history() -> None:
    """Periods have ends that can be drawn; a healed one ends when it was healed, and only once."""
    record, clock = recorder()
    healed, open_one = record.fault_begins("stall"), record.fault_begins("latency")
    clock.now = 1.0
    record.fault_ends(healed)
    clock.now = 2.0
    record.fault_ends(healed)

    history = record.history()

    assert open_one != healed
    assert [(each.label, each.start, each.end) for each in history.faults] == [("stall", 0, 1), ("latency", 0, 2)]


def test_a_selection_keeps_events_and_faults() -> None:
    """Only operations are selected: what happened meanwhile happened to all."""
    record, _ = recorder()
    record.told("client", "ack", 3)
    record.event(PROGRAM, "killed")
    record.fault_begins("stall")

    chosen = record.history().of("send").by("nobody")

    assert len(chosen) == 0
    assert len(chosen.events) == len(chosen.faults) == 1
