"""The alarm that wakes a load: never before its time, only for the time that was set last, with and without the kernel's timers."""

import asyncio
import sys
import time
from collections.abc import Callable

import pytest

from climb.judge.load.alarm import Alarm

MS = 1_000_000


@pytest.fixture(params=["timerfd", "loop"])
def rings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """When it rang: the time that was set, and the time that it was. Made twice, once as on systems without such timers."""
    if request.param == "loop":
        monkeypatch.setattr(sys, "platform", "darwin")
    elif sys.platform != "linux":
        pytest.skip("this system has no timerfd")
    return []


async def until(ready: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


def ringing(rings: list[tuple[int, int]]) -> Alarm:
    return Alarm(lambda at_ns: rings.append((at_ns, time.monotonic_ns())))


async def test_it_rings_once_and_not_too_early(rings: list[tuple[int, int]]) -> None:
    """With the time for which it was set; a loop's own timer may round by a millisecond."""
    alarm, at_ns = ringing(rings), time.monotonic_ns() + 20 * MS
    alarm.set(at_ns)
    await until(lambda: rings)
    await asyncio.sleep(0.02)
    alarm.close()

    assert [each for each, _ in rings] == [at_ns]
    assert rings[0][1] >= at_ns - MS


async def test_only_the_last_time_counts(rings: list[tuple[int, int]]) -> None:
    """One that was set before is forgotten, whether it is earlier or later."""
    alarm, now = ringing(rings), time.monotonic_ns()
    alarm.set(now + 10**15)
    alarm.set(now + 5 * MS)
    alarm.set(now + 30 * MS)
    await until(lambda: rings)
    alarm.close()

    assert [each for each, _ in rings] == [now + 30 * MS]


async def test_a_time_that_has_passed_rings_at_once(rings: list[tuple[int, int]]) -> None:
    """It is not lost."""
    alarm, at_ns = ringing(rings), time.monotonic_ns() - 5 * MS
    alarm.set(at_ns)
    await until(lambda: rings)
    alarm.close()

    assert [each for each, _ in rings] == [at_ns]


async def test_it_can_be_set_while_it_rings(rings: list[tuple[int, int]]) -> None:
    """As a load does, which is woken for one request after the other."""

    def ring(at_ns: int) -> None:
        rings.append((at_ns, time.monotonic_ns()))
        if len(rings) < 5:
            alarm.set(at_ns + MS)

    alarm, first = Alarm(ring), time.monotonic_ns()
    alarm.set(first)
    await until(lambda: len(rings) == 5)
    alarm.close()

    assert [each for each, _ in rings] == [first + number * MS for number in range(5)]


async def test_off_is_silent(rings: list[tuple[int, int]]) -> None:
    """Another alarm that was set later rings, this one did not."""
    others: list[tuple[int, int]] = []
    alarm, other, now = ringing(rings), ringing(others), time.monotonic_ns()
    alarm.set(now + 5 * MS)
    other.set(now + 20 * MS)
    alarm.off()
    await until(lambda: others)
    alarm.close()
    other.close()

    assert rings == []
