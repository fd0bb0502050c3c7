"""Whether it lives, and whether it is ready."""

from answers import answer
from problem import Unavailable


async def lives(ask):
    return answer(200, {"status": "ok"})


async def ready(ask):
    if not ask.app.started:
        raise Unavailable("It is starting.")
    async with ask.database.transaction() as sql:
        await sql.fetchval("SELECT 1")
    return answer(200, {"status": "ready"})
