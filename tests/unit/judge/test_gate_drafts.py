"""The gate demands a wrong program for each check, and lets a project that is a draft pass without."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from climb.judge.gate import findings
from climb.judge.gate.gates import GATES, Ask
from climb.judge.reference import reference_submission


def found(tmp_path: Path, state: str) -> list[findings.Finding]:
    """What the gate says of the contents of a project in this state, of which no wrong program is there."""
    reference, ready = reference_submission(tmp_path / "home", "scheduler")
    project = msgspec.structs.replace(ready, info=msgspec.structs.replace(ready.info, state=state))
    (tmp_path / "wrong" / "scheduler").mkdir(parents=True)
    ask = Ask(project=project, tests=tmp_path, reference=reference, render=lambda *_: "")

    async def gather() -> list[findings.Finding]:
        return [finding async for finding in GATES["content"](ask)]

    return asyncio.run(gather())


@pytest.mark.parametrize(("state", "outcome"), [("ready", findings.Outcome.WRONG), ("draft", findings.Outcome.SKIPPED)])
def test_a_check_without_a_wrong_program(tmp_path: Path, state: str, outcome: findings.Outcome) -> None:
    """A check that no wrong program trips is a fault of a project that is ready, and named in a draft."""
    stages = [one for one in found(tmp_path, state) if "no wrong program for" in one.detail]

    assert stages
    assert {one.outcome for one in stages} == {outcome}
