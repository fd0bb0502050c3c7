"""The durability audit: clients write, the service and its database are killed meanwhile, and every acknowledged write is read back.

audit = Audit(recorder)

async def make(number: int) -> None:
    await audit.write("anna", "POST /v1/links", key=code(number), state=url, request=lambda: links.ask(..., status=None), ok={201})

await audit.under_kills([make], drawn_kills(world.draw, [place_of(instance), database.place]))
audit.demand_states(await read_back(), where="GET /v1/links", why="...")
"""

from climb.judge.audit.auditing import Audit
from climb.judge.audit.kills import Killing, drawn_kills, place_of

__all__ = ["Audit", "Killing", "drawn_kills", "place_of"]
