"""Whatever goes wrong below becomes an answer that says what its asker may know; the rest is in the log."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.stack.away import Away
from climb.stack.http.problems import Problem, busy, problem_response

__all__ = ["HANDLERS", "Failures"]

_log = logging.getLogger(__name__)


class Failures:
    """Answers problems raised around the routes, and 500 for what nobody expected, which is logged with its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            await problem_response(_problem(error, scope))(scope, receive, send)


def _problem(error: Exception, scope: Scope) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Away):
        return _away(error)
    _log.error("request_failed", exc_info=error, extra={"method": scope["method"], "path": scope["path"]})
    return Problem(500)


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error)


async def _answer_away(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Away)
    return problem_response(_away(error))


async def _answer_starlette(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request.app.routes, request.scope)))
    detail = "" if error.detail == Problem(error.status_code).title else error.detail
    return problem_response(Problem(error.status_code, detail, headers=headers))


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: _answer_problem,
    Away: _answer_away,
    HTTPException: _answer_starlette,
}


def _away(error: Away) -> Problem:
    return busy(f"the {error.part} is away", retry_after_s=error.retry_after_s)


def _methods(routes: list[BaseRoute], scope: Scope) -> set[str]:
    """All methods of this path; Starlette names those of one route. ``/users/me`` is not a case of ``/users/{id}`` that stands behind it."""
    found = [route for route in routes if route.matches(scope)[0] is not Match.NONE]
    same = [route for route in found if getattr(route, "path", None) == getattr(found[0], "path", None)]
    return {method for route in same for method in getattr(route, "methods", None) or ()}
