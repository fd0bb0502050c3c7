"""The processor's page: a running ``climb stream``, its rate, lag, watermark and windows, as they are now and as they change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.watching.address import USUAL
from climb.systems.processor.watching.told import Closed
from climb.systems.processor.watching.watch import Phase, View, Watch, last_of, newest
from climb.systems.processor.watching.words import distance, lag, moment, sentence
from climb.workbench import sse
from climb.workbench.processors.choice import MOST_SENSORS, Choice, read_choice
from climb.workbench.processors.live import MOST_WINDOWS, USUALLY_DRAWN, Tick, ticks
from climb.workbench.templating import fragment, page

__all__ = ["ROUTES"]

_PLACE = "/systems/processor"
_WITHIN_S = 2.0  # a page does not wait longer for a processor
_OFFERED = 200  # names of sensors


async def show(request: Request) -> Response:
    """The processor as it stands now, complete; scripts make it live."""
    choice, problems = read_choice(request.query_params)
    watch = Watch(choice.address, within_s=_WITHIN_S)
    if "at" not in problems:
        await watch.look()
    found = await _closed(watch, choice) if watch.view.phase is Phase.RUNNING else {}
    return page(
        request,
        "processor.html",
        choice=choice,
        asked=request.query_params,
        problems=problems,
        usual=USUAL,
        most=MOST_SENSORS,
        most_windows=MOST_WINDOWS,
        offered=await _names(watch),
        known="at" not in problems,
        view=watch.view,
        running=watch.view.phase is Phase.RUNNING,
        **_parts(watch.view, found),
    )


async def events(request: Request) -> Response:
    """The same as it changes, as server-sent events."""
    choice, problems = read_choice(request.query_params)
    if "at" in problems:
        return Response(problems["at"], 400, media_type="text/plain")
    return StreamingResponse(_live(request, choice), media_type="text/event-stream")


async def _live(request: Request, choice: Choice) -> AsyncIterator[bytes]:
    closing = request.app.state.closing
    async for tick in ticks(choice, closing.is_set):
        yield sse.event("tick", msgspec.json.encode(_told(tick)).decode())


def _told(tick: Tick) -> dict[str, Any]:
    """What scripts need: numbers for the plots, and the rest of the page as markup."""
    view, stats = tick.view, tick.view.stats
    return {
        "phase": view.phase.value,
        "known": stats is not None,
        "at": view.at_ms,
        "rate": view.rate if view.phase is Phase.RUNNING else None,
        "lags": [stats.lag_p50_ms, stats.lag_p99_ms] if stats and view.phase is Phase.RUNNING else [None, None],
        "watermark": stats.watermark if stats and view.phase is Phase.RUNNING else None,
        "slide": stats.slide_ms if stats else None,
        "starts": view.starts,
        "curves": tick.curves,
        "parts": {name: fragment("parts/processor.html", name, **values) for name, values in _shown(tick).items()},
        "spoken": _spoken(view),
    }


def _shown(tick: Tick) -> dict[str, dict[str, Any]]:
    """The pieces of the page that change, with what each is made of."""
    parts = _parts(tick.view, tick.newest)
    return {
        "state": {"view": tick.view, "said": parts["said"]},
        **{name: {"words": parts["words"]} for name in ("rate", "lag", "mark")},
        "counters": {"stats": parts["stats"]},
        "workers": {"stats": parts["stats"]},
        "rows": {"windows": parts["windows"]},
    }


def _parts(view: View, found: dict[str, Closed]) -> dict[str, Any]:
    stats = view.stats
    return {
        "said": sentence(view),
        "stats": stats,
        "words": {
            "rate": "–" if view.rate is None else f"{view.rate:,.0f}",
            "p50": lag(stats.lag_p50_ms if stats else None),
            "p99": lag(stats.lag_p99_ms if stats else None),
            "watermark": moment(stats.watermark) if stats and stats.watermark is not None else "–",
            "behind": distance(view.behind_ms),
        },
        "windows": [(window, moment(window.start)) for window in found.values()],
    }


def _spoken(view: View) -> str:
    """What a screen reader says from time to time."""
    if view.phase is not Phase.RUNNING or view.stats is None:
        return sentence(view)
    rate = "unknown" if view.rate is None else f"{view.rate:,.0f}"
    return f"{rate} readings a second, lag {lag(view.stats.lag_p99_ms)} at the 99th percentile, watermark {distance(view.behind_ms)}."


async def _closed(watch: Watch, choice: Choice) -> dict[str, Closed]:
    """The newest window of each chosen sensor, or of the first that there are."""
    stats = watch.view.stats
    assert stats is not None
    found: dict[str, Closed] = {}
    try:
        for sensor in choice.sensors:
            page_ = await newest(watch.address, stats, within_s=_WITHIN_S, sensor=sensor)
            found |= {window.sensor: window for window in page_.windows[-1:]}
        if not choice.sensors:
            page_ = await newest(watch.address, stats, within_s=_WITHIN_S)
            found |= {window.sensor: window for window in last_of(page_.windows)[:USUALLY_DRAWN]}
    except EdgeError:
        return {}  # it went away this moment; the page tells what was known
    return found


async def _names(watch: Watch) -> list[str]:
    """Sensors to choose from: those whose windows closed last."""
    if watch.view.phase is not Phase.RUNNING or watch.view.stats is None:
        return []
    try:
        found = await newest(watch.address, watch.view.stats, within_s=_WITHIN_S)
    except EdgeError:
        return []
    return list(dict.fromkeys(window.sensor for window in found.windows))[:_OFFERED]


ROUTES = [
    Route(_PLACE, show),
    Route(f"{_PLACE}/events", events),
]
