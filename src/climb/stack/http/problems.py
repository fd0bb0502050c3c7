"""Answers that are no success: problem details (RFC 9457), with every wrong field of a request at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from starlette.responses import Response

__all__ = ["FieldError", "Problem", "busy", "invalid", "problem_response"]

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True):
    """A field of a request, by its path (``items[2].url``), and what is wrong with it."""

    field: str
    message: str


class Problem(Exception):
    """Raise it anywhere below a route, and it is the answer.

    ``type`` is an address that names the kind of problem; about:blank says that the status tells all (RFC 9457, 4.2.1). ``more``
    are members of the service's own (3.2).
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        title: str = "",
        type: str = "about:blank",  # noqa: A002 - RFC 9457's word
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.type = type
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def invalid(*errors: FieldError | tuple[str, str]) -> Problem:
    """The request was understood, and these of its fields are wrong: 422."""
    return Problem(
        422,
        "some fields are wrong",
        errors=[error if isinstance(error, FieldError) else FieldError(*error) for error in errors],
    )


def busy(detail: str, *, retry_after_s: int = 1) -> Problem:
    """A part that is needed is away, or everything is in use: 503, and when to try again."""
    return Problem(503, detail, headers={"Retry-After": str(retry_after_s)})


def problem_response(problem: Problem) -> Response:
    """The problem as an answer."""
    return Response(problem_body(problem), problem.status, problem.headers, MEDIA_TYPE)


def problem_body(problem: Problem) -> bytes:
    """The problem as JSON; members that say nothing are left out."""
    document: dict[str, object] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if problem.detail:
        document["detail"] = problem.detail
    if problem.errors:
        document["errors"] = problem.errors
    return msgspec.json.encode(document | problem.more)
