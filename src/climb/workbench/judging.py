"""Start the worker for a task, and follow what it tells. The judge runs in a process of its own; see ``worker.py``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import msgspec

from climb.workbench.jobs import Job
from climb.workbench.tasks import Judge, Refused, Shrink, Shrinking, Started, Told

__all__ = ["judging_job", "shrinking_job"]

_STOP_SECONDS = 10.0  # the judge itself takes two to end a stubborn program
_TOLD = msgspec.json.Decoder(Told)
_LAST_LINES = 8


def judging_job(task: Judge, title: str) -> Job:
    """A job that judges; its place is the run's page as soon as the run has a folder."""

    async def work(job: Job) -> None:
        await _work(job, task)

    return Job(task.folder, title, work)


def shrinking_job(task: Shrink, title: str, place: str) -> Job:
    """A job that shrinks a failing check; its place is the page of the run that it belongs to."""

    async def work(job: Job) -> None:
        await _work(job, task)

    return Job(task.folder, title, work, place)


async def _work(job: Job, task: Judge | Shrink) -> None:
    """Raises nothing of the worker's: what it refused or broke becomes the job's problem."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "climb.workbench.worker", str(os.getpid()), msgspec.json.encode(task).decode()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in the workbench's terminal is ours to pass on
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        _, errors = await asyncio.gather(_follow(job, process.stdout), process.stderr.read())
        if await process.wait() not in (0, 1, 4) and not job.problem:
            lines = errors.decode(errors="replace").splitlines()[-_LAST_LINES:]
            job.problem = f"the judge ended with {process.returncode}: " + "\n".join(lines)
    finally:
        await _end(process)


async def _follow(job: Job, stream: asyncio.StreamReader) -> None:
    async for line in stream:
        match _TOLD.decode(line):
            case Started(folder):
                job.place = f"/runs/{Path(folder).name}"
            case Shrinking(tried, draws):
                job.doing = f"{tried} inputs tried, the smallest has {draws} draws"
            case Refused(reason, next_step):
                job.problem, job.next_step = reason, next_step
        job.tell()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the worker to end, which ends the learner's program; after a while, do it by force."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
