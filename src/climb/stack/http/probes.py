"""Whether the program lives, and whether it can be sent requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.answers import answer
from climb.stack.http.problems import Problem

__all__ = ["Probe", "all_of", "probe_routes"]

Probe = Callable[[], Awaitable[object]]
"""Asks a part of the service, and raises if that is not there."""

_WITHIN_S = 1.0
_NO_STORE = {"Cache-Control": "no-store"}


def all_of(found: Mapping[str, str]) -> bool:
    """Ready is who has all parts."""
    return all(state == "ok" for state in found.values())


def probe_routes(
    probes: Mapping[str, Probe], decides: Callable[[Mapping[str, str]], bool] = all_of, *, within_s: float = _WITHIN_S
) -> list[Route]:
    """``/healthz`` is 200 as long as requests are answered at all; ``/readyz`` is 200 or 503, as ``decides`` says of the probes.

    Each probe is "ok", or else what kind of error it found. Strangers read it, so there is no more than that.
    """

    async def healthz(_request: Request) -> Response:
        return answer({"status": "ok"}, headers=_NO_STORE)

    async def readyz(_request: Request) -> Response:
        states = await asyncio.gather(*(_state(probe, within_s) for probe in probes.values()))
        found = dict(zip(probes, states, strict=True))
        if not decides(found):
            headers = {**_NO_STORE, "Retry-After": "1"}
            raise Problem(503, "the service is not ready", headers=headers, more={"probes": found})
        return answer({"status": "ok", "probes": found}, headers=_NO_STORE)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _state(probe: Probe, within_s: float) -> str:
    try:
        async with asyncio.timeout(within_s):
            await probe()
    except TimeoutError:
        return "silent"
    except Exception as error:
        return type(error).__name__.lower()
    return "ok"
