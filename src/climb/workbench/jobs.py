"""What the workbench does in the background: runs, shrinking and labs, one at a time.

One at a time, because each of them measures time, and two would measure each other. Fair, because the next one is taken from the
submission or lab that was served longest ago: who asks ten times waits for who asks once. A job goes on when its page is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum

from climb.errors import ClimbError

__all__ = ["Job", "JobState", "Jobs"]

_KEPT = 200  # ended jobs that are remembered, so that their pages can say how they ended


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


Work = Callable[["Job"], Awaitable[None]]


class Job:
    """One piece of work. ``owner`` is what it is about; ``place`` the page that shows it, once there is one."""

    def __init__(self, owner: str, title: str, work: Work, place: str | None = None) -> None:
        self.id = secrets.token_urlsafe(9)
        self.owner = owner
        self.title = title
        self.place = place
        self.state = JobState.WAITING
        self.share = 0.0
        self.doing = ""
        self.problem = ""
        self.next_step = ""
        self.work = work
        self.task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"Job({self.title!r}, {self.state})"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (JobState.DONE, JobState.FAILED)

    def tell(self) -> None:
        """Wake everyone who waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, seconds: float) -> None:
        """Return when something changed, at the latest after ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def wait_for_place(self, seconds: float) -> None:
        """Return once the job has a page or has ended, at the latest after ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.place is None and not self.ended:
                    await self._changed.wait()


class Jobs:
    """The queue, and what became of the jobs."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._served: list[str] = []  # owners, the one served last at the end
        self._wake = asyncio.Event()

    def submit(self, job: Job) -> Job:
        """Put a job in line."""
        self._jobs[job.id] = job
        self._forget_old()
        self._wake.set()
        return job

    def get(self, name: str) -> Job | None:
        """The job with this id, if it is remembered."""
        return self._jobs.get(name)

    def at(self, place: str) -> Job | None:
        """The newest job whose page this is."""
        return next((job for job in reversed(self._jobs.values()) if job.place == place), None)

    @property
    def running(self) -> Job | None:
        """The job that is being done."""
        return next((job for job in self._jobs.values() if job.state is JobState.RUNNING), None)

    @property
    def waiting(self) -> list[Job]:
        """The jobs in line, in the order in which they will be served."""
        left = [job for job in self._jobs.values() if job.state is JobState.WAITING]
        served = [*self._served]
        ordered = []
        while left:
            following = min(left, key=lambda job: served.index(job.owner) if job.owner in served else -1)
            left.remove(following)
            ordered.append(following)
            served = [owner for owner in served if owner != following.owner] + [following.owner]
        return ordered

    def stop(self, job: Job) -> None:
        """Take a job out of the line, or end it."""
        if job.task is not None:
            job.task.cancel()
        elif not job.ended:
            self._end(job, "stopped before it began")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Do the jobs while the block lasts; what is under way at its end is ended."""
        server = asyncio.create_task(self._serve())
        try:
            yield
        finally:
            server.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await server

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            for job in self.waiting[:1]:
                await self._do(job)
                self._wake.set()
            await self._wake.wait()

    async def _do(self, job: Job) -> None:
        self._served = [owner for owner in self._served if owner != job.owner] + [job.owner]
        job.state = JobState.RUNNING
        job.tell()
        job.task = asyncio.create_task(self._work(job))
        try:
            await asyncio.wait([job.task])
        finally:
            job.task.cancel()
            await asyncio.wait([job.task])  # its processes are gone when this returns
            job.task = None
            if not job.ended:  # a task that is cancelled before its first step does nothing at all
                self._end(job, "stopped")

    async def _work(self, job: Job) -> None:
        try:
            await job.work(job)
        except ClimbError as error:
            self._end(job, str(error), error.next_step or "")
        except asyncio.CancelledError:
            self._end(job, "stopped")
        except Exception as error:
            self._end(job, f"the workbench made a mistake: {error!r}")
        else:
            self._end(job, job.problem, job.next_step)

    def _end(self, job: Job, problem: str, next_step: str = "") -> None:
        job.problem, job.next_step = problem, next_step
        job.state = JobState.FAILED if problem else JobState.DONE
        job.tell()

    def _forget_old(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.ended]
        for name in ended[:-_KEPT]:
            del self._jobs[name]
