"""The process that judges for the workbench: ``python -m climb.workbench.worker PARENT JOB``. Speaks JSON lines on standard output.

A run measures time, so it must share its process with no server. What the page shows comes from the run folder, where the judge
writes its events anyway; here we only say which folder that is, and how shrinking goes.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec

from climb.errors import ClimbError
from climb.home import home_folder
from climb.judge import runs
from climb.judge.events import Event, RunStarted
from climb.judge.project import Project, load as load_project
from climb.judge.reference import reference_submission
from climb.judge.run import run
from climb.judge.smallest import find_smallest
from climb.judge.submission import Submission, load as load_submission
from climb.parent import end_with_parent
from climb.progress.folders import remember
from climb.workbench.tasks import Judge, Refused, Shrink, Shrinking, Started, Task

__all__ = ["main"]


def main() -> int:
    """Do one task, and tell."""
    parent, task = sys.argv[1:]
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        end_with_parent(int(parent), signal.SIGTERM)
        return asyncio.run(_do(msgspec.json.decode(task, type=Task)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    except ClimbError as error:
        _tell(Refused(str(error), error.next_step or ""))
        return error.exit_code


def _as_ctrl_c(number: int, _frame: FrameType | None) -> None:
    """The judge ends a learner's program well on Ctrl-C, so every end is made one. A second would disturb it in that.

    There is a second one: the kernel tells of the end of each of the parent's threads.
    """
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


async def _do(task: Task) -> int:
    submission, project = _subject(task)
    if isinstance(task, Shrink):
        named = runs.find_run(submission.climb_folder, f"{task.run}-{task.check}")
        await find_smallest(submission, project, named, seconds=task.seconds, on_try=_on_try)
        return 0

    def on_event(event: Event) -> None:
        if isinstance(event, RunStarted):
            _tell(Started(str(event.folder)))

    verdict = await run(submission, project, seed=task.seed, plan=task.plan, on_event=on_event)
    return verdict.exit_code


def _subject(task: Judge | Shrink) -> tuple[Submission, Project]:
    if task.reference is not None:
        return reference_submission(home_folder(), task.reference)
    submission = load_submission(Path(task.folder))
    remember(home_folder(), submission.folder)
    return submission, load_project(submission.project)


def _on_try(tried: int, best: tuple[int, ...]) -> None:
    _tell(Shrinking(tried, len(best)))


def _tell(message: Started | Shrinking | Refused) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
