"""Whether the program lives, and whether it can be sent requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.answers import answer

__all__ = ["Probe", "all_of", "probe_routes"]

Probe = Callable[[], Awaitable[object]]
"""Asks a part of the service, and raises if that is not there."""

_WITHIN_S = 1.0
_NO_STORE = {"Cache-Control": "no-store"}


class Readiness(msgspec.Struct, frozen=True):
    """What ``/readyz`` says: for each probe "ok", or what it found. It goes to strangers, so that is a kind and no message."""

    ready: bool
    probes: dict[str, str]


def all_of(found: Mapping[str, str]) -> bool:
    """Ready is who has all parts."""
    return all(state == "ok" for state in found.values())


def probe_routes(
    probes: Mapping[str, Probe], decides: Callable[[Mapping[str, str]], bool] = all_of, *, within_s: float = _WITHIN_S
) -> list[Route]:
    """``/healthz`` is 200 as long as requests are answered at all; ``/readyz`` is 200 or 503, as ``decides`` says of the probes."""

    async def healthz(_request: Request) -> Response:
        return answer({"status": "ok"}, headers=_NO_STORE)

    async def readyz(_request: Request) -> Response:
        states = await asyncio.gather(*(_state(probe, within_s) for probe in probes.values()))
        found = dict(zip(probes, states, strict=True))
        ready = decides(found)
        return answer(
            Readiness(ready, found), 200 if ready else 503, _NO_STORE if ready else {**_NO_STORE, "Retry-After": "1"}
        )

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
