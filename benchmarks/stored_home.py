"""A learner's home as it is after a long time: many runs, journal entries and lab results, made from one real run."""

from __future__ import annotations

import datetime as dt
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from climb.course.loader import course
from climb.journal import entries as journal
from climb.judge import runs
from climb.judge.project import find
from climb.judge.starter import make_folder
from climb.judge.verdict import Status, Verdict
from climb.labs import lab as labs, store
from climb.progress.folders import remember

if TYPE_CHECKING:
    from climb.judge.verdict import StageResult
    from climb.labs.result import Result

START = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)


def submission(folder: Path) -> Path:
    """A new submission: the Python starter, run by this interpreter."""
    make_folder(find("scanner"), "python", folder)
    path = folder / "climb.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("python3 ", f"{sys.executable} "), encoding="utf-8")
    return folder


def fill_runs(home: Path, folders: list[Path], verdict: Verdict, count: int) -> list[str]:
    """``count`` runs, spread over ``folders``, an hour apart and each a little further; returns their names."""
    draw = random.Random(count)
    names = []
    for number in range(count):
        folder = folders[number % len(folders)]
        at = START + dt.timedelta(hours=number)
        seed = f"{draw.randrange(1 << 16):04x}"
        name = f"{at:%Y%m%dT%H%M%S}-{seed}"
        held = min(number * (verdict.total + 1) // count, verdict.total)
        mine = _at(verdict, held, run=name, seed=seed, submission=str(folder), started_at=at.isoformat())
        run_folder = folder / ".climb" / "runs" / name
        run_folder.mkdir(parents=True)
        runs.save_verdict(run_folder, mine)
        names.append(name)
    for folder in folders:
        remember(home, folder)
    return names


def fill_journal(home: Path, names: list[str], count: int) -> str:
    """``count`` entries about modules, some of which quote runs; returns the name of the last."""
    modules = list(course().modules)
    made = ""
    for number in range(count):
        about = (f"climb:run/{names[number]}",) if number < len(names) and number % 3 == 0 else ()
        text = f"What I learned on day {number}.\n\n" + "A connection is four numbers, and a port is one of them. " * 20
        module = modules[number % len(modules)]
        made = journal.create(home, title=f"Day {number}", text=text, module=module, about=about).id
    return made


def fill_labs(home: Path, count: int) -> dict[str, str]:
    """``count`` results of each lab that we have a recording of; returns the name of the last one by lab."""
    made = {}
    for slug in labs.slugs():
        recorded = store.recording(slug)
        for number in range(count if recorded else 0):
            assert recorded is not None
            made[slug] = _keep(home, recorded, START + dt.timedelta(days=number))
    return made


def _keep(home: Path, recorded: Result, at: dt.datetime) -> str:
    name = f"{at:%Y%m%dT%H%M%S}"
    store.save(home, msgspec.structs.replace(recorded, id=name, started_at=at.isoformat()))
    return name


def _at(verdict: Verdict, held: int, **values: str) -> Verdict:
    """The verdict as it would be if ``held`` stages held: the next one fails as the first did in truth."""
    failing = next(stage for stage in verdict.stages if stage.first_failure)
    stages = tuple(_stage(stage, failing, held) for stage in verdict.stages)
    return msgspec.structs.replace(verdict, stages=stages, passed=held, **values)


def _stage(stage: StageResult, failing: StageResult, held: int) -> StageResult:
    if stage.number == held + 1:
        checks = tuple(
            msgspec.structs.replace(check, number=f"{stage.number}.{position}")
            for position, check in enumerate(failing.checks, 1)
        )
        return msgspec.structs.replace(stage, status=Status.FAILED, checks=checks)
    status = Status.PASSED if stage.number <= held else Status.SKIPPED
    checks = tuple(msgspec.structs.replace(check, status=status, evidence=()) for check in stage.checks)
    return msgspec.structs.replace(stage, status=status, checks=checks)
