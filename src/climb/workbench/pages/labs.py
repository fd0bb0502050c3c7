"""Labs: what there is to find out, the prediction, the run as it happens, and what it means."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from climb.course.loader import course
from climb.errors import UsageError
from climb.labs import lab as labs, running, store
from climb.labs.explained import Explained, earlier, explained, medians, over_time
from climb.labs.lab import Lab
from climb.labs.messages import Progress
from climb.labs.predicting import read_prediction
from climb.labs.result import Predicted, Result
from climb.workbench import forms, sse
from climb.workbench.jobs import Job, Jobs
from climb.workbench.templating import fragment, page

__all__ = ["ROUTES", "last_of"]

_LOG = logging.getLogger("climb.workbench")

_EARLIER = 12  # results that a lab's page lists; each takes a moment to explain
_LOOK_SECONDS = 0.5  # how often a page that waits sees that the workbench ends, or that its place in line changed
_PING_SECONDS = 10.0
_KNOB = "knob-"


async def index(request: Request) -> Response:
    """All labs, with what was predicted and found last."""
    home = request.app.state.settings.home
    found = [labs.find(slug) for slug in labs.slugs()]
    rows = [(lab, store.count(home, lab.slug), await run_in_threadpool(last_of, home, lab)) for lab in found]
    return page(request, "labs.html", rows=rows, course=course())


async def show(request: Request) -> Response:
    """The question, the form for the prediction, earlier results."""
    return await _lab_page(request, _lab(request), chosen={}, typed={}, problem="")


async def start(request: Request) -> Response:
    """Keep the prediction and put the run in line; a prediction that is missing or no number is asked for again."""
    form = await forms.action(request)
    lab = _lab(request)
    chosen = {name.removeprefix(_KNOB): forms.text(form, name) for name in form if name.startswith(_KNOB)}
    try:
        knobs = lab.settings(chosen)
        predicted = _predicted(lab, form)
    except UsageError as error:
        typed = {name: forms.text(form, name) for name in ("prediction", "because")}
        return await _lab_page(request, lab, chosen=chosen, typed=typed, problem=str(error), status=400)
    settings = request.app.state.settings
    begun = running.begin(settings.home, lab, knobs, predicted)
    job = request.app.state.jobs.submit(_job(settings.home, lab, begun))
    return RedirectResponse(str(job.place), 303)


async def result(request: Request) -> Response:
    """One run: how far it is, or what it found."""
    lab, stored = _lab(request), _stored(request)
    return page(
        request,
        "lab_run.html",
        lab=lab,
        seen=await run_in_threadpool(explained, lab, stored),
        medians=medians(stored),
        path_of_result=_path(request, stored),
        course=course(),
        job=_live_job(request.app.state.jobs, lab, stored),
        recorded=False,
    )


async def events(request: Request) -> Response:
    """What changes on a run's page until it ends."""
    return StreamingResponse(_live(request, _lab(request), _stored(request)), media_type="text/event-stream")


async def recording(request: Request) -> Response:
    """The run that we recorded, with the machine that made it."""
    lab = _lab(request)
    recorded = store.recording(lab.slug)
    if recorded is None:
        raise HTTPException(404, f"There is no recording of {lab.title}.")
    return page(
        request,
        "lab_run.html",
        lab=lab,
        seen=await run_in_threadpool(explained, lab, recorded),
        medians=medians(recorded),
        path_of_result=None,
        course=course(),
        job=None,
        recorded=True,
    )


ROUTES = [
    Route("/labs", index),
    Route("/labs/{lab}", show),
    Route("/labs/{lab}/run", start, methods=["POST"]),
    Route("/labs/{lab}/recording", recording),
    Route("/labs/{lab}/{id}", result),
    Route("/labs/{lab}/{id}/events", events),
]


def last_of(home: Path, lab: Lab) -> Explained | None:
    """The newest finished result, if there is one."""
    return next(iter(earlier(home, lab, 1)), None)


