"""Charts of schedules: what is seen of a row, how it is drawn, and how turns travel."""

import json
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from climb.systems.scheduler.model import Options, Task, Workload
from climb.systems.scheduler.named import named_workload
from climb.systems.scheduler.weights import inverse_of
from climb.workbench.schedules.computing import answer
from climb.workbench.schedules.drawing import drawn
from climb.workbench.schedules.gathering import gathered
from climb.workbench.schedules.lanes import Box, Column, Place, Turn, rows_of, visible
from climb.workbench.schedules.messages import Ask, Drawn
from climb.workbench.schedules.progress import After, Progress
from climb.workbench.schedules.turns import BURST, COLUMNS, DONE, Turns, body
from climb.workbench.schedules.window import moved, within


def turns_of(*each: tuple[int, int, int, int]) -> Turns:
    """(task, start, end, ready) on processor 0."""
    return gathered([(start, end, ready, 0, 0, 0, task, 0, 0) for task, start, end, ready in each])


def asking(workload: Workload, *options: Options) -> Ask:
    return Ask(workload="", draw=1, document=msgspec.json.encode(workload), machine={}, options=options)


def row(*each: tuple[int, float, float]) -> list[Turn]:
    ends = [None, *(end for _, _, end in each)]
    return [Turn(task, start, end, start, before) for (task, start, end), before in zip(each, ends, strict=False)]


def test_turns_are_sorted_by_start() -> None:
    """The engine tells them as they end; charts want them as they begin."""
    turns = gathered([(4, 6, 4, 0, 0, 0, 1, 0, 0), (0, 9, 0, 0, 0, 0, 0, 1, 0), (0, 4, 0, 0, 0, 0, 2, 0, 0)])

    assert list(turns.column("task")) == [2, 0, 1]
    assert list(turns.column("cpu")) == [0, 1, 0]


def test_rows_are_processors_or_tasks() -> None:
    """Each row has its turns in the order of time, and knows what was before each."""
    turns = turns_of((0, 0, 3, 0), (1, 3, 5, 1), (0, 5, 6, 4))

    assert [[turn.start for turn in each] for each in rows_of(turns, "cpu", 1)] == [[0, 3, 5]]
    assert [[(turn.start, turn.before) for turn in each] for each in rows_of(turns, "task", 2)] == [
        [(0, None), (5, 3)],
        [(3, None)],
    ]


def test_wide_turns_are_seen_one_by_one() -> None:
    """Nothing is put together that can be drawn."""
    assert [type(each) for each in visible(row((0, 0, 5), (1, 5, 9)), (0, 10), 1)] == [Box, Box]


def test_what_shares_a_column_is_put_together() -> None:
    """The column says how many ticks each colour had, and nothing is lost or counted twice."""
    seen = list(visible(row((0, 0, 1), (1, 1, 2), (6, 2, 3), (1, 3, 9), (0, 9, 10)), (0, 20), 4))
    (column, wide, alone) = seen

    assert isinstance(column, Column)
    assert (column.start, column.end, column.used[:2]) == (0, 4, (2.0, 1.0))
    assert [each.turn.start for each in (wide, alone) if isinstance(each, Box)] == [3, 9]


def test_columns_are_bounded_by_the_width_not_by_the_turns() -> None:
    """However many turns a row has, it is drawn in as many pieces as there are columns."""
    many = row(*((number % 3, number, number + 1) for number in range(10_000)))

    assert len(list(visible(many, (0, 10_000), 40))) == 250


def test_what_is_outside_of_the_window_is_not_seen() -> None:
    """But for the first turn after it: what leads to that one may be inside."""
    seen = list(visible(row((0, 0, 5), (1, 5, 10), (0, 10, 15), (1, 15, 20), (0, 20, 25)), (5, 10), 1))

    assert [each.turn.start for each in seen if isinstance(each, Box)] == [5, 10]


def test_a_chart_is_as_high_as_its_rows() -> None:
    """The canvas that takes its place has the same height, so nothing moves."""
    place = Place.of(3)

    assert place.height == 3 * place.pitch + 24
    assert Place.of(500).shown == 24


@pytest.mark.parametrize("lanes", ["cpu", "task"])
def test_a_drawing_is_well_formed_and_needs_no_style(lanes: str) -> None:
    """It has names and ticks as text, and colours by class alone: the policy of our pages forbids the rest."""
    turns = turns_of((0, 0, 40, 0), (1, 40, 90, 10), (0, 95, 100, 60))
    chart = drawn(turns, ["<b>", "two"], cpus=1, lanes=lanes, window=(0, 100), alternative="a & b")
    root = ET.fromstring(chart.picture)
    texts = [text.text for text in root.iter() if text.tag.endswith("text")]

    assert root.attrib["aria-label"] == "a & b"
    assert "style" not in chart.picture
    assert "100" in texts
    assert ("<b>" in texts) == (lanes == "cpu")


