"""Followings that the server's quick way does not see as such: with a name that is percent-encoded, or with a method that is none.

The routes are the application's, so that a wrong method is answered as everywhere, with the methods that there are.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.problems import Problem
from climb.systems.links.codes import code_like
from climb.systems.links.front import Front

__all__ = ["odd_routes"]


def odd_routes(front: Front) -> list[Route]:
    """``/{code}``, for GET and HEAD."""

    async def follow(request: Request) -> Response:
        code = request.path_params["code"]
        if not code_like(code):
            raise Problem(404)
        answer = await front.follow(code, request.method)
        fields = {}
        for line in answer.fields.decode("ascii").splitlines():
            name, _, value = line.partition(": ")
            fields[name] = value
        assert isinstance(answer.content, bytes)
        return Response(answer.content, answer.status, fields)

    return [Route("/{code}", follow, methods=["GET", "HEAD"])]
