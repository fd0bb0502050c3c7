"""Races of small programs: held, wrong, noisy, stopped; and nothing is left."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from climb.judge.drivers.service import healthy
from climb.judge.evidence import Comparison, Output
from climb.judge.expect import CannotTell, expect
from climb.judge.project import Project, ProjectInfo
from climb.judge.stage import Stage
from climb.judge.submission import Submission
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Standing
from climb.races.race import Field, HeatOf, Race, Side
from climb.races.track import hold

MakeSubmission = Callable[..., Submission]
SERVICE = Path(__file__).parents[1] / "judge" / "services" / "healthy.py"


def project(kind: str = "command") -> Project:
    info = ProjectInfo(
        slug="scanner",
        title="",
        summary="",
        module="0",
        kind=kind,
        state="ready",
        reference=(),
        languages={},  # type: ignore[arg-type]  # one of the two words
    )
    return Project(
        info=info, folder=Path(), stages=(Stage("s", "S", concepts=[], hints=[]),), driver=lambda given: given
    )


def race(run: Callable[[Field], contextlib.AbstractAsyncContextManager[HeatOf]], *, timed: bool = False) -> Race:
    return Race(id="r", title="R", unit="lines", better="higher", stages=("s",), tells="", run=run, timed=timed)


@contextlib.asynccontextmanager
async def numbers(field: Field) -> AsyncIterator[HeatOf]:
    """A program prints the number that counts; anything but a number above 0 is wrong."""

    async def heat(side: Side) -> float:
        with field.measured():
            call = await side.driver(str(field.turn))
        expect(call.stdout.strip().isdecimal(), "what was printed is a number").equals(True, why="It is compared.")
        return float(call.stdout)

    yield heat


async def ran(made: Race, yours: Submission, ours: Submission, *, kind: str = "command", seconds: float = 0.0) -> Held:
    def ignore(_race: Race, _heats: tuple[Heat, ...], _ratio: Estimate | None) -> None:
        """The result says enough."""

    return await hold(made, project(kind), {"yours": yours, "ours": ours}, seed="41c2", seconds=seconds, on_heat=ignore)


async def test_a_ratio_is_that_of_what_was_measured(submission: MakeSubmission) -> None:
    """A side whose numbers are twice as large is twice as good, and more heats than are needed are not run."""
    yours, ours = submission("print(200)"), submission("print(100)", folder="ours")

    held = await ran(race(numbers), yours, ours, seconds=600)

    assert held.standing is Standing.HELD
    assert held.ratio is not None
    assert held.ratio.value == pytest.approx(2)
    assert held.values("yours") == [200.0] * 4
    assert held.values("ours") == [100.0] * 4


async def test_numbers_that_scatter_are_claimed_by_nobody(submission: MakeSubmission) -> None:
    """When the time is over and the interval is wide, the race is too noisy and says why."""
    wild = "import sys; print(1000 if int(sys.argv[1]) % 2 else 10)"

    held = await ran(race(numbers), submission(wild), submission("print(100)", folder="ours"))

    assert held.standing is Standing.NOISY
    assert held.ratio is None
    assert "scatter" in held.says
    assert len(held.heats) == 4


async def test_a_wrong_program_is_told_with_the_evidence(submission: MakeSubmission) -> None:
    """A program that is right in the first heats and then fast and wrong ends the race as wrong."""
    late = "import sys; print(1000 if int(sys.argv[1]) < 2 else 'fast')"

    held = await ran(race(numbers), submission(late), submission("print(100)", folder="ours"))

    assert held.standing is Standing.WRONG
    assert held.says == "your program did the work wrongly: what was printed is a number"
    assert isinstance(held.evidence[0], Comparison)


async def test_a_program_that_crashes_is_wrong(submission: MakeSubmission) -> None:
    """A crash is told as in a check, with the last lines."""
    held = await ran(race(numbers), submission("raise SystemExit(3)"), submission("print(100)", folder="ours"))

    assert held.standing is Standing.WRONG
    assert "exit code 3" in str(held.evidence[0])


async def test_a_mistake_of_our_own_system_blames_nobody_else(submission: MakeSubmission) -> None:
    """If ours is wrong it is a mistake of the judge."""
    held = await ran(race(numbers), submission("print(100)"), submission("print('x')", folder="ours"))

    assert held.standing is Standing.JUDGE_ERROR
    assert held.says.startswith("our own system did the work wrongly")


async def test_a_mistake_in_a_race_blames_no_program(submission: MakeSubmission) -> None:
    """An error of the race's own code is told with its last lines."""

    @contextlib.asynccontextmanager
    async def broken(_field: Field) -> AsyncIterator[HeatOf]:
        async def heat(_side: Side) -> float:
            raise LookupError("a mistake")

        yield heat

    held = await ran(race(broken), submission("print(1)"), submission("print(1)", folder="ours"))

    assert held.standing is Standing.JUDGE_ERROR
    assert isinstance(held.evidence[0], Output)
    assert held.evidence[0].lines[-1] == "LookupError: a mistake"


async def test_a_machine_that_lacks_something_is_no_fault(submission: MakeSubmission) -> None:
    """What can't be measured here is unknown, with the reason."""

    @contextlib.asynccontextmanager
    async def impossible(_field: Field) -> AsyncIterator[HeatOf]:
        raise CannotTell("this machine has no such thing")
        yield

    held = await ran(race(impossible), submission("print(1)"), submission("print(1)", folder="ours"))

    assert held.standing is Standing.UNKNOWN
    assert held.says == "this machine has no such thing"


@contextlib.asynccontextmanager
async def served(field: Field) -> AsyncIterator[HeatOf]:
    """Two services live side by side; a heat asks one of them."""
    instances = await field.each(lambda side: side.driver.start({}, ports=("PORT",), ready=healthy("PORT")))

    async def heat(side: Side) -> float:
        with field.measured(instances[side]):
            await instances[side].http("PORT").get("/healthz")
        return 1.0

    yield heat


async def test_services_live_as_long_as_their_race(
    submission: MakeSubmission, nothing_lives: Callable[[str], bool]
) -> None:
    """Both are started once, raced, and gone."""
    run = f"{sys.executable} -B -S {SERVICE} a-service-of-a-race"

    held = await ran(race(served), submission(run=run), submission(run=run, folder="ours"), kind="service")

    assert held.standing is Standing.HELD
    assert nothing_lives("a-service-of-a-race")


async def test_a_service_that_does_not_start_is_the_fault_of_its_side(submission: MakeSubmission) -> None:
    """What fails while both are made ready is told of the right one."""
    good = f"{sys.executable} -B -S {SERVICE}"

    held = await ran(race(served), submission("pass"), submission(run=good, folder="ours"), kind="service")

    assert held.standing is Standing.WRONG


async def test_a_race_that_is_stopped_leaves_nothing(
    submission: MakeSubmission, nothing_lives: Callable[[str], bool]
) -> None:
    """Cancelled in the middle of a heat, it ends both programs."""
    run = f"{sys.executable} -B -S {SERVICE} a-race-that-is-stopped"
    reached = asyncio.Event()

    @contextlib.asynccontextmanager
    async def endless(field: Field) -> AsyncIterator[HeatOf]:
        async with served(field):

            async def heat(_side: Side) -> float:
                reached.set()
                await asyncio.Event().wait()
                return 1.0

            yield heat

    task = asyncio.create_task(
        ran(race(endless), submission(run=run), submission(run=run, folder="ours"), kind="service")
    )
    await asyncio.wait_for(reached.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert nothing_lives("a-race-that-is-stopped")
