"""Start a run, and wait for it in line."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from climb.judge.project import load as load_project
from climb.judge.reference import reference_submission
from climb.judge.run import Plan, new_seed
from climb.judge.submission import load as load_submission
from climb.workbench import forms
from climb.workbench.judging import judging_job, page_of
from climb.workbench.tasks import Judge
from climb.workbench.templating import page

__all__ = ["ROUTES"]


async def start(request: Request) -> Response:
    """Judge a folder or our own system; goes to the run's page, or to its place in line."""
    form = await forms.action(request)
    plan = Plan(every=bool(forms.text(form, "every")), only=forms.text(form, "stage") or None)
    reference = forms.text(form, "reference") or None
    if reference is not None:
        submission, project = reference_submission(request.app.state.settings.home, reference)
        title = f"Our own {reference}"
    else:
        submission = load_submission(forms.folder(request, form))
        project = load_project(submission.project)
        title = f"{submission.project} in {submission.folder}"
    if plan.only is not None:
        project.stage(plan.only)  # an unknown stage is refused before it stands in line
    task = Judge(folder=str(submission.folder), seed=new_seed(), plan=plan, reference=reference)
    job = request.app.state.jobs.submit(judging_job(task, title))
    await job.wait_for_place(request.app.state.patience)
    return RedirectResponse(page_of(job), 303)


async def waiting(request: Request) -> Response:
    """A job's place in line; once it has a page, that page."""
    jobs = request.app.state.jobs
    job = jobs.get(request.path_params["job"])
    if job is None:
        raise HTTPException(
            404, "This job is not known any more: the workbench was started anew, or it ended long ago."
        )
    if job.place is not None and not job.problem:
        if "hx-request" in request.headers:
            return Response(headers={"HX-Redirect": job.place})
        return RedirectResponse(job.place, 303)
    before = jobs.waiting.index(job) + 1 if job in jobs.waiting else 0
    return page(request, "job.html", job=job, before=before)


async def stop(request: Request) -> Response:
    """End a job, or take it out of the line."""
    await forms.action(request)
    jobs = request.app.state.jobs
    job = jobs.get(request.path_params["job"])
    if job is None:
        raise HTTPException(404, "This job is not known any more.")
    jobs.stop(job)
    return RedirectResponse(page_of(job), 303)


ROUTES = [
    Route("/checks", start, methods=["POST"]),
    Route("/jobs/{job}", waiting),
    Route("/jobs/{job}/stop", stop, methods=["POST"]),
]
