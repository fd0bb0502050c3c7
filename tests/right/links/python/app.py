"""Requests come in here, and go to whom they are for."""

import asyncio
import re
import time

from clicks import Clicks
from codes import CHOSEN, RESERVED
from health import Health
from imports import Imports
from links import Links
from metrics import observe
from pages import Pages
from problem import Problem, Unavailable, unknown
from qr import Pictures
from starlette.requests import ClientDisconnect, Request
from targets import Targets
from tokens import caller_of

ANSWERED_WITHIN_S = 1.8
FOLLOW = "/{code}"
IMPORT = "/v1/imports"


class App:
    def __init__(self, settings, database, cache, following, journal, keys):
        self.settings, self.database, self.cache = settings, database, cache
        self.following, self.journal, self.keys = following, journal, keys
        self.targets = Targets(settings.public_url, settings.allow_private)
        health, links = Health(self), Links(self)
        self.public = {
            "/healthz": {"GET": health.lives},
            "/readyz": {"GET": health.ready},
            "/metrics": {"GET": health.metrics},
        }
        self.private = {
            "/v1/links": {"GET": Pages(self, links).list, "POST": links.make},
            "/v1/links/{code}": {"GET": links.read, "PATCH": links.change, "DELETE": links.delete},
            "/v1/links/{code}/qr": {"GET": Pictures(self, links).read},
            "/v1/links/{code}/clicks": {"GET": Clicks(self, links).read},
            IMPORT: {"POST": Imports(self).make},
        }
        self.patterns = [(re.compile(route.replace("{code}", "([^/]+)")), route) for route in self.private]

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        began, path, method = time.perf_counter(), scope["path"], scope["method"]
        if CHOSEN.fullmatch(path[1:]) and path[1:] not in RESERVED and method in {"GET", "HEAD"}:
            route, status = FOLLOW, await self.follow(scope, receive, send, path[1:], method)
        else:
            route, response = await self.answer(Request(scope, receive))
            status = response.status_code
            await response(scope, receive, send)
        observe(method, route, status, began)

    async def follow(self, scope, receive, send, code: str, method: str) -> int:
        entry = self.following.remembered(code)
        if entry is None:
            try:
                entry = await self.following.find(code)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return problem.status
        if entry.version == 0 or entry.gone:
            problem = Problem(410, "it is no longer there") if entry.version else unknown()
            await problem.response()(scope, receive, send)
            return problem.status
        if method == "GET":
            self.journal.click(code)
        fields = [(b"location", entry.url.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 302, "headers": fields})
        await send({"type": "http.response.body", "body": b""})
        return 302

    async def answer(self, request):
        route = self.route_of(request)
        try:
            return route, await self.handled(request, route)
        except Problem as problem:
            return route, problem.response()
        except ClientDisconnect:
            return route, Problem(400, "the body was cut off").response()

    def route_of(self, request) -> str:
        path = request.scope["path"]
        for pattern, route in self.patterns:
            match = pattern.fullmatch(path)
            if match:
                request.scope["path_params"] = {"code": match[1]} if match.groups() else {}
                return route
        return path if path in self.public else FOLLOW

    async def handled(self, request, route: str):
        methods = self.public.get(route) or self.private.get(route) or self.methods_of_following(request)
        if request.method not in methods:
            raise Problem(405, headers={"Allow": ", ".join(methods)})
        handler = methods[request.method]
        if route in self.public:
            return await handler(request)
        caller = await caller_of(request.headers.get("authorization"), self.keys, self.settings.issuer)
        if route == IMPORT:
            return await handler(request, caller)
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await handler(request, caller)
        except TimeoutError as error:
            raise Unavailable("it took too long") from error

    def methods_of_following(self, request) -> dict:
        code = request.scope["path"][1:]
        if not CHOSEN.fullmatch(code) or code in RESERVED:
            raise unknown()
        return {"GET": None, "HEAD": None}
