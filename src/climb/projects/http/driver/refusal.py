"""A start that the program has to refuse: it ends by itself, with exit code 2."""

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

__all__ = ["refusal"]

_EXIT_CODE = 2
_POLL_S = 0.05
_READY_AND_ENDS_S = 1.0  # it may have said that it is ready a moment before it looked at the variable
_WHY = "A program that can't work as it is told says so at once, instead of working otherwise."


async def refusal(service: Service, env: Mapping[str, str | Path | None], ports: Sequence[str], *, saw: str) -> str:
    """What it wrote to standard error before its end; fails the check if it becomes ready instead, or ends otherwise."""
    instance = await service.start(env, ports=ports)
    seconds = await patience_s()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (outcome := await instance.ended(_POLL_S)) is not None:
            break
        if ports and await _is_ready(instance):
            outcome = await instance.ended(_READY_AND_ENDS_S)
            break
    if outcome is None or outcome.ending.code != _EXIT_CODE:
        received = str(outcome.ending) if outcome else "still running" + await _what_it_does(instance, ports, seconds)
        fail("how the program ended", expected=f"exit code {_EXIT_CODE}", received=received, why=_WHY, saw=saw)
    return outcome.stderr.decode(errors="replace")


async def _is_ready(instance: Instance) -> bool:
    return (await healthy("PORT").ask((ADDRESS, instance.ports["PORT"]))).ready


async def _what_it_does(instance: Instance, ports: Sequence[str], seconds: float) -> str:
    return ": GET /healthz answers 200" if ports and await _is_ready(instance) else f" after {seconds:.0f} s"
