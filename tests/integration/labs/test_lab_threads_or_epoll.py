"""The lab on threads and epoll, run for real with a hundred idle connections."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.messages import Done, Message
from climb.labs.result import Result

THREADS = "a thread each"
EPOLL = "one epoll loop"
LATENCY = "{}: answer to the one active client"
BESIDE = "{}: the same beside it with 10 idle connections"
MEMORY = "{}: memory for each connection"
HELD = "idle connections held at the most"


def run(home: Path) -> Result:
    lab = find("threads-or-epoll")
    begun = running.begin(home, lab, lab.settings({"connections": "100"}), None)
    return asyncio.run(running.run(home, lab, begun, lambda _progress: None))


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Result:
    result = run(tmp_path_factory.mktemp("home"))
    assert result.failed is None, result.failed
    return result


def measured_with_files(most: int) -> Done:
    """What the measuring process tells when neither it nor what it starts may hold more descriptors."""
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, ({0}, {0})); runpy.run_module('climb.labs', run_name='__main__')"
    knobs = '{"connections": 100, "stack": 256}'
    command = [sys.executable, "-c", limited.format(most), str(os.getpid()), "threads-or-epoll", knobs]
    told = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
    done = msgspec.json.decode(told.splitlines()[-1], type=Message)
    assert isinstance(done, Done)
    return done


def test_both_servers_are_measured_at_each_step(hundred: Result) -> None:
    """At 10 and at 100 idle connections both servers have sixty positive times and one reading of their memory."""
    for server in (THREADS, EPOLL):
        times, readings = hundred.series(LATENCY.format(server)), hundred.series(MEMORY.format(server))

        assert {count: len(values) for count, values in times.items()} == {10: 60, 100: 60}
        assert all(value > 0 for values in times.values() for value in values)
        assert {count: len(values) for count, values in readings.items()} == {10: 1, 100: 1}


def test_small_servers_are_measured_beside_the_large(hundred: Result) -> None:
    """At 100 connections servers that still hold 10 are asked as often, so the two can be compared."""
    assert [len(hundred.values(BESIDE.format(server), 100)) for server in (THREADS, EPOLL)] == [60, 60]


def test_a_thread_takes_more_memory_than_an_entry_in_epoll(hundred: Result) -> None:
    """An idle connection with a thread takes at least a page, and more than one that the loop watches."""
    thread = hundred.values(MEMORY.format(THREADS), 100)[0]

    assert thread >= 4
    assert thread > hundred.values(MEMORY.format(EPOLL), 100)[0]


def test_what_was_asked_for_is_held(hundred: Result) -> None:
    """A hundred connections are within the limits of any machine that runs this, so none is named."""
    assert hundred.number(HELD) == 100
    assert "what limited the connections" not in hundred.facts


def test_the_explanation_speaks_of_the_readings(hundred: Result) -> None:
    """The answer is the threads' memory for each connection, as it was read."""
    explanation = find("threads-or-epoll").explanation(hundred)

    assert explanation.answer.value == hundred.values(MEMORY.format(THREADS), 100)[0]
    assert len(explanation.plots) == 2


def test_a_low_limit_of_open_files_makes_it_hold_fewer() -> None:
    """With 104 descriptors, of which the lab leaves 64 to itself, it holds 40 connections and names the limit."""
    done = measured_with_files(104)

    assert done.facts[HELD] == 40
    assert done.facts["what limited the connections"] == "open files"


def test_keeping_to_one_processor_does_not_hide_the_others(hundred: Result) -> None:
    """The machine is described as it was before the lab kept itself to one processor."""
    assert hundred.machine is not None
    assert hundred.machine.cores == len(os.sched_getaffinity(0))
