"""The journal's pages: the entries, one of them beside its evidence, and the desk where one is written."""

from __future__ import annotations

import datetime as dt

import msgspec
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from climb.course.loader import course
from climb.errors import UsageError
from climb.journal import drafts, entries as journal
from climb.journal.agenda import agenda, open_prompts
from climb.journal.export import export
from climb.journal.files import path_of
from climb.journal.prompts import Prompt
from climb.workbench import forms
from climb.workbench.quotable import evidence_of, quotable
from climb.workbench.templating import page

__all__ = ["ROUTES"]


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the form begins with. ``window`` names this window's draft; ``entry`` is None for a new entry."""

    window: str
    entry: str | None = None
    base_revision: str = ""
    title: str = ""
    text: str = ""
    module: str | None = None
    prompt: str | None = None
    prompt_id: str | None = None
    about: tuple[str, ...] = ()


async def show(request: Request) -> Response:
    """All entries, what is not saved yet, and the open prompts."""
    home = request.app.state.settings.home
    return page(
        request,
        "journal.html",
        entries=journal.entries(home),
        drafts=drafts.drafts(home),
        problems=journal.problems(home),
        prompts=agenda(home, course()),
        folder=home / "journal",
    )


async def entry(request: Request) -> Response:
    """One entry, beside the runs and labs that it speaks of."""
    home = request.app.state.settings.home
    found = _entry(request)
    return page(
        request,
        "entry.html",
        entry=found,
        evidence=evidence_of(home, found),
        others=journal.others(home, found.id),
        file=home / "journal" / f"{found.id}.md",
    )


async def new(request: Request) -> Response:
    """A desk for a new entry, with the prompt that was chosen, or with a draft that waits."""
    home = request.app.state.settings.home
    asked = request.query_params
    if "draft" in asked:
        draft = drafts.read_draft(drafts.draft_path(home, asked["draft"]))
        return _desk(request, _of_draft(draft))
    prompt = _prompt(request)
    about = prompt.about if prompt else tuple(f"climb:{reference}" for reference in asked.getlist("about"))
    return _desk(
        request,
        Desk(
            window=drafts.new_window(),
            module=(prompt.module if prompt else None) or asked.get("module"),
            prompt=prompt.ask if prompt else None,
            prompt_id=prompt.id if prompt else None,
            about=about,
        ),
    )


async def edit(request: Request) -> Response:
    """The desk with an entry on it, or with the draft of one."""
    home = request.app.state.settings.home
    name = request.path_params["entry"]
    if "draft" in request.query_params:
        return _desk(
            request, _of_draft(drafts.read_draft(drafts.draft_path(home, request.query_params["draft"], name)))
        )
    found = _entry(request)
    desk = Desk(
        window=drafts.new_window(),
        entry=found.id,
        base_revision=found.revision,
        title=found.title,
        text=found.text,
        module=found.module,
        prompt=found.prompt,
        prompt_id=found.prompt_id,
        about=found.about,
    )
    return _desk(request, desk)


async def save(request: Request) -> Response:
    """Keep what was written; if the entry was changed elsewhere meanwhile, both texts are kept and shown."""
    form = await forms.action(request)
    home = request.app.state.settings.home
    desk = _of_form(form)
    if not desk.text.strip():
        return _desk(request, desk, problem="Nothing is written yet.")
    if desk.entry is None:
        made = journal.create(
            home,
            title=desk.title,
            text=desk.text,
            module=desk.module,
            prompt=desk.prompt,
            prompt_id=desk.prompt_id,
            about=desk.about,
            window=desk.window,
        )
        return RedirectResponse(f"/journal/{made.id}", 303)
    outcome = journal.save(home, desk.entry, desk.base_revision, desk.title, desk.text, window=desk.window)
    if isinstance(outcome, journal.Saved):
        return RedirectResponse(f"/journal/{desk.entry}", 303)
    return RedirectResponse(f"/journal/{desk.entry}/merge/{outcome.other.id}", 303)


async def keep_draft(request: Request) -> Response:
    """Keep what a window has typed so far; answers with the time, for the line under the text."""
    form = await forms.action(request)
    desk = _of_form(form)
    drafts.keep(
        request.app.state.settings.home,
        desk.window,
        entry=desk.entry,
        base_revision=desk.base_revision or None,
        title=desk.title,
        text=desk.text,
        module=desk.module,
        prompt=desk.prompt,
        prompt_id=desk.prompt_id,
        about=desk.about,
    )
    return PlainTextResponse(dt.datetime.now().astimezone().strftime("%H:%M:%S"))


