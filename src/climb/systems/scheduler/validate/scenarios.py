"""What real processes are asked to do: burn, or work and sleep in turn, with a nice value each."""

from __future__ import annotations

import msgspec

__all__ = ["SCENARIOS", "Scenario", "Worker", "as_ordinary_user"]


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
    return tuple(Worker(f"hog{level:+d}" if level else "hog0", level) for level in levels)


def as_ordinary_user(scenario: Scenario) -> Scenario:
    """The same with nice values from 0 on: to become less nice takes privileges."""
    lowest = min(worker.nice for worker in scenario.workers)
    if lowest >= 0:
        return scenario
    workers = tuple(
        msgspec.structs.replace(worker, nice=nice, name=f"{worker.name.rstrip('+-0123456789')}{nice:+d}")
        for worker in scenario.workers
        for nice in [min(19, worker.nice - lowest)]
    )
    return msgspec.structs.replace(scenario, workers=workers)


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
                Worker("sleeper-5", -5, 7_000, 17_100),
                Worker("sleeper-2", -2, 11_000, 13_300),
                Worker("sleeper+0", 0, 19_000, 23_900),
                Worker("sleeper+5", 5, 13_000, 11_700),
            ),
        ),
        Scenario(
            "mixed",
            "three processes that burn, and three that sleep between short bursts",
            5.0,
            (
                *_hogs(-5, 0, 5),
                Worker("sleeper-5", -5, 2_000, 29_300),
                Worker("sleeper+0", 0, 1_000, 12_700),
                Worker("sleeper+5", 5, 3_000, 41_900),
            ),
        ),
    )
}
