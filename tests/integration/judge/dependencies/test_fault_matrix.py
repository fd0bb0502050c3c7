"""The fault matrix on a real service: a right one passes, and each wrong one is blamed for what it does wrong."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from climb.judge.evidence import Comparison, Exchange, Series, Table
from climb.judge.expect import Failure
from climb.judge.faults import Cut, Emptied, Fault, Full, HalfOpen, Latency, Place, Restart
from climb.judge.matrix import Demand, Matrix, Trouble, demand_matrix

Keeping = Callable[..., AbstractAsyncContextManager[Any]]
WHY = "A service says that a part of it is away, and when to come again."
BOUND_S = 2.0


def demands(kept: Any, *, away: bool) -> list[Demand]:
    """What is demanded while the database is ``away``, or only slow."""
    numbers = itertools.count()

    async def put() -> Any:
        return await kept.asking("PUT", f"/things/{next(numbers) % 5}", b"text")()

    during = {503} if away else {201}
    return [
        Demand(name="GET /healthz", request=kept.asking("GET", "/healthz"), bound_s=BOUND_S),
        Demand(name="PUT /things", request=put, during=during, after={201}, bound_s=BOUND_S),
    ]


async def tried(kept: Any, troubles: Sequence[Trouble]) -> Matrix:
    """The matrix of these."""
    return await demand_matrix(troubles, kept.recorder, why=WHY)


async def test_a_right_service_holds_the_matrix(keeping: Keeping) -> None:
    """Gone, silent, full, restarted, slow, and an emptied cache: all demands hold, and each cell tells what was seen."""
    async with keeping() as kept:
        database, cache = kept.database.place, kept.cache.place
        gone = demands(kept, away=True)
        restarted = [Demand(name=each.name, request=each.request, bound_s=BOUND_S, during={200, 201, 503}, after=each.after) for each in gone]  # fmt: skip
        slow = demands(kept, away=False)
        matrix = await tried(
            kept,
            [
                *(
                    Trouble(faults=[(database, fault)], demands=gone, lasts_s=1)
                    for fault in (Cut(), HalfOpen(), Full())
                ),
                Trouble(faults=[(database, Restart(200))], demands=restarted, lasts_s=0),
                Trouble(faults=[(database, Latency(50))], demands=slow, lasts_s=1),
                Trouble(faults=[(cache, Emptied())], demands=slow, lasts_s=0),
                Trouble(faults=[(cache, Cut()), (database, Cut())], demands=gone, lasts_s=0.5, name="both gone"),
            ],
        )
        labels = [period.label for period in kept.recorder.history().faults]

    put = [row.cell("PUT /things") for row in matrix]

    assert len(matrix.rows) == 7
    assert all(cell is not None and cell.statuses[503] for cell in put[:3])
    assert all(cell is not None and cell.recovered_s is not None for cell in put)
    assert labels[-3:] == ["cache: emptied", "cache: gone", "database: gone"]


@pytest.mark.parametrize(("wrong", "fault", "expected", "received"), [
    ("no retry-after", Cut(), "503 with Retry-After", "503 without Retry-After"),
    ("no timeout", HalfOpen(), "an answer within 1 s", ""),
    ("no reconnect", Cut(), "status 201 from 1 s after the healing on", "503 Service Unavailable after"),
])  # fmt: skip
async def test_a_wrong_service_is_blamed(
    keeping: Keeping, wrong: str, fault: Fault, expected: str, received: str
) -> None:
    """The first wrong answer ends the check: what was demanded, the whole matrix with the cell marked, a plot and the transcript."""
    async with keeping(wrong, alone=False) as kept:
        asked = [Demand(name=each.name, request=each.request, bound_s=1 if wrong == "no timeout" else BOUND_S, during=each.during, after=each.after, recovery_s=1) for each in demands(kept, away=True)]  # fmt: skip
        trouble = Trouble(faults=[(kept.database.place, fault)], demands=asked, lasts_s=4)
        with pytest.raises(Failure) as failure:
            await tried(kept, [trouble])

    comparison, table, series, *exchanges = failure.value.evidence

    assert failure.value.subject == f"PUT /things (database: {fault.label})"
    assert isinstance(comparison, Comparison)
    assert comparison.expected.startswith(expected)
    assert comparison.received.startswith(received)
    assert isinstance(table, Table)
    assert (table.mark, table.rows[0][2][:1]) == (0, "→")
    assert isinstance(series, Series)
    assert [shade.label for shade in series.spans] == [f"database: {fault.label}"]
    assert all(isinstance(each, Exchange) and "curl -si -X PUT" in each.by_hand for each in exchanges)


async def test_a_service_that_breaks_http_is_blamed_at_once(keeping: Keeping) -> None:
    """A failure that is no missing answer ends the check as it is."""
    async with keeping(alone=False) as kept:

        async def broken() -> Any:
            raise Failure("GET /healthz")

        demand = Demand(name="GET /healthz", request=broken, bound_s=BOUND_S)
        with pytest.raises(Failure, match="GET /healthz") as failure:
            await tried(kept, [Trouble(faults=[(kept.database.place, Cut())], demands=[demand], lasts_s=0)])

    assert failure.value.evidence == ()


async def test_a_fault_that_fails_leaves_no_request_behind(keeping: Keeping) -> None:
    """Whatever was under way then has ended when the matrix has."""
    under_way: list[asyncio.Task[Any] | None] = []
    asked = asyncio.Event()

    class Failing(Emptied):
        async def inject(self, place: Place) -> None:  # noqa: ARG002 - it fails wherever it is
            await asked.wait()
            raise OSError("the fault failed")

    async def unanswered() -> Any:
        under_way.append(asyncio.current_task())
        asked.set()
        await asyncio.Event().wait()

    async with keeping(alone=False) as kept:
        demand = Demand(name="GET /healthz", request=unanswered, bound_s=BOUND_S)
        with pytest.raises(OSError, match="the fault failed"):
            await tried(kept, [Trouble(faults=[(kept.cache.place, Failing())], demands=[demand], lasts_s=0)])

    assert all(task is not None and task.done() for task in under_way)
