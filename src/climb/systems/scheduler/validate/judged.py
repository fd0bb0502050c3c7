"""Measured beside emulated, and whether they are as close as they should be; if not, what may have come between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from climb.systems.scheduler.percentiles import Spread, spread
from climb.systems.scheduler.validate.emulated import TICK_US, Emulated
from climb.systems.scheduler.validate.machine import Kernel
from climb.systems.scheduler.validate.real import Measured
from climb.systems.scheduler.validate.scenarios import Scenario, Worker

__all__ = ["Beside", "Validation", "judged"]

_DISTURBED = 0.01  # of the processor's time, from where on it is worth a word


class Beside(msgspec.Struct, frozen=True):
    """One worker: shares in percent of what all workers ran, and waits after wake-ups in µs. ``error`` is in points."""

    name: str
    nice: int
    work_us: int
    pause_us: int
    share: float
    eevdf_share: float
    cfs_share: float
    error: float
    cfs_error: float
    wake_ups: int
    wait: Spread | None
    eevdf_wait: Spread | None
    cfs_wait: Spread | None


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """``error`` is the largest of the errors under the policy that this kernel follows; ``reasons`` is why it may be too large."""

    scenario: str
    says: str
    seconds: float
    cpu: int
    kernel: Kernel
    quantum_us: int
    nice_raised: bool
    goal: float
    error: float
    within: bool
    busy_before: float
    others: float
    stolen: float
    precedence: bool  # the workers' session came before those of other programs
    workers: tuple[Beside, ...]
    reasons: tuple[str, ...]


def judged(
    scenario: Scenario,
    measured: Measured,
    emulations: dict[str, Emulated],
    kernel: Kernel,
    *,
    cpu: int,
    quantum: int,
    busy_before: float,
    nice_raised: bool,
) -> Validation:
    """Set ``measured`` beside what the emulator did under ``eevdf`` and ``cfs``."""
    rows = tuple(_rows(scenario.workers, measured, emulations["eevdf"], emulations["cfs"]))
    error = max(abs(row.error if kernel.policy == "eevdf" else row.cfs_error) for row in rows)
    within = error <= scenario.goal_points
    others = max(0.0, measured.busy - measured.stolen - sum(measured.ran_ns) / (measured.lasted_s * 1e9))
    return Validation(
        scenario=scenario.name,
        says=scenario.says,
        seconds=measured.lasted_s,
        cpu=cpu,
        kernel=kernel,
        quantum_us=quantum * TICK_US,
        nice_raised=nice_raised,
        goal=scenario.goal_points,
        error=error,
        within=within,
        busy_before=busy_before,
        others=others,
        stolen=measured.stolen,
        precedence=all(group.endswith("nice -20") for group in measured.groups),
        workers=rows,
        reasons=() if within else tuple(_reasons(measured, others)),
    )


def _rows(workers: Sequence[Worker], measured: Measured, eevdf: Emulated, cfs: Emulated) -> Iterator[Beside]:
    shares, eevdf_shares, cfs_shares = _shares(measured.ran_ns), _shares(eevdf.ran), _shares(cfs.ran)
    for index, worker in enumerate(workers):
        yield Beside(
            name=worker.name,
            nice=worker.nice,
            work_us=worker.work_us,
            pause_us=worker.pause_us,
            share=shares[index],
            eevdf_share=eevdf_shares[index],
            cfs_share=cfs_shares[index],
            error=eevdf_shares[index] - shares[index],
            cfs_error=cfs_shares[index] - shares[index],
            wake_ups=len(measured.waits_ns[index]),
            wait=_waits([ns // 1000 for ns in measured.waits_ns[index]]),
            eevdf_wait=_waits([ticks * TICK_US for ticks in eevdf.waits[index]]),
            cfs_wait=_waits([ticks * TICK_US for ticks in cfs.waits[index]]),
        )


def _shares(times: Sequence[int]) -> list[float]:
    whole = max(1, sum(times))
    return [100 * each / whole for each in times]


def _waits(us: list[int]) -> Spread | None:
    return spread(us) if us else None


def _reasons(measured: Measured, others: float) -> Iterator[str]:
    if others > _DISTURBED:
        yield f"Other programs used {others:.1%} of the processor. Try again when it is idle, or another one with --cpu."
    if measured.stolen > _DISTURBED:
        yield f"The hypervisor gave {measured.stolen:.1%} of the processor's time to other machines."
    if len(set(_names(measured.groups))) > 1:
        yield "The workers were in different groups, and groups share before nice values do: sched_autogroup_enabled."
    if measured.lasted_s < 3:
        yield f"{measured.lasted_s:.1f} s is short: a share in so few slices depends on which comes last. Try --seconds 10."


def _names(groups: Sequence[str]) -> Iterator[str]:
    """/autogroup-12 nice 0: only the name tells the group."""
    return (group.partition(" ")[0] for group in groups)
