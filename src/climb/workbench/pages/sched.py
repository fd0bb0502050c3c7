"""The scheduler's page: one workload under up to four policies, drawn one below the other on one axis of time."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from climb.counted import counted
from climb.errors import UsageError
from climb.printable import printable
from climb.systems.scheduler.model import POLICIES
from climb.workbench import forms
from climb.workbench.schedules import stored
from climb.workbench.schedules.choice import MOST_POLICIES, Choice, options, read_choice
from climb.workbench.schedules.drawing import Chart, drawn
from climb.workbench.schedules.knobs import KNOBS, MACHINE, used
from climb.workbench.schedules.lanes import MOST_LANES, Place
from climb.workbench.schedules.measuring import MOST_ROWS, PER_TASK, names_of, summary_table, task_rows
from climb.workbench.schedules.messages import MOST_SECONDS, MOST_TASKS, MOST_TURNS, Ask, Drawn, Panel, Refused
from climb.workbench.schedules.shelf import RECORDING, SHELF, SUGGESTED, Shelved
from climb.workbench.schedules.turns import WHYS, body
from climb.workbench.schedules.window import moved, whole, within
from climb.workbench.templating import fragment, page

__all__ = ["ROUTES"]

_PLACE = "/systems/scheduler"
_MOST_EDITED = 60_000  # characters of a workload that the page offers to edit
_REPEATED = 40  # characters of a name that a message repeats
_LIMITS = {
    "seconds": MOST_SECONDS,
    "tasks": MOST_TASKS,
    "turns": MOST_TURNS,
    "policies": MOST_POLICIES,
    "rows": MOST_ROWS,
}


async def show(request: Request) -> Response:
    """The view that the address asks for, complete; scripts make it live."""
    choice, problems = read_choice(request.query_params, SUGGESTED)
    answer = await _answer(request, choice)
    asked = request.query_params.get("view")
    if asked and isinstance(answer, Drawn):
        window = moved(choice.window, whole(answer.panels), asked)
        return RedirectResponse(f"{_PLACE}?{choice.address(window=window)}#charts", 303)
    return await _page(request, choice, problems, answer)


async def turns(request: Request) -> Response:
    """The same view as columns of numbers, and its tables as markup: what scripts draw from."""
    choice, problems = read_choice(request.query_params, SUGGESTED)
    answer = await _answer(request, choice)
    if isinstance(answer, Refused):
        return Response(body({"problem": answer.problem, "panels": []}, []), media_type="application/octet-stream")
    header = {
        "problem": " ".join(problems.values()),
        "tasks": [printable(name) for name in names_of(answer.workload)],
        "whole": whole(answer.panels),
        "whys": WHYS,
        "switching": bool(answer.workload.switch_cost or answer.workload.migration_cost),
        "panels": [_described(panel) for panel in answer.panels],
        "tables": fragment("parts/sched.html", "tables", **_tables(answer)),
    }
    return Response(body(header, [panel.turns for panel in answer.panels]), media_type="application/octet-stream")


async def own(request: Request) -> Response:
    """Keep a workload that was written or pasted, and show it; what is wrong with it is said above it."""
    form = await forms.action(request)
    text = forms.text(form, "document")
    choice = Choice(workload="", policies=SUGGESTED[""])
    answer = await _asked(request, choice, text.encode())
    if isinstance(answer, Refused):
        return await _page(request, choice, {"document": answer.problem}, answer, document=text)
    name = stored.keep(request.app.state.settings.home, text.encode())
    return RedirectResponse(f"{_PLACE}?workload={name}", 303)


async def _answer(request: Request, choice: Choice) -> Drawn | Refused:
    """Raises HTTPException 404 if there is no such workload."""
    document = None
    if stored.is_own(choice.workload):
        try:
            document = stored.read(request.app.state.settings.home, choice.workload)
        except UsageError as error:
            raise HTTPException(404, str(error)) from error
    elif choice.workload not in SHELF:
        raise HTTPException(404, f"There is no workload {choice.workload[:_REPEATED]!r}; there are {', '.join(SHELF)}.")
    return await _asked(request, choice, document)


async def _asked(request: Request, choice: Choice, document: bytes | None) -> Drawn | Refused:
    ask = Ask(
        workload="" if document is not None else choice.workload,
        draw=choice.draw,
        document=document or b"",
        machine=choice.machine,
        options=tuple(options(choice)),
    )
    answer: Drawn | Refused = await request.app.state.emulator.answer(ask)
    return answer


async def _page(
    request: Request, choice: Choice, problems: dict[str, str], answer: Drawn | Refused, document: str = ""
) -> Response:
    given = answer if isinstance(answer, Drawn) else None
    return page(
        request,
        "sched.html",
        status=400 if "document" in problems else 200,
        choice=choice,
        problems=problems,
        refused=answer.problem if isinstance(answer, Refused) and "document" not in problems else "",
        shelf=list(SHELF.values()),
        about=SHELF.get(choice.workload, Shelved(choice.workload, "Your own workload", "", "")),
        is_recording=choice.workload == RECORDING,
        all_policies=POLICIES,
        knobs=[(knob, used(knob, choice.policies)) for knob in KNOBS],
        machine=MACHINE,
        own_machine=_own_machine(given),
        charts=await run_in_threadpool(_charts, given, choice) if given else [],
        more_open=_more_open(choice, problems),
        lanes=_lanes(given, choice) if given else "task",
        window=within(choice.window, whole(given.panels)) if given else (0, 1),
        tables=_tables(given) if given else {},
        document=document or (_document(given) if given else ""),
        limits=_LIMITS,
    )


def _more_open(choice: Choice, problems: dict[str, str]) -> bool:
    """Whether one of the knobs that are out of sight was turned."""
    turned = {*choice.knobs, *choice.machine, *problems}
    return any(knob.rare and knob.name in turned for knob in (*KNOBS, *MACHINE))


def _charts(answer: Drawn, choice: Choice) -> list[tuple[Panel, Place, list[str], Chart]]:
    names = names_of(answer.workload)
    lanes = _lanes(answer, choice)
    window = within(choice.window, whole(answer.panels))
    charts = []
    for panel in answer.panels:
        labels = names if lanes == "task" else [f"cpu {number}" for number in range(panel.cpus)]
        place = Place.of(len(labels))
        charts.append((panel, place, labels[: place.shown], _chart(panel, names, lanes, window)))
    return charts


def _lanes(answer: Drawn, choice: Choice) -> str:
    """What the rows are: tasks, if nothing else was asked for and they are few enough to be seen at once."""
    return choice.lanes or ("task" if len(answer.workload.tasks) <= MOST_LANES else "cpu")


def _chart(panel: Panel, names: list[str], lanes: str, window: tuple[int, int]) -> Chart:
    alternative = f"Chart of {panel.name}: {counted(panel.turns.count, 'turn')} of {counted(len(names), 'task')}; the tables below have its measures."
    return drawn(panel.turns, names, cpus=panel.cpus, lanes=lanes, window=window, alternative=alternative)


def _described(panel: Panel) -> dict[str, Any]:
    """What scripts need to know of a schedule, besides its columns."""
    return {
        "name": panel.name,
        "rule": panel.rule,
        "cpus": panel.cpus,
        "turns": panel.turns.count,
        "key": panel.key,
        "scale": panel.key_scale,
        "growth": panel.growth,
        "runtimeGrowth": panel.runtime_growth,
        "bases": panel.bases,
        "weights": panel.weights,
        "quantum": panel.quantum,
        "order": panel.order,
        "complete": panel.complete,
    }


def _tables(answer: Drawn) -> dict[str, Any]:
    labels, rows = summary_table([panel.summary for panel in answer.panels])
    return {
        "names": [panel.name for panel in answer.panels],
        "labels": labels,
        "summary": rows,
        "rows": task_rows(answer.workload, answer.panels),
        "tasks": len(answer.workload.tasks),
        "per_task": PER_TASK,
    }


def _own_machine(answer: Drawn | None) -> dict[str, int]:
    """The machine as it is drawn."""
    names = [knob.name for knob in MACHINE]
    return {name: getattr(answer.workload, name) for name in names} if answer else dict.fromkeys(names, 1)


def _document(answer: Drawn) -> str:
    """The workload as JSON to be edited, a line for each task; empty if it is too long for that."""
    fields = msgspec.to_builtins(answer.workload)
    tasks = ",\n  ".join(msgspec.json.encode(task).decode() for task in answer.workload.tasks)
    head = "".join(f'"{name}": {value}, ' for name, value in fields.items() if name != "tasks")
    text = f'{{{head}"tasks": [\n  {tasks}\n]}}\n'
    return text if len(text) <= _MOST_EDITED else ""


ROUTES = [
    Route(_PLACE, show),
    Route(f"{_PLACE}/turns", turns),
    Route(f"{_PLACE}/workloads", own, methods=["POST"]),
]
