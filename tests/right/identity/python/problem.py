"""Answers that are not 2xx or 3xx (RFC 9457)."""

import json
from http import HTTPStatus

from starlette.responses import Response


class Problem(Exception):
    """Ends a request with this status."""

    def __init__(self, status: int, detail: str = "", errors=None, headers=None):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors or {}
        self.headers = headers or {}

    def response(self) -> Response:
        body = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors.items()]
        return Response(json.dumps(body), self.status, self.headers, "application/problem+json")


class Unavailable(Problem):
    def __init__(self, detail: str):
        super().__init__(503, detail, headers={"Retry-After": "1"})


class SlowedDown(Problem):
    def __init__(self, seconds: int):
        super().__init__(429, "There were too many failures.", headers={"Retry-After": str(seconds)})


def wrong(**errors: str) -> Problem:
    return Problem(422, "Some fields are wrong.", errors)
