"""What went wrong, as whoever asked is told (RFC 9457)."""

import http
import json

from starlette.responses import Response


class Problem(Exception):
    def __init__(self, status: int, detail: str = "", errors=(), headers=None):
        super().__init__(status, detail)
        self.status, self.detail, self.errors, self.headers = status, detail, list(errors), headers or {}

    def response(self) -> Response:
        body = {"type": "about:blank", "title": http.HTTPStatus(self.status).phrase, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = self.errors
        return Response(json.dumps(body), self.status, self.headers, "application/problem+json")


class Unavailable(Problem):
    def __init__(self, detail: str):
        super().__init__(503, detail, headers={"Retry-After": "1"})


def error(field: str, message: str) -> dict:
    return {"field": field, "message": message}


def wrong(errors) -> Problem:
    return Problem(422, "some fields are wrong", errors)


def unknown() -> Problem:
    return Problem(404, "there is no such thing")