def test_a_task_row_tells_waiting_and_io() -> None:
    """The line before a turn begins when its task became ready, and the time away lies before that."""
    turns = turns_of((0, 0, 20, 0), (0, 80, 100, 60))
    chart = drawn(turns, ["one"], cpus=1, lanes="task", window=(0, 100), alternative="")
    pieces = dict(re.findall(r'<path class="(waits|away)[^"]*" d="M([\d.]+)', chart.picture))

    assert {name: float(left) for name, left in pieces.items()} == {"waits": 600, "away": 200}


def test_where_a_turn_begins_is_seen_over_its_fill() -> None:
    """Also if a turn too narrow for a fill comes before all others: what is drawn later lies on top."""
    turns = turns_of((0, 0, 1, 0), (0, 300, 600, 250), (0, 700, 900, 700))
    chart = drawn(turns, ["one"], cpus=1, lanes="task", window=(0, 1000), alternative="")
    looks = re.findall(r'<path class="(away|waits|task|edge)', chart.picture)

    assert looks == ["away", "waits", "task", "edge"]


def test_turns_travel_as_columns_that_are_aligned() -> None:
    """The header says how long it is, and each column begins at a multiple of eight bytes."""
    data = body({"panels": [{"turns": 3}]}, [turns_of((0, 0, 3, 0), (1, 3, 5, 1), (0, 5, 6, 4))])
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    begin = -(-(4 + length) // 8) * 8

    assert header["columns"] == [list(each) for each in COLUMNS]
    assert memoryview(data)[begin : begin + 24].cast("d").tolist() == [0, 3, 5]
    assert len(data) == begin + 6 * 24 + 16 + 8 + 8


def test_progress_tells_what_is_left() -> None:
    """Of the burst, after each turn; and whether with the burst the job ended."""
    progress = Progress(Workload(tasks=(Task(id="a", bursts=(5, 3, 2)),)))

    assert progress.ran(0, 4) == After(1, 4, burst_ended=False, job_ended=False)
    assert progress.ran(0, 1) == After(0, 1, burst_ended=True, job_ended=False)
    assert progress.ran(0, 2) == After(0, 2, burst_ended=True, job_ended=True)


def test_a_turn_may_go_on_into_the_next_job() -> None:
    """Jobs that follow one another without a gap make one turn."""
    progress = Progress(Workload(tasks=(Task(id="a", bursts=(3,), period=3),), until=9))

    assert progress.ran(0, 5) == After(1, 2, burst_ended=False, job_ended=False)
    assert progress.ran(0, 4) == After(0, 3, burst_ended=True, job_ended=True)


@pytest.mark.parametrize("cpus", [1, 4])
@pytest.mark.parametrize("quantum", [1, 4, 7])
@pytest.mark.parametrize("name", ["mixed", "shares", "crowd"])
def test_virtual_runtimes_go_on_where_they_were(name: str, quantum: int, cpus: int) -> None:
    """Between two turns of a task that was ready all the while, v is what it was; in a turn it grew by the inverse for each tick.

    The emulator tells only deadlines, so that this fits says that they were read rightly.
    """
    workload = msgspec.structs.replace(named_workload(name), cpus=cpus)
    answer_ = answer(asking(workload, Options(policy="eevdf", quantum=quantum)))
    assert isinstance(answer_, Drawn)
    turns = answer_.panels[0].turns
    expected: dict[int, float] = {}
    followed = 0
    for task, start, end, why, runtime in zip(
        *(turns.column(column) for column in ("task", "start", "end", "why", "runtime")), strict=True
    ):
        if task in expected:
            followed += 1
            assert runtime == expected[task]
        expected[task] = runtime + (end - start) * inverse_of(workload.tasks[task].nice)
        if why in (BURST, DONE):
            del expected[task]

    assert followed > 3


@pytest.mark.parametrize(
    ("how", "expected"),
    [("in", (45, 55)), ("out", (30, 70)), ("earlier", (35, 55)), ("later", (45, 65)), ("all", None)],
)
def test_steps_through_time(how: str, expected: tuple[int, int] | None) -> None:
    """What the buttons do without scripts."""
    assert moved((40, 60), 1000, how) == expected


def test_steps_stay_within_the_schedule() -> None:
    """There is nothing before its beginning and after its end, and no stretch shorter than eight ticks."""
    assert moved((0, 20), 100, "earlier") == (0, 20)
    assert moved((80, 100), 100, "later") == (80, 100)
    assert moved((10, 90), 100, "out") is None
    assert moved((10, 18), 100, "in") == (10, 18)


def test_a_stretch_is_cut_to_what_there_is() -> None:
    """A shorter schedule under the same address is shown as far as it goes, or all of it."""
    assert within((40, 60), 50) == (40, 50)
    assert within((40, 60), 40) == (0, 40)
    assert within(None, 9) == (0, 9)
