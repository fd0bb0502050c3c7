"""The run's page: stages as they happen, the first failure in full, and what to do next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from climb.errors import UsageError
from climb.judge import hints, runs
from climb.judge.event_log import Follower, RunState
from climb.judge.events import RunStarted
from climb.judge.project import Project, load as load_project
from climb.judge.run import Plan
from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult
from climb.printable import printable
from climb.progress.folders import climb_folders
from climb.workbench import forms, sse
from climb.workbench.judging import judging_job, page_of, shrinking_job
from climb.workbench.picture import Picture
from climb.workbench.subjects import Subject, subject_of
from climb.workbench.tasks import Judge, Shrink
from climb.workbench.templating import fragment, page

__all__ = ["ROUTES"]

_LOOK_SECONDS = 0.025  # how often a live run's events are looked for; the page has 100 ms to show them
_PING_SECONDS = 10.0
_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


async def show(request: Request) -> Response:
    """The run as it stands now; while it lasts, the page goes on by itself."""
    folder = run_folder(request)
    state, picture, _ = catch_up(folder)
    if picture is None:
        raise HTTPException(404, f"The run {folder.name} has told nothing: it begins this moment, or was cut short.")
    subject = subject_of(request.app.state.settings.home, folder)
    return page(
        request,
        "run.html",
        run=folder.name,
        folder=folder,
        state=state.value,
        picture=picture,
        subject=subject,
        job=request.app.state.jobs.at(request.url.path),
        **report_values(folder, picture, subject),
    )


async def events(request: Request) -> Response:
    """What changes on the page while the run lasts, as server-sent events; the first ones catch up."""
    folder = run_folder(request)
    return StreamingResponse(_live(request, folder), media_type="text/event-stream")


async def hint(request: Request) -> Response:
    """Open one more hint of the stage that failed."""
    form = await forms.action(request)
    folder = run_folder(request)
    subject, project = _still_there(request, folder)
    hints.open_next(subject.submission.climb_folder, project.stage(forms.text(form, "stage")))
    return RedirectResponse(f"/runs/{folder.name}#hints", 303)


async def replay(request: Request) -> Response:
    """Judge again with the same inputs: the whole run, or one check of it."""
    form = await forms.action(request)
    folder = run_folder(request)
    subject, _ = _still_there(request, folder)
    verdict = runs.read_verdict(folder)
    check = forms.text(form, "check") or None
    plan = Plan(check=check) if check else Plan(every=True)
    task = Judge(folder=str(subject.folder), seed=verdict.seed, plan=plan, reference=subject.reference)
    job = request.app.state.jobs.submit(judging_job(task, f"Replay of {verdict.seed}{f'-{check}' if check else ''}"))
    await job.wait_for_place(request.app.state.patience)
    return RedirectResponse(page_of(job), 303)


async def shrink(request: Request) -> Response:
    """Look for the smallest input that still fails a check."""
    form = await forms.action(request)
    folder = run_folder(request)
    subject, _ = _still_there(request, folder)
    check = forms.text(form, "check")
    task = Shrink(folder=str(subject.folder), run=folder.name, check=check, reference=subject.reference)
    place = f"/runs/{folder.name}"
    request.app.state.jobs.submit(shrinking_job(task, f"Shrinking {check} of {folder.name}", place))
    return RedirectResponse(f"{place}#smallest", 303)


ROUTES = [
    Route("/runs/{run}", show),
    Route("/runs/{run}/events", events),
    Route("/runs/{run}/hint", hint, methods=["POST"]),
    Route("/runs/{run}/replay", replay, methods=["POST"]),
    Route("/runs/{run}/shrink", shrink, methods=["POST"]),
]


def run_folder(request: Request) -> Path:
    """The run folder that the address names. Raises HTTPException 404 if no known submission has it."""
    name: str = request.path_params["run"]
    if _NAME.fullmatch(name):
        for climb_folder in climb_folders(request.app.state.settings.home):
            folder = climb_folder / "runs" / name
            if folder.is_dir():
                return folder
    raise HTTPException(404, f"There is no run {name!r} in any folder that was judged on this machine.")


def catch_up(folder: Path) -> tuple[RunState, Picture | None, Follower]:
    """How the run stands, and a follower that has seen everything that the picture shows."""
    follower = Follower(folder)
    state = follower.state()
    if state is RunState.DONE:
        verdict = runs.read_verdict(folder)
        return state, Picture.of_verdict(load_project(verdict.project), verdict), follower
    happened = follower.new()
    first = next((event for event in happened if isinstance(event, RunStarted)), None)
    if first is None:
        return state, None, follower
    picture = Picture(load_project(first.submission.project))
    picture.apply(happened)
    return state, picture, follower


def report_values(folder: Path, picture: Picture, subject: Subject | None) -> dict[str, Any]:
    """What the report under the stages needs: the first failure, its open hints, its smallest input."""
    failure = picture.first_failure
    opened: tuple[str, ...] = ()
    left = 0
    if failure is not None and subject is not None:
        stage = next((stage for stage in picture.project.stages if stage.id == failure[0].id), None)
        if stage is not None:
            left = hints.left(subject.submission.climb_folder, stage)
            opened = stage.hints[: len(stage.hints) - left]
    return {
        "failure": failure,
        "hints_open": opened,
        "hints_left": left,
        "smallest": _smallest(folder, failure[1]) if failure else None,
        "actions": subject is not None and subject.present,
        "own": subject is not None and subject.reference is None,  # the learner's, not our system
    }


def _smallest(folder: Path, check: CheckResult) -> runs.Smallest | None:
    try:
        return runs.read_smallest(folder, check.number)
    except UsageError:
        return None


def _still_there(request: Request, folder: Path) -> tuple[Subject, Project]:
    subject = subject_of(request.app.state.settings.home, folder)
    if subject is None or not subject.present:
        raise HTTPException(409, f"The submission of {folder.name} is not there any more, so it can't be judged again.")
    submission: Submission = subject.submission
    return subject, load_project(submission.project)


async def _live(request: Request, folder: Path) -> AsyncIterator[bytes]:
    """The page's parts as they change, until the run and what else the page waits for are over."""
    jobs, token = request.app.state.jobs, request.app.state.settings.token
    subject = subject_of(request.app.state.settings.home, folder)
    state, picture, follower = catch_up(folder)
    changed = picture.all_parts if picture else set()
    clock = asyncio.get_running_loop()
    spoken, foot = clock.time(), None
    while not request.app.state.closing.is_set():
        job = jobs.at(f"/runs/{folder.name}")
        over = state is not RunState.LIVE and (job is None or job.ended)
        pieces = [(name, _part(name, folder, picture, subject, token)) for name in sorted(changed) if picture]
        now = fragment("parts/run.html", "foot", state=state.value, job=job, token=token, subject=subject)
        if now != foot:
            foot = now
            pieces.append(("foot", foot))
        for name, piece in pieces:
            yield sse.event(name, piece)
            spoken = clock.time()
        if over:
            yield sse.event("done", state.value)
            return
        if clock.time() - spoken > _PING_SECONDS:
            yield sse.PING
            spoken = clock.time()
        await asyncio.sleep(_LOOK_SECONDS)
        changed = set()
        if picture is None:
            state, picture, follower = catch_up(folder)
            changed = picture.all_parts if picture else set()
        elif state is RunState.LIVE:
            state = follower.state()
            changed = picture.apply(follower.new())
            if state is RunState.DONE:
                picture.conclude(runs.read_verdict(folder))
                changed = picture.all_parts
        elif job is not None and job.ended:
            changed = {"report"}  # what shrinking found


def _part(name: str, folder: Path, picture: Picture, subject: Subject | None, token: str) -> str:
    if name == "head":
        return fragment("parts/run.html", "head", picture=picture)
    if name == "say":
        return str(escape(printable(picture.announcement)))  # it quotes a verdict, which lies in the learner's folder
    if name == "report":
        values = report_values(folder, picture, subject)
        return fragment("parts/run.html", "report", run=folder.name, picture=picture, token=token, **values)
    stage = next(stage for stage in picture.stages if f"stage-{stage.number}" == name)
    return fragment("parts/run.html", "stage_line", stage=stage, picture=picture)
