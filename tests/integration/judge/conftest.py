"""Commands made of a few lines of Python, projects made of a few checks, and proof that nothing of them is left."""

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from climb.judge.choices import Choices
from climb.judge.drivers.command import Command
from climb.judge.drivers.service import Service
from climb.judge.limits import Limits
from climb.judge.project import Project, ProjectInfo
from climb.judge.stage import Stage
from climb.judge.world import World

MakeCommand = Callable[..., Command]
SERVICES = Path(__file__).with_name("services")
MakeService = Callable[..., contextlib.AbstractAsyncContextManager[Service]]


@pytest.fixture
async def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, living: Callable[[str], list[int]]
) -> AsyncIterator[MakeCommand]:
    """Makes the driver of a small Python program; afterwards no process of it lives, and no descriptor is left open."""
    token = f"token_{uuid.uuid4().hex}"
    monkeypatch.setenv(token, "1")
    await (await asyncio.create_subprocess_exec("/bin/true")).wait()  # what asyncio opens once is not counted
    before = open_files()

    def make(source: str, **limits: Any) -> Command:
        path = tmp_path / "program.py"
        path.write_text(source, encoding="utf-8")
        return Command([sys.executable, "-I", "-S", str(path)], tmp_path, limits=Limits(**limits))

    yield make
    assert await within(5, lambda: not living(token))
    assert await within(5, lambda: open_files() <= before)


@pytest.fixture
async def service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, living: Callable[[str], list[int]]
) -> AsyncIterator[MakeService]:
    """Makes the driver of a service in the folder ``services``; afterwards no process, descriptor or folder of it is left."""
    token = f"token_{uuid.uuid4().hex}"
    monkeypatch.setenv(token, "1")
    await (await asyncio.create_subprocess_exec("/bin/true")).wait()  # what asyncio opens once is not counted
    before = open_files()
    made: list[Service] = []

    @contextlib.asynccontextmanager
    async def make(name: str) -> AsyncIterator[Service]:
        words = [sys.executable, "-B", "-S", str(SERVICES / f"{name}.py")]
        async with World(Choices("41c2")) as world, Service(words, tmp_path, world) as driver:
            made.append(driver)
            yield driver

    yield make
    assert await within(5, lambda: not living(token))
    assert await within(5, lambda: open_files() <= before)
    assert not [instance for driver in made for instance in driver.instances if instance.running]


def open_files() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def within(seconds: float, ready: Callable[[], bool]) -> bool:
    """Whether ``ready`` becomes true in this time."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


def project_of(
    stages: Sequence[Stage], slug: str = "scanner", kind: Literal["command", "service"] = "command"
) -> Project:
    """A project with these stages, whose checks get the bare command or service."""
    info = ProjectInfo(
        slug=slug,
        title="A project of the tests",
        summary="",
        module="0",
        kind=kind,
        state="ready",
        reference=(),
        languages={},
    )
    return Project(info=info, folder=Path(), stages=tuple(stages), driver=lambda given: given)


MakeProject = Callable[..., Project]


@pytest.fixture
def project() -> MakeProject:
    """Makes a project: each argument is a stage, given as the list of its check functions."""

    def make(*stages: Sequence[Callable[[Any, Any], Any]], kind: Literal["command", "service"] = "command") -> Project:
        made = []
        for number, checks in enumerate(stages, 1):
            stage = Stage(f"stage-{number}", f"Stage {number}", concepts=["c"], hints=["h"])
            for check in checks:
                stage.check(check)
            made.append(stage)
        return project_of(made, kind=kind)

    return make
