"""A service project before the judge: from a check to the verdict, the run folder and the report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from climb.cli.report import first_failure_as_text
from climb.judge.checking import Checked, run_check
from climb.judge.drivers.service import Service, healthy
from climb.judge.evidence import Exchange, Lifetime, Output
from climb.judge.expect import expect
from climb.judge.project import Project
from climb.judge.run import Plan, run
from climb.judge.submission import Submission
from climb.judge.verdict import Status
from climb.judge.world import World

MakeSubmission = Callable[..., Submission]
MakeProject = Callable[..., Project]
SERVICES = Path(__file__).with_name("services")
Check = Callable[[Service, World], Any]


async def counts(service: Service, _world: World) -> None:
    """It counts its starts."""
    env = {"DATA_DIR": service.folder(), "WINDOW_MS": 10}
    async with service.started(env, ports=("PORT",), ready=healthy("PORT")) as instance:
        expect((await instance.http("PORT").get("/")).text, "the starts").equals("2", why="It was started twice.")


async def holds(service: Service, _world: World) -> None:
    """It is ready."""
    async with service.started({"DATA_DIR": service.folder()}, ports=("PORT",), ready=healthy("PORT")) as instance:
        await instance.stop()


async def crashes(service: Service, _world: World) -> None:
    """It answers."""
    async with service.started({}, ports=("PORT",), ready=healthy("PORT")) as instance:
        await instance.http("PORT").get("/crash")


@pytest.fixture
def judged(project: MakeProject, submission: MakeSubmission) -> Callable[..., Any]:
    """Judges one check function with one of the small services."""

    async def judge(check: Check, name: str) -> Checked:
        made = project([check], kind="service")
        return await run_check(made, made.stages[0], made.stages[0].checks[0], small(submission, name), "41c2")

    return judge


def small(submission: MakeSubmission, name: str) -> Submission:
    """A submission that is one of the small services."""
    made = submission("")
    for path in SERVICES.glob("*.py"):
        (made.folder / path.name).write_bytes(path.read_bytes())
    return submission("", run=f"python3 -B -S {name}.py")


async def test_a_claim_that_holds_passes(judged: Callable[..., Any]) -> None:
    """No evidence, no traces, nothing drawn: ports are no part of the input."""
    checked = await judged(holds, "counting")

    assert checked.result.status is Status.PASSED
    assert checked.result.evidence == ()
    assert checked.traces == ()
    assert checked.result.choices == ()


async def test_a_failure_brings_the_life_and_what_was_said(judged: Callable[..., Any]) -> None:
    """How it was started, and the transcript of the last connection; the run folder gets its output."""
    checked = await judged(counts, "counting")

    kinds = [type(piece) for piece in checked.result.evidence]
    assert checked.result.status is Status.FAILED
    assert kinds[1:] == [Lifetime, Exchange]
    assert {trace.name for trace in checked.traces} == {"1.start", "1.stdout", "1.stderr", "files"}
    assert any(trace.data.endswith(b"counting.py\n") and b"WINDOW_MS=10\n" in trace.data for trace in checked.traces)


async def test_a_crash_is_the_first_thing_told(judged: Callable[..., Any]) -> None:
    """Its ending, its last lines, and only then what the judge said to it."""
    checked = await judged(crashes, "crashing")

    comparison, output, exchange, lifetime = checked.result.evidence
    assert checked.subject == "how the program ended"
    assert getattr(comparison, "received", "").startswith("killed by SIGSEGV")
    assert isinstance(output, Output)
    assert output.lines == ("about to crash",)
    assert isinstance(exchange, Exchange)
    assert isinstance(lifetime, Lifetime)


async def test_the_report_can_be_repeated_by_hand(
    project: MakeProject, submission: MakeSubmission, tmp_path: Path
) -> None:
    """The line behind "ran" starts the program in the same way: the contract's variables, and a new folder for the old one."""
    made = project([counts], kind="service")
    program = small(submission, "counting")

    verdict = await run(program, made, seed="41c2", plan=Plan(every=True), on_event=lambda _event: None)

    report = first_failure_as_text(verdict).splitlines()
    ran = next(line for line in report if line.strip().startswith("ran "))
    folder = program.climb_folder / "runs" / verdict.run / "services"
    assert ran.split(maxsplit=2)[1].startswith("PORT=")
    assert ran.endswith('DATA_DIR="$(mktemp -d)" WINDOW_MS=10 python3 -B -S counting.py')
    assert any(line.strip().startswith("exchange  GET /: ") for line in report)
    assert {path.name for path in folder.iterdir()} == {
        "1.1-1.start",
        "1.1-1.stdout",
        "1.1-1.stderr",
        "1.1-files",
    }
