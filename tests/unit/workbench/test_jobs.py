"""The queue: one thing at a time, fair between owners, and nothing left when it ends."""

import asyncio

import pytest

from climb.errors import UsageError
from climb.workbench.jobs import Job, Jobs, JobState


class Work:
    """Work that begins, waits to be let go, and notes the order."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def job(self, owner: str, title: str) -> Job:
        gate = self.gates[title] = asyncio.Event()

        async def work(job: Job) -> None:
            self.begun.append(job.title)
            await gate.wait()

        return Job(owner, title, work)

    def let_go(self, title: str) -> None:
        self.gates[title].set()


@pytest.fixture
def work() -> Work:
    return Work()


async def until(job: Job, *states: JobState) -> None:
    """Wait for a job's state, with a deadline."""
    async with asyncio.timeout(5):
        while job.state not in states:
            await job.wait_for_change(0.05)


async def test_one_job_runs_at_a_time(work: Work) -> None:
    """The second begins only when the first has ended."""
    jobs = Jobs()
    async with jobs.serving():
        first, second = jobs.submit(work.job("a", "first")), jobs.submit(work.job("b", "second"))
        await until(first, JobState.RUNNING)

        assert second.state is JobState.WAITING
        assert jobs.waiting == [second]

        work.let_go("first")
        await until(second, JobState.RUNNING)

        assert first.state is JobState.DONE
        assert jobs.running is second


async def test_who_asks_often_waits_for_who_asks_once(work: Work) -> None:
    """Three jobs of one owner and then one of another: the other's comes second."""
    jobs = Jobs()
    many = [jobs.submit(work.job("often", f"often {number}")) for number in range(3)]
    once = jobs.submit(work.job("once", "once"))

    assert [job.title for job in jobs.waiting] == ["often 0", "once", "often 1", "often 2"]

    async with jobs.serving():
        for title in ("often 0", "once", "often 1", "often 2"):
            work.let_go(title)
        for job in (*many, once):
            await until(job, JobState.DONE)

    assert work.begun == ["often 0", "once", "often 1", "often 2"]


async def test_the_line_that_is_shown_is_the_line_that_is_served(work: Work) -> None:
    """Also after someone was served already: the owner served longest ago is next."""
    jobs = Jobs()
    async with jobs.serving():
        served = jobs.submit(work.job("a", "a1"))
        await until(served, JobState.RUNNING)
        jobs.submit(work.job("a", "a2"))
        jobs.submit(work.job("b", "b1"))

        assert [job.title for job in jobs.waiting] == ["b1", "a2"]


async def test_a_job_that_is_refused_says_why() -> None:
    """Our errors become the job's problem, with the next step."""

    async def refuse(_job: Job) -> None:
        raise UsageError("there is no such folder", next_step="name another")

    jobs = Jobs()
    async with jobs.serving():
        job = jobs.submit(Job("a", "refused", refuse))
        await until(job, JobState.FAILED)

    assert (job.problem, job.next_step) == ("there is no such folder", "name another")


async def test_a_mistake_of_ours_ends_one_job_and_not_the_queue(work: Work) -> None:
    """What is raised is told, and the next job is served."""

    async def broken(_job: Job) -> None:
        raise ZeroDivisionError("by us")

    jobs = Jobs()
    async with jobs.serving():
        bad, good = jobs.submit(Job("a", "bad", broken)), jobs.submit(work.job("b", "good"))
        work.let_go("good")
        await until(good, JobState.DONE)

    assert bad.state is JobState.FAILED
    assert "by us" in bad.problem


async def test_a_waiting_job_can_be_taken_out_of_the_line(work: Work) -> None:
    """It never begins."""
    jobs = Jobs()
    async with jobs.serving():
        first, second = jobs.submit(work.job("a", "first")), jobs.submit(work.job("b", "second"))
        await until(first, JobState.RUNNING)
        jobs.stop(second)
        work.let_go("first")
        await until(first, JobState.DONE)

    assert second.state is JobState.FAILED
    assert work.begun == ["first"]


async def test_a_running_job_can_be_ended(work: Work) -> None:
    """Its work is cancelled, and the next one begins."""
    jobs = Jobs()
    async with jobs.serving():
        first, second = jobs.submit(work.job("a", "first")), jobs.submit(work.job("b", "second"))
        await until(first, JobState.RUNNING)
        jobs.stop(first)
        await until(second, JobState.RUNNING)

    assert first.problem == "stopped"


async def test_when_the_workbench_ends_what_is_under_way_is_ended(work: Work) -> None:
    """Leaving ``serving`` returns only when the running job's clean-up is through."""
    cleaned = []

    async def slow_to_end(_job: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    jobs = Jobs()
    async with jobs.serving():
        job = jobs.submit(Job("a", "slow", slow_to_end))
        await until(job, JobState.RUNNING)

    assert cleaned == [True]


async def test_ended_jobs_are_forgotten_only_when_there_are_many(work: Work) -> None:
    """Two hundred stay, so that an open page can say how its job ended."""
    jobs = Jobs()
    async with jobs.serving():
        done = []
        for number in range(205):
            job = jobs.submit(work.job("a", str(number)))
            work.let_go(str(number))
            await until(job, JobState.DONE)
            done.append(job)

    assert jobs.get(done[0].id) is None
    assert jobs.get(done[-1].id) is done[-1]
    assert jobs.get(done[10].id) is done[10]
