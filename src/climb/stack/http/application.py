"""A service's application: its routes, with all that surrounds each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from climb.stack.http.failures import HANDLERS, Failures
from climb.stack.http.limits import Limited, Limits
from climb.stack.http.probes import Probe, all_of, probe_routes
from climb.stack.http.request_ids import RequestIds
from climb.stack.telemetry.metrics import Metrics
from climb.stack.telemetry.requests import Measured

__all__ = ["application"]


def application(
    routes: Sequence[BaseRoute],
    *,
    around: Callable[[Starlette], AbstractAsyncContextManager[None]],
    metrics: Metrics,
    limits: Limits = Limits(),  # noqa: B008 - it is frozen
    probes: Mapping[str, Probe] | None = None,
    ready: Callable[[Mapping[str, str]], bool] = all_of,
    contract: Path | None = None,
) -> Starlette:
    """The application of ``routes``, and of ``/healthz``, ``/readyz``, ``/metrics``; with a ``contract``, also ``/openapi.yaml`` and ``/docs``.

    ``around`` is entered before the first request and left after the last. It must not wait for parts that may be away: a service
    that waits for its database answers ``/healthz`` meanwhile.
    """
    from climb.stack.http.contract import contract_routes

    ours = [*probe_routes(probes or {}, ready), metrics.route(), *(contract_routes(contract) if contract else [])]
    app = Starlette(
        routes=[*ours, *routes],
        middleware=[
            Middleware(RequestIds),
            Middleware(Measured, metrics),
            Middleware(Failures),
            Middleware(Limited, limits),
        ],
        exception_handlers=HANDLERS,
        lifespan=around,
    )
    app.router.redirect_slashes = False  # a path with a slash too many is another path
    return app
