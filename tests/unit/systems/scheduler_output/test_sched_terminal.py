"""A schedule and a comparison for people at a terminal: within the width, in its signs, complete."""

from itertools import pairwise

import pytest
from rich.cells import cell_len

from climb.systems.scheduler import schedule
from climb.systems.scheduler.compare import MEASURES, Compared, compare, measure, ranked
from climb.systems.scheduler.model import Options, Policy, Task, Workload
from climb.systems.scheduler.named import named_workload
from climb.systems.scheduler.output import compared, terminal
from climb.systems.scheduler.output.measures import figure, summary_facts, task_facts
from climb.systems.scheduler.percentiles import spread

SMALL = Workload(tasks=(Task(id="A", bursts=(4,)), Task(id="B", bursts=(2, 3, 1), arrival=1)))


def shown(workload: Workload, *, width: int = 100, ascii_only: bool = False, every_tick: bool = False) -> list[str]:
    found = schedule(workload, Options(policy="rr", quantum=2))
    drawn = terminal.lines(workload, found, name="mine", width=width, ascii_only=ascii_only, every_tick=every_tick)
    return [line.plain for line in drawn]


def runs(name: str = "mixed", policies: tuple[Policy, ...] = ("fcfs", "srtf", "rr")) -> tuple[Compared, ...]:
    return compare(named_workload(name), [Options(policy=policy) for policy in policies])


def told(
    found: tuple[Compared, ...], by: str = "turnaround", *, width: int = 90, ascii_only: bool = False
) -> list[str]:
    return [
        line.plain.rstrip() for line in compared.lines(found, by, heading="mixed", width=width, ascii_only=ascii_only)
    ]


def test_a_schedule_has_its_chart_its_tasks_and_its_sums() -> None:
    """What rr makes of two tasks, worked out by hand."""
    lines = shown(SMALL)

    assert lines[0] == "  rr: mine, 2 tasks, 1 processor"
    assert lines[2] == "  cpu 0  A━━━━━━━B═══════A━━━━━━━····B═══"
    assert lines[-5:-2] == [
        "  A           0  4                 6           6        2         0         2",
        "  B           1  2 (3) 1           8           7        1         1         2",
        "",
    ]
    assert "makespan 8 ticks" in lines[-2]
    assert "missed deadlines" not in "".join(lines)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_schedule_keeps_the_width(width: int, ascii_only: bool) -> None:
    """On every terminal, also with a column for each tick."""
    for every_tick in (False, True):
        lines = shown(named_workload("mixed"), width=width, ascii_only=ascii_only, every_tick=every_tick)

        assert max(map(cell_len, lines)) <= width
        assert not ascii_only or all(line.isascii() for line in lines)


def test_every_tick_can_have_its_column() -> None:
    """The charts below each other go on where the one above ends, and lose no tick."""
    lines = shown(named_workload("mixed"), width=60, every_tick=True)
    charts = [line[9:] for line in lines if line.startswith("  cpu 0")]

    assert [len(chart) for chart in charts[:-1]] == [40] * (len(charts) - 1)
    assert sum(map(len, charts)) == schedule(named_workload("mixed"), Options(policy="rr", quantum=2)).summary.makespan
    assert not any("Shown" in line or "One column" in line for line in lines)


def test_of_many_tasks_those_that_waited_longest_are_listed() -> None:
    """In the order of their waiting, with a word about the rest."""
    workload = named_workload("crowd")
    found = schedule(workload, Options(policy="rr"))
    facts = task_facts(workload, found, most=40)
    waiting = [int(row[5].replace(",", "")) for row in facts.rows]

    assert (len(facts.rows), facts.left_out) == (40, 160)
    assert all(one >= other for one, other in pairwise(waiting))
    assert waiting[0] == max(task.waiting for task in found.tasks.values())


@pytest.mark.parametrize("by", [each.name for each in MEASURES])
@pytest.mark.parametrize(("width", "ascii_only"), [(40, True), (60, False), (90, False)])
def test_a_comparison_keeps_the_width(by: str, width: int, ascii_only: bool) -> None:
    """By whatever measure."""
    lines = told(runs(), by, width=width, ascii_only=ascii_only)

    assert max(map(cell_len, lines)) <= width
    assert not ascii_only or all(line.isascii() for line in lines)


