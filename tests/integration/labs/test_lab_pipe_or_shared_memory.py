"""The lab on pipes and shared memory, run for real."""

import asyncio
import os
import threading

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.passing_messages import WAYS, ways
from climb.labs.result import Result


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("pipe-or-shared-memory")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"buffer": "16", "processors": "two"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.mark.parametrize("way", WAYS)
def test_every_size_is_measured_as_often(result: Result, way: str) -> None:
    """From 64 bytes to 4 MiB, the same number of positive times each."""
    found = result.series(way)

    assert (len(found), min(found), max(found)) == (8, 64, 4 * 1024 * 1024)
    assert len({len(values) for values in found.values()}) == 1
    assert all(value > 0 for values in found.values() for value in values)


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval."""
    explanation = find("pipe-or-shared-memory").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high


@pytest.mark.parametrize("name", WAYS)
def test_what_is_sent_arrives(name: str) -> None:
    """Three messages, the first longer than any buffer, come out as they went in."""
    with ways(16 * 1024, 300_000) as made:
        for size in (300_000, 1, 64):
            message = os.urandom(size)
            sender = threading.Thread(target=made[name].send, args=(memoryview(message),))
            sender.start()
            arrived = bytes(made[name].receive(memoryview(bytearray(size))))
            sender.join()

            assert arrived == message
