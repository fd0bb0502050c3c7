"""What real processes are asked to do: burn, or work and sleep in turn, with a nice value each."""

from __future__ import annotations

import msgspec

__all__ = ["SCENARIOS", "Scenario", "Worker", "raised"]


class Worker(msgspec.Struct, frozen=True):
    """One process. Without a pause it burns; otherwise it works ``work_us`` and sleeps ``pause_us``, again and again."""

    name: str
    nice: int
    work_us: int = 0
    pause_us: int = 0


class Scenario(msgspec.Struct, frozen=True):
    """Workers that share a processor, and how far in percentage points measured and emulated shares may be apart."""

    name: str
    says: str
    goal_points: float
    workers: tuple[Worker, ...]


def _hogs(*levels: int) -> tuple[Worker, ...]:
    return tuple(Worker(_name("hog", level), level) for level in levels)


def _sleeper(nice: int, work_us: int, pause_us: int) -> Worker:
    return Worker(_name("sleeper", nice), nice, work_us, pause_us)


def _name(kind: str, nice: int) -> str:
    return f"{kind}{nice:+d}" if nice else f"{kind}0"


def raised(scenario: Scenario, lowest: int) -> Scenario:
    """The same with nice values from ``lowest`` on, at the same distances as far as there are values."""
    by = lowest - min(worker.nice for worker in scenario.workers)
    if by <= 0:
        return scenario
    return msgspec.structs.replace(scenario, workers=tuple(_raised(worker, by) for worker in scenario.workers))


def _raised(worker: Worker, by: int) -> Worker:
    nice = min(19, worker.nice + by)
    return msgspec.structs.replace(worker, nice=nice, name=_name(worker.name.rstrip("+-0123456789"), nice))


# The pauses of sleepers have no common multiple within seconds, so that their wake-ups meet in every way.
SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        Scenario("hogs", "five processes that only burn", 2.0, _hogs(-10, -5, 0, 5, 10)),
        Scenario(
            "sleepers",
            "four processes that sleep between their bursts, and together want more than there is",
            5.0,
            (
                _sleeper(-5, 7_000, 17_100),
                _sleeper(-2, 11_000, 13_300),
                _sleeper(0, 19_000, 23_900),
                _sleeper(5, 13_000, 11_700),
            ),
        ),
        Scenario(
            "mixed",
            "three processes that burn, and three that sleep between short bursts",
            5.0,
            (
                *_hogs(-5, 0, 5),
                _sleeper(-5, 2_000, 29_300),
                _sleeper(0, 1_000, 12_700),
                _sleeper(5, 3_000, 41_900),
            ),
        ),
    )
}