def test_the_best_stands_first_and_is_named() -> None:
    """In the sentence, in the tables and in the plot."""
    found = runs()
    best, *_, worst = ranked(found, "turnaround")
    lines = told(found)
    text = " ".join(line.strip() for line in lines)

    assert f"{best.options.policy} is best here with {figure(best.turnaround.mean)} ticks" in text
    assert f"{worst.options.policy} worst with {figure(worst.turnaround.mean)} ticks" in text
    first = next(number for number, line in enumerate(lines) if line.startswith("  policy"))
    assert lines[first + 1].startswith(f"  {best.options.policy} ")


def test_what_is_equal_is_said_to_be() -> None:
    """Two policies that do the same are not ranked by a sentence."""
    found = compare(SMALL, [Options(policy="fcfs"), Options(policy="sjf")])

    assert next(compared.sentences(found, measure("switches"))).startswith(
        "By switches (context switches) all are equal"
    )


def test_several_can_be_best() -> None:
    """All of them are named."""
    found = compare(SMALL, [Options(policy="fcfs"), Options(policy="rr", quantum=9), Options(policy="rr", quantum=1)])

    assert next(compared.sentences(ranked(found, "switches"), measure("switches"))).startswith(
        "By switches (context switches) fcfs and rr are best here with 2, rr worst with 6."
    )


def test_a_plot_points_at_the_quarters() -> None:
    """Its longest line ends at the largest value, and half of the jobs stand where they should."""
    found = runs()
    lines = told(found)
    axis = next(line for line in lines if line.endswith("ticks") and line.strip().startswith("0"))
    largest = max(run.turnaround.max for run in found)
    row = next(line for line in lines if line.startswith("  fcfs") and "●" in line)
    fcfs = next(run for run in found if run.options.policy == "fcfs")

    assert axis.endswith(f"{largest:,} ticks")
    begin = axis.index("0")
    assert row.index("●") - begin == pytest.approx(fcfs.turnaround.p50 / largest * (len(axis) - begin - 1), abs=1)


@pytest.mark.parametrize(
    ("value", "text"), [(7.0, "7"), (23.46, "23.5"), (0.0, "0"), (1203.9, "1,204"), (999.97, "1,000")]
)
def test_figures_are_short(value: float, text: str) -> None:
    """One decimal where it tells something."""
    assert figure(value) == text


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (8, "250 jobs in 1,000 ticks"),
        (2_000_000, "1 jobs in 1,000,000 ticks"),
        (999_999_999, "2 jobs in 1,000,000,000 ticks"),
    ],
)
def test_throughput_has_digits_that_tell_something(ticks: int, text: str) -> None:
    """However short a tick is."""
    workload = Workload(tasks=(Task(id="A", bursts=(ticks - 1,)), Task(id="B", bursts=(1,))))
    facts = dict(summary_facts(workload, schedule(workload, Options(policy="fcfs"))))

    assert facts["throughput"] == text


def test_a_terminal_lists_twenty_tasks() -> None:
    """And says how many more there are, and where; a file can have all."""
    workload = named_workload("crowd")
    found = schedule(workload, Options(policy="rr"))

    def text(**most: int) -> list[str]:
        drawn = terminal.lines(workload, found, name="crowd", width=80, ascii_only=False, **most)
        return [line.plain for line in drawn]

    short, long = text(), text(most_tasks=200)
    assert "  The 20 that waited longest; 180 more with --output json." in short
    assert len(long) - len(short) == 200 - 20 - 1


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([10] * 10, "                 ■"),
        ([2] * 6 + [6] * 3 + [10], "   ●──────◆──────■"),
        ([2] * 100 + [6] * 80 + [8] * 18 + [10] * 2, "   ●──────◆───▲──│"),
    ],
)
def test_marks_that_coincide_have_one_of_their_own(values: list[int], drawn: str) -> None:
    """None hides another: what is not seen is in the mark for several."""
    assert compared._quarters_drawn(spread(values), 10, 18, compared._FULL) == drawn


def test_the_mark_for_several_is_explained_where_it_is() -> None:
    """In the key, and not elsewhere."""
    text = told(runs())

    assert any("■" in line for line in text[:-2])
    assert "■ several of these" in " ".join(text)


def test_a_table_gives_up_what_the_workload_says_too() -> None:
    """Before its rows become several lines: first the bursts, then the arrival."""
    heads = [next(line.split() for line in shown(SMALL, width=width) if "waiting" in line) for width in (100, 72, 62)]

    assert [("bursts" in head, "arrival" in head) for head in heads] == [(True, True), (False, True), (False, False)]
