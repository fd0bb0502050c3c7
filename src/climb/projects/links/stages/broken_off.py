"""An import that is broken off in its middle, and what there is of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.faults import Reset
from climb.judge.world import Direction
from climb.projects.links.stages.import_lines import send_import
from climb.projects.links.stages.judged import demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.links.driver import Running

__all__ = ["break_off", "how_many_of"]

_AT_ONCE = 50


async def break_off(running: Running, how: str, body: bytes, after_bytes: int) -> None:
    """Import this, and break it off when so many bytes more have gone to the database; whatever is answered, the program runs again behind it."""
    place, instance, road = running.database.place, running.instances[0].instance, running.database.proxy
    reset = Reset()
    begun = asyncio.Event()

    async def broken() -> None:
        begun.set()
        await (instance.kill() if how == "killed" else reset.inject(place))

    sent = road.bytes(Direction.TO_PROGRAM)
    breaking = asyncio.create_task(road.reached(sent + after_bytes, Direction.TO_PROGRAM, broken))
    try:
        with contextlib.suppress(ConnectionLost, TimedOut):
            await send_import(running, body, status=None)
    finally:
        if not begun.is_set():
            breaking.cancel()  # all of it was shorter
        await asyncio.gather(breaking, return_exceptions=True)
        await reset.heal(place)
    if not instance.running:
        await instance.start()


async def how_many_of(running: Running, codes: Sequence[str]) -> int:
    """How many of these can be followed; each is asked for until the service answers again."""
    made = 0
    for at in range(0, len(codes), _AT_ONCE):
        answers = await asyncio.gather(*(_settled(running, code) for code in codes[at : at + _AT_ONCE]))
        made += sum(answer.status == 302 for answer in answers)
    return made


async def _settled(running: Running, code: str) -> Answer:
    deadline = running.now() + running.patience_s
    while True:
        answer = await running.follow(code, method="HEAD", status={302, 404, 503})
        if answer.status != 503:
            return answer
        if running.now() > deadline:
            demand_status(answer, 302, 404, why="The database is there again since some seconds.")
        await asyncio.sleep(0.1)
