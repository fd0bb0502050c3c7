"""From a history to a diagram: what matters is shown, the rest is counted."""

from climb.judge.history import PROGRAM, History, Operation, Recorder
from climb.judge.sequences import sequence_of, shades_of
from climb.sequence.model import Arrow, Gap, Note


def long_history(count: int = 50) -> tuple[History, list[Operation]]:
    """Operations of two clients in turn, each answered; in the middle the program is killed under a fault."""
    now = 0.0
    record = Recorder(lambda: now)
    for number in range(count):
        pending = record.begin(f"client {number % 2 + 1}", "send", number, label=f"send {number}")
        now += 0.25
        if number == count // 2:
            fault = record.fault_begins("stall")
            now += 0.25
            record.event(PROGRAM, "killed")
            pending.unknown("connection reset")
            now += 0.25
            record.event(PROGRAM, "started")
            record.fault_ends(fault)
        else:
            pending.ok(answer=f"ok {number}")
        now += 0.25
    history = record.history()
    return history, list(history)


def test_the_operation_pointed_at_is_marked_at_its_end() -> None:
    """The mark is on its answer, and both its arrows are there."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=operations[7])

    assert drawn.mark is not None
    assert drawn.steps[drawn.mark] == Arrow(at=3.75, sender=PROGRAM, receiver="client 2", label="ok 7")
    assert any(isinstance(step, Arrow) and step.label == "send 7" for step in drawn.steps)


def test_what_is_far_is_counted() -> None:
    """Every arrow is shown or counted in a gap, and few are shown."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=operations[40], most=10)

    arrows = sum(isinstance(step, Arrow) for step in drawn.steps)
    hidden = sum(step.messages for step in drawn.steps if isinstance(step, Gap))
    assert arrows + hidden == 2 * len(operations) - 1
    assert 10 <= arrows <= 14


def test_operations_far_apart_are_both_shown() -> None:
    """A counterexample of two operations has both, with a gap between them."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=(operations[2], operations[45]))

    labels = [step.label for step in drawn.steps if isinstance(step, Arrow)]
    assert {"send 2", "ok 2", "send 45", "ok 45"} <= set(labels)
    assert any(isinstance(step, Gap) for step in drawn.steps[labels.index("ok 2") :])


def test_an_unknown_operation_has_no_answer() -> None:
    """Its arrow has not arrived for all one knows, and a note says why."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=operations[25])

    asked = [step for step in drawn.steps if isinstance(step, Arrow) and step.label == "send 25"]
    assert [step.arrived for step in asked] == [False]
    assert drawn.mark is not None
    assert drawn.steps[drawn.mark] == Note(at=asked[0].at + 0.5, actor="client 2", label="connection reset")


def test_events_and_faults_are_steps_of_their_own() -> None:
    """They are told when they begin and when they are over, and the fault is shaded."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=operations[0])

    notes = [(step.actor, step.label, step.state) for step in drawn.steps if isinstance(step, Note)]
    assert ("", "stall: begins", None) in notes
    assert ("", "stall: over", None) in notes
    assert (PROGRAM, "killed", "down") in notes
    assert drawn.shades == shades_of(history)
    assert [shade.label for shade in drawn.shades] == ["stall"]


def test_the_program_stands_at_the_right() -> None:
    """Clients are in the order that was asked for, then as they come."""
    history, operations = long_history()

    drawn = sequence_of(history, subject="x", around=operations[3], actors=["client 2"])

    assert drawn.actors == ("client 2", "client 1", PROGRAM)


def test_without_a_point_the_end_is_shown() -> None:
    """Nothing is marked."""
    history, _ = long_history()

    drawn = sequence_of(history, subject="x")

    assert drawn.mark is None
    assert isinstance(drawn.steps[-1], Arrow)
    assert drawn.steps[-1].label == "ok 49"


def test_what_the_program_told_by_itself_is_one_arrow() -> None:
    """An ack comes from the program, and nobody asked for it just then."""
    record = Recorder(lambda: 1.0)
    record.told("client 1", "ack", 17, label="ack s1 17")

    drawn = sequence_of(record.history(), subject="x")

    assert drawn.steps == (Arrow(at=1.0, sender=PROGRAM, receiver="client 1", label="ack s1 17"),)


def test_who_was_killed_out_of_sight_is_drawn_as_dead() -> None:
    """However many lives are left out, the last change before what is shown is there."""
    now = 0.0
    record = Recorder(lambda: now)
    first = record.begin("client", "send", 1)
    first.ok()
    for _ in range(40):
        now += 1
        record.event(PROGRAM, "killed")
        now += 1
        record.event(PROGRAM, "started")
    now += 1
    record.event(PROGRAM, "killed")
    for number in range(40):
        now += 1
        record.event("client", "note", f"refused {number}")
    history = record.history()

    drawn = sequence_of(history, subject="x", around=now)

    states = [step.state for step in drawn.steps if isinstance(step, Note) and step.state is not None]
    assert states[-1] == "down"


def test_retries_make_room_for_what_they_are_between() -> None:
    """A client that tried in vain a hundred times is shown at its first and last attempt; what came before is there."""
    now = 0.0
    record = Recorder(lambda: now)
    for number in range(5):
        pending = record.begin("client", "send", number, label=f"send {number}")
        now += 0.01
        pending.ok(answer="ok")
    for _ in range(100):
        pending = record.begin("client", "send", 5, label="send 5")
        now += 0.01
        pending.unknown("refused")
    pending = record.begin("client", "send", 5, label="send 5")
    now += 0.01
    pending.ok(answer="ok at last")
    history = record.history()

    drawn = sequence_of(history, subject="x", around=list(history.unknown), most=16)

    labels = [step.label for step in drawn.steps if not isinstance(step, Gap)]
    assert labels.count("refused") == 2
    assert {"send 0", "send 4", "ok at last"} <= set(labels)
    assert sum(step.messages for step in drawn.steps if isinstance(step, Gap)) == 98
