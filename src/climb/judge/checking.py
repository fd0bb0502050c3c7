"""Run one check: a world of its own, the program's driver, and every way in which that can end turned into a result."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence

import msgspec

from climb.errors import SetupError
from climb.judge.choices import Choices
from climb.judge.drivers.command import Command
from climb.judge.drivers.service import Service
from climb.judge.drivers.traces import Trace
from climb.judge.evidence import Evidence, Output
from climb.judge.expect import CannotTell, Failure
from climb.judge.project import Project
from climb.judge.shrink import Lists
from climb.judge.stage import Check, Stage
from climb.judge.submission import Submission, resolve_command
from climb.judge.verdict import CheckResult, Status
from climb.judge.world import Mishap, World

__all__ = ["CHECK_DEADLINE_S", "Checked", "run_check"]

CHECK_DEADLINE_S = 300.0  # a check that takes longer hangs, and that is the judge's own mistake


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A check's result, what it leaves in the run folder, which demand ended it (None if it passed), and its lists of draws."""

    result: CheckResult
    traces: tuple[Trace, ...]
    subject: str | None
    lists: Lists = ()


async def run_check(
    project: Project,
    stage: Stage,
    check: Check,
    submission: Submission,
    seed: str,
    *,
    forced: Sequence[int] | None = None,
) -> Checked:
    """Judge one claim. Never raises for what a program does; SetupError and UsageError of the submission pass through."""
    draw = Choices(f"{seed}/{stage.id}/{check.id}", forced=forced)
    words = resolve_command(submission)
    started = time.monotonic()
    surroundings = World(draw)
    if project.info.kind == "service":
        driver: Command | Service = Service(words, submission.folder, surroundings)
    else:
        driver = Command(words, submission.folder)
    status, subject, evidence = await _judge(check, project, driver, surroundings)
    failed = status is not Status.PASSED
    if failed:
        evidence = (*evidence, *driver.evidence(evidence))
    number = f"{project.stages.index(stage) + 1}.{stage.checks.index(check) + 1}"
    result = CheckResult(
        id=check.id,
        number=number,
        status=status,
        claim=check.claim,
        evidence=evidence,
        seconds=round(time.monotonic() - started, 3),
        choices=tuple(draw.drawn),
    )
    return Checked(result=result, traces=driver.traces() if failed else (), subject=subject, lists=draw.lists)


async def _judge(
    check: Check, project: Project, driver: Command | Service, surroundings: World
) -> tuple[Status, str | None, tuple[Evidence, ...]]:
    mishaps: list[Mishap] = []
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S), surroundings as world, driver:
            mishaps = world.mishaps
            await check.function(project.driver(driver), world)
    except Failure as failure:
        if not mishaps:
            return Status.FAILED, failure.subject, failure.evidence
    except (CannotTell, SetupError) as error:
        return Status.UNKNOWN, str(error), (Output(title="why the judge could not tell", lines=(str(error),)),)
    except Exception as error:
        mishaps = [*mishaps, Mishap(check.id, error)]
    if mishaps:
        return Status.JUDGE_ERROR, "a mistake of the judge", (_mishap_evidence(mishaps[0]),)
    return Status.PASSED, None, ()


def _mishap_evidence(mishap: Mishap) -> Output:
    lines = "".join(traceback.format_exception(mishap.error)).splitlines()
    return Output(title=f"the judge's own mistake, in {mishap.where}", lines=tuple(lines[-32:]))
