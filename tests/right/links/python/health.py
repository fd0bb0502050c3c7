"""Whether the program lives, can be sent requests, and what it has counted."""

import asyncio

from problem import Unavailable
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

PATIENCE_S = 1.2


class Health:
    def __init__(self, app):
        self.database, self.cache = app.database, app.cache

    async def lives(self, _request):
        return PlainTextResponse("ok\n")

    async def ready(self, _request):
        if not self.database.has_tables:
            raise Unavailable("there are no tables yet")
        answers = await asyncio.gather(
            *(part.answers(patience_s=PATIENCE_S) for part in (self.database.part, self.cache.part))
        )
        if not any(answers):
            raise Unavailable("database and cache are away")
        return PlainTextResponse("ok\n")

    async def metrics(self, _request):
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
