"""Watching a submission: which changes count, and that none is lost."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from climb.judge.build import build
from climb.judge.submission import Submission
from climb.judge.watch import changes

MakeSubmission = Callable[..., Submission]

SOON_S = 20.0  # a change is seen within two seconds; more is a bound for a busy machine
QUIET_S = 2.0  # longer than it takes to see a change


class Watch:
    """Steps of a watch, each with a bound."""

    def __init__(self, submission: Submission) -> None:
        self._stop = asyncio.Event()
        self._steps: AsyncIterator[list[str]] = changes(submission, self._stop)
        self._next: asyncio.Task[list[str]] | None = None

    async def changed(self) -> list[str]:
        """The names of the next change."""
        step, self._next = self._next or self._begin(), None
        return await asyncio.wait_for(step, SOON_S)

    async def is_quiet(self) -> bool:
        """Whether no change is seen for a while."""
        self._next = self._next or self._begin()
        done, _ = await asyncio.wait([self._next], timeout=QUIET_S)
        return not done

    async def stop(self) -> None:
        """End the watch."""
        self._stop.set()
        if self._next is not None:
            await asyncio.wait_for(asyncio.gather(self._next, return_exceptions=True), SOON_S)

    def _begin(self) -> asyncio.Task[list[str]]:
        async def step() -> list[str]:
            return await anext(self._steps)

        return asyncio.create_task(step())


@pytest.fixture
async def watched(submission: MakeSubmission) -> AsyncIterator[tuple[Watch, Path]]:
    """A watch on a submission that nobody has changed yet, and its folder."""
    made = submission("print(1)")
    watch = Watch(made)
    yield watch, made.folder
    await watch.stop()


async def test_a_save_is_seen(watched: tuple[Watch, Path]) -> None:
    """The changed file is named."""
    watch, folder = watched
    assert await watch.is_quiet()
    (folder / "program.py").write_text("print(2)")

    assert await watch.changed() == ["program.py"]


async def test_a_save_by_renaming_is_seen(watched: tuple[Watch, Path]) -> None:
    """Editors that write a new file and rename it over the old one change the old one."""
    watch, folder = watched
    assert await watch.is_quiet()
    (folder / "new").write_text("print(2)")
    (folder / "new").replace(folder / "program.py")

    assert await watch.changed() == ["program.py"]


async def test_a_change_before_the_first_step_is_seen(watched: tuple[Watch, Path]) -> None:
    """A save during the first run, when nobody waits yet, comes with the first step."""
    watch, folder = watched
    (folder / "program.py").write_text("print(2)")

    assert await watch.changed() == ["program.py"]


async def test_a_change_between_two_steps_is_seen(watched: tuple[Watch, Path]) -> None:
    """A save during a run is noticed when the run has ended."""
    watch, folder = watched
    (folder / "program.py").write_text("print(2)")
    await watch.changed()
    (folder / "program.py").write_text("print(3)")
    (folder / "more.py").write_text("")

    assert await watch.changed() == ["more.py", "program.py"]


async def test_new_and_deleted_files_are_changes(watched: tuple[Watch, Path]) -> None:
    """Also in folders that are new themselves."""
    watch, folder = watched
    (folder / "package").mkdir()
    (folder / "package" / "module.py").write_text("")
    assert await watch.changed() == ["package/module.py"]

    shutil.rmtree(folder / "package")

    assert await watch.changed() == ["package/module.py"]


async def test_a_save_without_a_change_is_none(watched: tuple[Watch, Path]) -> None:
    """Content counts."""
    watch, folder = watched
    assert await watch.is_quiet()
    (folder / "program.py").write_text("print(1)")

    assert await watch.is_quiet()


async def test_what_the_judge_writes_is_no_change(watched: tuple[Watch, Path]) -> None:
    """Run folders and caches are not sources."""
    watch, folder = watched
    assert await watch.is_quiet()
    for name in (".climb/runs", "__pycache__", "node_modules/x", "target"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text("x")

    assert await watch.is_quiet()


async def test_building_after_a_change_is_no_change(submission: MakeSubmission) -> None:
    """Products that appear or change after a save do not start the next run, and so on without end."""
    made = submission("print(1)", build="cp program.py out.bin; echo notes > notes.txt")
    (made.folder / "out.bin").write_text("from an earlier build by hand")
    watch = Watch(made)
    await build(made)
    quiet = [await watch.is_quiet()]
    (made.folder / "program.py").write_text("print(2)")

    assert await watch.changed() == ["program.py"]
    await build(made)
    quiet.append(await watch.is_quiet())
    await watch.stop()
    assert quiet == [True, True]
    assert (made.folder / "out.bin").read_text() == "print(2)"


async def test_a_program_that_writes_into_its_folder_is_not_judged_for_ever(watched: tuple[Watch, Path]) -> None:
    """A file that changes during every run starts a few more, then the watch waits for the next save."""
    watch, folder = watched
    runs = 0
    (folder / "program.py").write_text("print(2)")
    while not await watch.is_quiet():
        await watch.changed()
        runs += 1
        assert runs < 10
        (folder / "debug.log").write_text(f"run {runs}")
    (folder / "program.py").write_text("print(3)")

    assert "program.py" in await watch.changed()


async def test_the_watch_ends_when_it_is_told_to(watched: tuple[Watch, Path]) -> None:
    """Setting the event ends the steps."""
    watch, _ = watched
    assert await watch.is_quiet()

    await watch.stop()

    with pytest.raises(StopAsyncIteration):
        await watch.changed()
