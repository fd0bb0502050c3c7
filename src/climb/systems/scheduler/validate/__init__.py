"""The emulator held against the kernel: the same workers as real processes and as tasks, and what each got."""

from __future__ import annotations

import os

from climb.systems.scheduler.validate.emulated import emulate, options_for
from climb.systems.scheduler.validate.errors import CannotMeasure
from climb.systems.scheduler.validate.judged import Beside, Validation, judged
from climb.systems.scheduler.validate.machine import kernel, lowest_nice
from climb.systems.scheduler.validate.real import WARM_S, Progress, least_busy, processors, run_workers
from climb.systems.scheduler.validate.scenarios import SCENARIOS, Scenario, Worker, raised

__all__ = ["SCENARIOS", "Beside", "CannotMeasure", "Scenario", "Validation", "Worker", "validate"]


def validate(
    scenario: Scenario, *, seconds: float = 5.0, cpu: int | None = None, progress: Progress | None = None
) -> Validation:
    """Run ``scenario`` for real on one processor for ``seconds``, then in the emulator; CannotMeasure if it can't be run.

    Without ``cpu`` the least busy processor is taken. Who may not take negative nice values gets
    higher ones, at the same distances.
    """
    asked, scenario = scenario, raised(scenario, lowest_nice())
    cpu, busy = least_busy(processors() if cpu is None else {cpu})
    facts = kernel()
    measured = run_workers(scenario.workers, cpu=cpu, seconds=seconds, progress=progress)
    cpus = os.cpu_count() or 1
    options = {policy: options_for(policy, facts, cpus) for policy in ("eevdf", "cfs")}
    return judged(
        scenario,
        measured,
        {name: emulate(scenario.workers, each, warm_s=WARM_S, seconds=seconds) for name, each in options.items()},
        facts,
        cpu=cpu,
        quantum=options["eevdf"].quantum,
        busy_before=busy,
        nice_raised=scenario != asked,
    )
