"""All routes, and what holds for each of them."""

import sys
import time
import traceback

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

import accounts
import authorize
import clients
import events
import granting
import health
import keys
import measuring
import passwords
import registrations
import sessions
from asking import Ask, request_id
from database import BUDGET, Budget
from problem import Problem

ROUTES = {
    "/healthz": {"GET": health.lives},
    "/readyz": {"GET": health.ready},
    "/metrics": {"GET": measuring.show_metrics},
    "/.well-known/jwks.json": {"GET": keys.show_keys},
    "/.well-known/oauth-authorization-server": {"GET": keys.show_metadata},
    "/v1/registrations": {"POST": registrations.register},
    "/v1/confirmations": {"POST": registrations.confirm},
    "/v1/sessions": {"POST": sessions.log_in, "DELETE": sessions.log_out_everywhere},
    "/v1/sessions/current": {"DELETE": sessions.log_out},
    "/v1/sessions/refresh": {"POST": sessions.refresh},
    "/v1/password-resets": {"POST": passwords.ask_for_reset, "PUT": passwords.reset},
    "/v1/users/me": {"GET": accounts.show_own},
    "/v1/users/me/password": {"PUT": passwords.change},
    "/v1/users": {"GET": accounts.list_accounts},
    "/v1/users/{id}": {"GET": accounts.show_account, "DELETE": accounts.delete_account},
    "/v1/users/{id}/roles": {"PUT": accounts.change_roles},
    "/v1/audit": {"GET": events.list_events},
    "/v1/keys": {"POST": keys.make_key},
    "/v1/clients": {"POST": clients.make_client},
    "/oauth/authorize": {"GET": authorize.authorize},
    "/oauth/token": {"POST": granting.give_tokens},
    "/oauth/revoke": {"POST": granting.revoke},
}


def build(app):
    """The ASGI application."""
    routes = [Route(path, endpoint(app, path, methods), methods=list(methods)) for path, methods in ROUTES.items()]
    starlette = Starlette(routes=routes, exception_handlers={HTTPException: told})
    starlette.router.redirect_slashes = False
    return Watched(starlette, app.metrics)


def endpoint(app, path: str, methods: dict):
    async def handle(request):
        request.scope["template"] = path
        BUDGET.set(Budget())
        handler = methods.get(request.method) or methods["GET"]
        try:
            if any("\0" in value for value in request.path_params.values()):
                raise Problem(422, "The path is wrong.", {"path": "has a character U+0000"})
            return await handler(Ask(app, request))
        except Problem as problem:
            return problem.response()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Problem(500).response()

    return handle


async def told(request, error):
    """What the routes have no answer for."""
    return Problem(error.status_code, headers=dict(error.headers or {})).response()


class Watched:
    """Gives each answer its request's id, and counts it."""

    def __init__(self, inner, metrics):
        self.inner = inner
        self.metrics = metrics

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        scope["request_id"] = request_id(scope["headers"])
        began, status = time.monotonic(), 500

        async def send_named(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", scope["request_id"].encode())]
            await send(message)

        try:
            await self.inner(scope, receive, send_named)
        finally:
            self.metrics.count(scope["method"], scope.get("template", "none"), status, time.monotonic() - began)
