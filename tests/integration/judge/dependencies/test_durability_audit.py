"""The durability audit on a real service that is killed with its database: only what was not promised may be missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from climb.judge.audit import Audit, drawn_kills, place_of
from climb.judge.drivers.connection import ConnectionLost
from climb.judge.evidence import Comparison, Sequence, Table
from climb.judge.expect import Failure
from climb.judge.properties import Write

Keeping = Callable[..., AbstractAsyncContextManager[Any]]
WHY = "What was answered with success is kept, whatever dies a moment later."
PATIENCE_S = 30.0


def writer(kept: Any, audit: Audit, who: str) -> Callable[[int], Any]:
    """Puts a text, hits a counter, and now and then deletes the text again after it was read once."""

    async def write(number: int) -> None:
        key = f"{who}{number}"
        put = kept.asking("PUT", f"/things/{key}", f"text {number}".encode())
        await audit.write(who, "PUT", key=key, state=f"text {number}", request=put, ok={201})
        await audit.count(who, "POST hit", key=who, request=kept.asking("POST", f"/hits/{who}"), ok={200})
        if number % 2 == 0:
            await read(kept, key)
            gone = kept.asking("DELETE", f"/things/{key}")
            await audit.write(who, "DELETE", key=key, state=None, request=gone, ok={204})

    return write


async def read(kept: Any, key: str) -> str | None:
    """What the service answers for it; None if it has none, or nothing was answered."""
    try:
        answer = await kept.asking("GET", f"/things/{key}")()
    except ConnectionLost:
        return None
    return str(answer.text) if answer.status == 200 else None


async def audited(kept: Any, *, timeout_s: float = PATIENCE_S) -> None:
    """Kill the service and its database, then read everything back, in the database and from the service."""
    audit = Audit(kept.recorder)
    places = [place_of(kept.instance), kept.database.place]
    kills = drawn_kills(kept.service.world.draw, places, at_least=2, at_most=3, acknowledged=20)
    await audit.under_kills([writer(kept, audit, who) for who in ("anna", "ben")], kills, timeout_s=timeout_s)
    rows = await kept.database.rows("SELECT key, value FROM things")
    audit.demand_states({row["key"]: row["value"] for row in rows}, where="the table", why=WHY)
    keys = {each.value.key for each in audit.history if isinstance(each.value, Write)}
    audit.demand_states({key: await read(kept, key) for key in keys}, where="GET /things", why=WHY)
    counted = await kept.database.rows("SELECT key, count FROM hits")
    audit.demand_counts({row["key"]: row["count"] for row in counted}, where="the table", why=WHY)


async def test_a_right_service_keeps_what_it_promised(keeping: Keeping) -> None:
    """Both were killed and started again, and nothing that was acknowledged is missing or came back."""
    async with keeping() as kept:
        await audited(kept)
        events = [(event.who, event.kind) for event in kept.recorder.history().events]

    assert {("program", "killed"), ("program", "started"), ("database", "killed"), ("database", "started")} == set(events)  # fmt: skip


@pytest.mark.parametrize(("wrong", "claim", "received"), [
    ("acknowledges early", "what was acknowledged holds, as the table shows", "lost (PUT"),
    ("forgets the cache", "what was acknowledged holds, as GET /things shows", "there again (DELETE"),
    ("counts twice", "what was acknowledged is counted once, as the table shows", "too many"),
])  # fmt: skip
async def test_a_wrong_service_is_caught(keeping: Keeping, wrong: str, claim: str, received: str) -> None:
    """Each operation that does not hold is named, with its distance to the kill, and the first one is drawn."""
    async with keeping(wrong) as kept:
        with pytest.raises(Failure) as failure:
            await audited(kept)

    comparison, drawn, table = failure.value.evidence

    assert failure.value.subject == claim
    assert isinstance(comparison, Comparison)
    assert received in comparison.received
    assert isinstance(drawn, Sequence)
    assert {"database", "program"} <= set(drawn.actors)
    assert isinstance(table, Table)
    assert table.rows


async def test_a_service_that_does_not_come_back(keeping: Keeping) -> None:
    """When nothing is acknowledged any more behind the kill of the database, that is the failure."""
    async with keeping("no reconnect") as kept:
        with pytest.raises(Failure, match="writes are acknowledged") as failure:
            await audited(kept, timeout_s=5)

    (comparison,) = failure.value.evidence

    assert isinstance(comparison, Comparison)
    assert comparison.expected.endswith("since the database was killed and started again")
    assert comparison.saw == "the last answer: 503 Service Unavailable"
