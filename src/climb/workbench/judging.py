"""Start the worker for a task, and follow what it tells. The judge runs in a process of its own; see ``worker.py``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from pathlib import Path

import msgspec
import psutil

from climb.counted import counted
from climb.workbench.jobs import Job
from climb.workbench.tasks import Judge, Refused, Shrink, Shrinking, Started, Told

__all__ = ["judging_job", "page_of", "shrinking_job"]

_STOP_SECONDS = 10.0  # the judge itself takes two to end a stubborn program
_TOLD = msgspec.json.Decoder(Told)
_LAST_LINES = 8
_MARK = "JUDGED_FOR"  # in the environment of a worker and of all that it starts; names that begin with CLIMB_ are not passed on
_LOOK_SECONDS = 0.01


def judging_job(task: Judge, title: str) -> Job:
    """A job that judges; its place is the run's page as soon as the run has a folder."""

    async def work(job: Job) -> None:
        await _work(job, task)

    return Job(task.folder, title, work)


def shrinking_job(task: Shrink, title: str, place: str) -> Job:
    """A job that shrinks a failing check; its place is the page of the run that it belongs to."""

    async def work(job: Job) -> None:
        job.doing = "building"
        await _work(job, task)

    return Job(task.folder, title, work, place)


def page_of(job: Job) -> str:
    """Where its owner sees what becomes of a job: its own page, or its place in line."""
    return job.place if job.place and not job.problem else f"/jobs/{job.id}"


async def _work(job: Job, task: Judge | Shrink) -> None:
    """Raises nothing of the worker's: what it refused or broke becomes the job's problem."""
    mark = uuid.uuid4().hex
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "climb.workbench.worker", str(os.getpid()), msgspec.json.encode(task).decode()),
        env={**os.environ, _MARK: mark},
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
        if process.returncode is not None and process.returncode < 0:  # killed: it could not end what it had started
            await asyncio.to_thread(_kill_left, mark)


async def _follow(job: Job, stream: asyncio.StreamReader) -> None:
    async for line in stream:
        match _TOLD.decode(line):
            case Started(folder):
                job.place = f"/runs/{Path(folder).name}"
            case Shrinking(tried, draws):
                job.doing = f"{counted(tried, 'input')} tried, the smallest has {counted(draws, 'draw')}"
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


def _kill_left(mark: str) -> None:
    """Kill what a worker that was killed has left: frozen first, so that nothing can fork away."""
    deadline = time.monotonic() + _STOP_SECONDS
    while (left := [each for each in psutil.process_iter() if _carries(each, mark)]) and time.monotonic() < deadline:
        for act in (psutil.Process.suspend, psutil.Process.kill):
            for each in left:
                with contextlib.suppress(psutil.Error):
                    act(each)
        time.sleep(_LOOK_SECONDS)


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