async def _lab_page(
    request: Request, lab: Lab, *, chosen: Mapping[str, str], typed: Mapping[str, str], problem: str, status: int = 200
) -> Response:
    home = request.app.state.settings.home
    seen = await run_in_threadpool(earlier, home, lab, _EARLIER)
    reason = lab.why_not()
    recorded = store.recording(lab.slug)
    return page(
        request,
        "lab.html",
        status=status,
        lab=lab,
        course=course(),
        chosen=chosen,
        typed=typed,
        problem=problem,
        why_not=reason,
        recorded=await run_in_threadpool(explained, lab, recorded) if reason and recorded else None,
        has_recording=recorded is not None,
        seen=seen,
        over_time=over_time(lab, seen),
    )


def _predicted(lab: Lab, form: FormData) -> Predicted:
    """Raises UsageError unless a positive number was typed."""
    typed = forms.text(form, "prediction")
    if not typed.strip():
        raise UsageError("Predict first: what you expect is what the measurement is held against.")
    return read_prediction(lab, typed, forms.text(form, "because"))


def _job(home: Path, lab: Lab, begun: Result) -> Job:
    async def work(job: Job) -> None:
        def on_progress(progress: Progress) -> None:
            job.share, job.doing = progress.share, progress.doing
            job.tell()

        ended = await running.run(home, lab, begun, on_progress)
        job.problem = ended.failed or ""

    return Job(lab.slug, f"Lab: {lab.title}", work, f"/labs/{lab.slug}/{begun.id}")


def _live_job(jobs: Jobs, lab: Lab, stored: Result) -> Job | None:
    job = jobs.at(f"/labs/{lab.slug}/{stored.id}")
    return job if job is not None and not job.ended else None


async def _live(request: Request, lab: Lab, stored: Result) -> AsyncIterator[bytes]:
    state = request.app.state
    job = _live_job(state.jobs, lab, stored)
    told, quiet = "", 0.0
    while job is not None and not job.ended and not state.closing.is_set():
        now = fragment("parts/lab.html", "progress", job=job, jobs=state.jobs)
        if now != told:
            yield sse.event("progress", now)
            told, quiet = now, 0.0
        elif (quiet := quiet + _LOOK_SECONDS) >= _PING_SECONDS:
            yield sse.PING
            quiet = 0.0
        await job.wait_for_change(_LOOK_SECONDS)
    if state.closing.is_set():
        return
    ended = store.find_result(state.settings.home, lab.slug, stored.id)
    seen = await run_in_threadpool(explained, lab, ended)
    yield sse.event("progress", "")
    yield sse.event("result", _outcome(request, lab, seen))
    said = "The result is there." if ended.finished else "The run ended without a result."
    yield sse.event("say", said)
    yield sse.event("done", "")


def _outcome(request: Request, lab: Lab, seen: Explained) -> str:
    values = {"medians": medians(seen.result), "path_of_result": _path(request, seen.result)}
    try:
        return fragment(
            "parts/lab.html", "outcome", lab=lab, seen=seen, token=request.app.state.settings.token, **values
        )
    except (
        Exception
    ):  # the stream would break off, and the browser ask for it again and again; the page itself says more
        _LOG.exception("a lab's result could not be shown")
        return f'<p><a href="/labs/{lab.slug}/{seen.result.id}">Load this page again</a> to see how it ended.</p>'


def _path(request: Request, stored: Result) -> Path:
    """Where the result is kept."""
    home: Path = request.app.state.settings.home
    return home / "labs" / stored.lab / f"{stored.id}.json"


def _lab(request: Request) -> Lab:
    """Raises HTTPException 404 if there is no such lab."""
    slug = request.path_params["lab"]
    if slug not in labs.slugs():
        raise HTTPException(404, f"There is no lab {slug!r}.")
    return labs.find(slug)


def _stored(request: Request) -> Result:
    try:
        return store.find_result(request.app.state.settings.home, request.path_params["lab"], request.path_params["id"])
    except UsageError as error:
        raise HTTPException(404, f"There is no such run of this lab: {request.path_params['id']!r}.") from error
