"""The tables under the charts: what is best is marked, where it can be told."""

import msgspec

from climb.systems.scheduler.model import Options, Policy, Task, Workload
from climb.workbench.schedules.computing import answer
from climb.workbench.schedules.measuring import MOST_ROWS, Cell, names_of, summary_table, task_rows
from climb.workbench.schedules.messages import Ask, Drawn, Panel

CONVOY = Workload(tasks=(Task(id="long", bursts=(20, 3, 1)), Task(id="short", arrival=1, bursts=(1,))))
LATE = Workload(tasks=(Task(id="a", bursts=(5,), deadline=4),))


def panels(workload: Workload, *policies: Policy) -> tuple[Panel, ...]:
    options = tuple(Options(policy=policy) for policy in policies)
    document = msgspec.json.encode(workload)
    found = answer(Ask(workload="", draw=1, document=document, machine={}, options=options))
    assert isinstance(found, Drawn)
    return found.panels


def summary(workload: Workload, *policies: Policy) -> dict[str, list[Cell]]:
    labels, rows = summary_table([each.summary for each in panels(workload, *policies)])
    return {label: [row[place] for row in rows] for place, label in enumerate(labels)}


def test_names_without_end_are_cut() -> None:
    """They stand in every chart and table."""
    first, second = names_of(Workload(tasks=(Task(id="a" * 5000, bursts=(1,)), Task(id="b", bursts=(1,)))))

    assert (first, second) == ("a" * 79 + "…", "b")


def test_the_best_of_each_measure_is_marked() -> None:
    """The smaller waiting, and the larger fairness."""
    found = summary(CONVOY, "fcfs", "srtf")

    assert found["mean waiting"] == [Cell("9.5", best=False), Cell("0.5", best=True)]
    assert [cell.best for cell in found["fairness"]] == [False, True]


def test_where_all_are_equal_none_is_best() -> None:
    """A mark would say that something can be learned from it."""
    found = summary(CONVOY, "fcfs", "sjf")

    assert not any(cell.best for cells in found.values() for cell in cells)


def test_switches_are_neither_good_nor_bad() -> None:
    """They cost what a switch costs, which shows in the other measures."""
    found = summary(Workload(tasks=(Task(id="a", bursts=(8,)), Task(id="b", bursts=(8,)))), "fcfs", "rr")

    assert [cell.text for cell in found["switches"]] == ["2", "4"]
    assert not any(cell.best for cell in found["switches"])


def test_missed_deadlines_are_told_where_there_are_some() -> None:
    """A column of zeros for tasks without deadlines would tell nothing."""
    assert "missed deadlines" not in summary(CONVOY, "fcfs")
    assert summary(LATE, "fcfs")["missed deadlines"] == [Cell("1", best=False)]


def test_a_task_has_what_it_asks_for_and_what_it_got() -> None:
    """One cell for each schedule, measure by measure."""
    (long, short) = task_rows(CONVOY, panels(CONVOY, "fcfs", "srtf"))

    assert (long.name, long.arrival, long.work, long.io) == ("long", 0, 21, 3)
    assert [[cell.text for cell in cells] for cells in short.cells] == [
        ["20", "1"],
        ["19", "0"],
        ["19", "0"],
        ["1", "1"],
    ]


def test_a_task_that_was_not_seen_has_a_dash() -> None:
    """A recording may know of tasks that it has no turn of."""
    (panel,) = panels(LATE, "rr")
    unseen = msgspec.structs.replace(panel, measures=(None,))
    (row,) = task_rows(LATE, (panel, unseen))

    assert [cell.text for cell in row.cells[0]] == ["5", "–"]


def test_tables_are_no_longer_than_a_page_can_carry() -> None:
    """The rest is left out, which the page says."""
    many = Workload(tasks=tuple(Task(id=str(number), bursts=(1,)) for number in range(MOST_ROWS + 5)))

    assert len(task_rows(many, panels(many, "fcfs"))) == MOST_ROWS
