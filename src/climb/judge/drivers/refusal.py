"""A start that a service has to refuse: it ends by itself, with exit code 2."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from climb.judge.drivers.life import ADDRESS
from climb.judge.drivers.readiness import healthy, patience_s
from climb.judge.expect import fail

if TYPE_CHECKING:
    from climb.judge.drivers.service import Instance, Service
    from climb.judge.program import Outcome

__all__ = ["refusal"]

_PORT = "PORT"  # where GET /healthz says that it is ready
_EXIT_CODE = 2
_POLL_S = 0.05
_READY_AND_ENDS_S = 1.0  # it may have said that it is ready a moment before it looked at the variable
_WHY = "A program that can't work as it is told says so at once, instead of working otherwise."


async def refusal(
    service: Service, env: Mapping[str, str | Path | None], ports: Sequence[str], *, saw: str | None = None
) -> str:
    """What it wrote to standard error before its end; fails the check if it becomes ready instead, or ends otherwise.

    ``ports`` are the variables with a port that it is given; without ``PORT`` among them nobody can ask whether it is ready.
    """
    instance = await service.start(env, ports=ports)
    outcome, received = await _end(instance, _PORT in ports)
    if outcome is None or outcome.ending.code != _EXIT_CODE:
        fail("how the program ended", expected=f"exit code {_EXIT_CODE}", received=received, why=_WHY, saw=saw)
    return outcome.stderr.decode(errors="replace")


async def _end(instance: Instance, can_ask: bool) -> tuple[Outcome | None, str]:
    """How it ended, and the same in words. A program that is ready does not end, so it is not waited for any longer."""
    seconds = await patience_s()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (outcome := await instance.ended(_POLL_S)) is not None:
            return outcome, str(outcome.ending)
        if can_ask and (await healthy(_PORT).ask((ADDRESS, instance.ports[_PORT]))).ready:
            outcome = await instance.ended(_READY_AND_ENDS_S)
            return outcome, str(outcome.ending) if outcome else "still running: GET /healthz answers 200"
    return None, f"still running after {seconds:.0f} s"
