"""The process that computes schedules for pages: it answers, it is bounded, and it ends with whoever asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import psutil

from climb.systems.scheduler import schedule
from climb.systems.scheduler.model import Options, Task, Workload
from climb.systems.scheduler.named import named_workload
from climb.workbench.schedules.emulator import Emulator
from climb.workbench.schedules.messages import MOST_TASKS, MOST_TURNS, Ask, Drawn, Refused
from climb.workbench.schedules.shelf import RECORDING
from climb.workbench.schedules.turns import WHYS

RR = Options(policy="rr")


def asking(workload: str = "convoy", *options: Options, document: bytes = b"", **machine: int) -> Ask:
    return Ask(workload=workload, draw=1, document=document, machine=machine, options=options or (RR,))


def written(workload: Workload) -> Ask:
    return asking("", document=msgspec.json.encode(workload))


@contextlib.asynccontextmanager
async def emulating(seconds: float = 60) -> AsyncIterator[Emulator]:
    emulator = Emulator(seconds)
    async with emulator.serving():
        yield emulator


async def answered(ask: Ask) -> Drawn | Refused:
    async with emulating() as emulator:
        return await emulator.answer(ask)


async def test_it_answers_what_the_emulator_schedules() -> None:
    """The turns and the measures are those of the library."""
    ask = asking("crowd", RR, Options(policy="eevdf", quantum=6))
    answer = await answered(ask)
    workload = named_workload("crowd")

    assert isinstance(answer, Drawn)
    for panel, options in zip(answer.panels, ask.options, strict=True):
        expected = schedule(workload, options)
        columns = (panel.turns.column(name) for name in ("cpu", "task", "start", "end"))
        names = [task.id for task in workload.tasks]
        assert [(cpu, names[task], start, end) for cpu, task, start, end in zip(*columns, strict=True)] == [
            (each.cpu, each.task, each.start, each.end) for each in expected.timeline
        ]
        assert panel.summary == expected.summary
        assert panel.measures == tuple(expected.tasks.values())


async def test_it_tells_why_turns_ended_and_what_was_left() -> None:
    """Of a small workload, worked out by hand: a slice, I/O, and the end."""
    tasks = (Task(id="a", bursts=(3, 2, 1)), Task(id="b", bursts=(5,)))
    answer = await answered(written(Workload(tasks=tasks)))
    assert isinstance(answer, Drawn)
    turns = answer.panels[0].turns
    told = zip(*(turns.column(name) for name in ("task", "start", "end", "ready", "left", "why")), strict=True)

    assert [(*each[:5], WHYS[each[5]]) for each in told] == [
        (0, 0, 3, 0, 0, "its burst ended, and I/O began"),
        (1, 3, 7, 0, 1, "its slice ended"),
        (0, 7, 8, 5, 0, "its work was done"),
        (1, 8, 9, 7, 0, "its work was done"),
    ]


async def test_the_machine_can_be_another_one() -> None:
    """Processors and costs that were asked for take the place of the workload's own."""
    answer = await answered(asking("convoy", cpus=3, switch_cost=2))

    assert isinstance(answer, Drawn)
    assert (answer.workload.cpus, answer.workload.switch_cost, answer.panels[0].cpus) == (3, 2, 3)
    assert set(answer.panels[0].turns.column("cpu")) == {0, 1, 2}


async def test_a_fault_of_a_document_is_told_with_its_place() -> None:
    """In the words of the emulator."""
    answer = await answered(asking("", document=b'{"tasks": [{"id": "a", "bursts": [0]}]}'))

    assert isinstance(answer, Refused)
    assert answer.problem.startswith("tasks[0].bursts[0]: ")


async def test_too_many_tasks_are_refused() -> None:
    """A page can't show them."""
    tasks = tuple(Task(id=str(number), bursts=(1,)) for number in range(MOST_TASKS + 1))
    answer = await answered(written(Workload(tasks=tasks)))

    assert isinstance(answer, Refused)
    assert "2,000" in answer.problem


async def test_what_is_too_long_to_draw_is_cut_and_measured_whole() -> None:
    """The columns end, and the measures do not."""
    length = 4 * (MOST_TURNS // 2 + 10)
    answer = await answered(written(Workload(tasks=tuple(Task(id=name, bursts=(length,)) for name in "ab"))))

    assert isinstance(answer, Drawn)
    assert (answer.panels[0].turns.count, answer.panels[0].complete) == (MOST_TURNS, False)
    assert answer.panels[0].summary.makespan == 2 * length


async def test_a_question_that_takes_too_long_is_stopped_and_the_next_one_answered() -> None:
    """A bound on time that no question can cross; here it is crossed at once."""
    tasks = tuple(Task(id=name, bursts=(1_000_000_000,)) for name in "ab")
    async with emulating() as emulator:
        await emulator.answer(asking())  # so that it has started
        first = emulator._process
        emulator._seconds = 0.05
        stopped = await emulator.answer(written(Workload(tasks=tasks)))
        emulator._seconds = 60
        after = await emulator.answer(asking("batch"))

    assert isinstance(stopped, Refused)
    assert "took longer than 0.05 seconds" in stopped.problem
    assert first is not None
    assert first.returncode is not None
    assert isinstance(after, Drawn)


async def test_what_took_too_long_may_be_asked_again() -> None:
    """A refusal is not remembered: the machine may have been busy."""
    async with emulating() as emulator:
        await emulator.answer(asking())  # so that it has started
        emulator._seconds = 0
        stopped = await emulator.answer(asking("batch"))
        emulator._seconds = 60
        again = await emulator.answer(asking("batch"))

    assert isinstance(stopped, Refused)
    assert isinstance(again, Drawn)


async def test_a_process_that_dies_is_said_and_started_again() -> None:
    """As it would for lack of memory."""
    async with emulating() as emulator:
        await emulator.answer(asking())
        assert emulator._process is not None
        psutil.Process(emulator._process.pid).kill()
        await emulator._process.wait()
        after = await emulator.answer(asking("batch"))

    assert isinstance(after, Drawn)


async def test_questions_asked_at_once_each_get_their_own_answer() -> None:
    """They are answered one after the other."""
    names = ["convoy", "batch", "mixed", "shares"]
    async with emulating() as emulator:
        answers = await asyncio.gather(*(emulator.answer(asking(name)) for name in names))

    for name, answer in zip(names, answers, strict=True):
        assert isinstance(answer, Drawn)
        assert answer.workload == named_workload(name)


async def test_nothing_is_left_of_it() -> None:
    """The process has ended when the block has."""
    async with emulating() as emulator:
        await emulator.answer(asking())
        assert emulator._process is not None
        number = emulator._process.pid

    assert not psutil.pid_exists(number)


async def test_the_recording_comes_first_and_keeps_its_processors() -> None:
    """What the kernel did does not change with what is asked of the policies."""
    answer = await answered(asking(RECORDING, cpus=1))
    assert isinstance(answer, Drawn)
    kernel, ours = answer.panels

    assert (kernel.name, kernel.cpus, ours.name, ours.cpus) == ("the kernel", 2, "rr", 1)
    assert set(kernel.turns.column("cpu")) == {0, 1}
    starts, ready = kernel.turns.column("start"), kernel.turns.column("ready")
    assert all(since <= start for start, since in zip(starts, ready, strict=True))
    assert any(since < start for start, since in zip(starts, ready, strict=True))