async def discard_draft(request: Request) -> Response:
    """Drop a draft, as its owner asks."""
    form = await forms.action(request)
    drafts.discard(request.app.state.settings.home, forms.text(form, "window"), forms.text(form, "entry") or None)
    return RedirectResponse("/journal", 303)


async def merge(request: Request) -> Response:
    """Two texts of one entry side by side, and a place to write what is to stay."""
    home = request.app.state.settings.home
    found = _entry(request)
    other = next((each for each in journal.others(home, found.id) if each.id == request.path_params["other"]), None)
    if other is None:
        return RedirectResponse(f"/journal/{found.id}", 303)
    return page(request, "merge.html", entry=found, other=other)


async def resolve(request: Request) -> Response:
    """Keep the merged text, and drop the one that was kept beside the entry."""
    form = await forms.action(request)
    name, other = request.path_params["entry"], request.path_params["other"]
    home, base = request.app.state.settings.home, forms.text(form, "base_revision")
    outcome = journal.resolve(home, name, other, base, forms.text(form, "text"), forms.text(form, "title"))
    if isinstance(outcome, journal.Saved):
        return RedirectResponse(f"/journal/{name}", 303)
    return RedirectResponse(f"/journal/{name}/merge/{outcome.other.id}", 303)


async def document(request: Request) -> Response:
    """The whole journal as one Markdown document."""
    text = export(request.app.state.settings.home, course())
    headers = {"Content-Disposition": 'attachment; filename="journal.md"'}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)


ROUTES = [
    Route("/journal", show),
    Route("/journal", save, methods=["POST"]),
    Route("/journal/new", new),
    Route("/journal/export", document),
    Route("/journal/drafts", keep_draft, methods=["POST"]),
    Route("/journal/drafts/discard", discard_draft, methods=["POST"]),
    Route("/journal/{entry}", entry),
    Route("/journal/{entry}/edit", edit),
    Route("/journal/{entry}/merge/{other}", merge),
    Route("/journal/{entry}/merge/{other}", resolve, methods=["POST"]),
]


def _entry(request: Request) -> journal.Entry:
    """The entry that the address names. Raises HTTPException 404 if there is none, UsageError if it can't be read."""
    home, name = request.app.state.settings.home, request.path_params["entry"]
    if not path_of(home, name).exists():
        raise HTTPException(404, f"There is no entry {name!r} in the journal.")
    return journal.read(home, name)


def _desk(request: Request, desk: Desk, problem: str = "") -> Response:
    home = request.app.state.settings.home
    return page(request, "desk.html", desk=desk, quotable=quotable(home), problem=problem, course=course())


def _prompt(request: Request) -> Prompt | None:
    """The prompt that the address names, by its id or as a module's reflection."""
    asked = request.query_params
    wanted = asked.get("prompt") or f"module/{asked.get('module')}/{asked.get('reflection')}"
    prompts = open_prompts(request.app.state.settings.home, course())
    found = next((prompt for prompt in prompts if prompt.id == wanted), None)
    if "prompt" in asked and found is None:
        raise UsageError(f"the prompt {wanted!r} is not open: it was answered, or what raised it is gone")
    return found


def _of_draft(draft: drafts.Draft) -> Desk:
    return Desk(
        window=draft.window,
        entry=draft.entry,
        base_revision=draft.base_revision or "",
        title=draft.title,
        text=draft.text,
        module=draft.module,
        prompt=draft.prompt,
        prompt_id=draft.prompt_id,
        about=draft.about,
    )


def _of_form(form: FormData) -> Desk:
    return Desk(
        window=forms.text(form, "window"),
        entry=forms.text(form, "entry") or None,
        base_revision=forms.text(form, "base_revision"),
        title=forms.text(form, "title"),
        text=forms.text(form, "text"),
        module=forms.text(form, "module") or None,
        prompt=forms.text(form, "prompt") or None,
        prompt_id=forms.text(form, "prompt_id") or None,
        about=tuple(value for value in form.getlist("about") if isinstance(value, str) and value),
    )
