"""GET /metrics before and after known requests: they are counted, by route and not by path, and each has a duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.expect import expect, fail
from climb.projects.identity.rules.exposition import NotMetrics, Sample, broken_histograms, samples, total

if TYPE_CHECKING:
    from climb.judge.world import World
    from climb.projects.identity.driver import Running

__all__ = ["demand_metrics"]

_COUNTS = "http_requests_total"
_SECONDS = "http_request_duration_seconds"
_LABELS = ("method", "route", "status")
_STRANGE = 20


async def demand_metrics(running: Running, world: World) -> None:
    """What was asked in between is counted."""
    admin = (await running.admin()).access
    people = [await running.register() for _ in range(2)]
    for person in people:
        await running.ask("GET", f"/v1/users/{person.id}", token=admin)
    before = await _read(running)
    times = world.draw.integer(2, 5)
    for _ in range(times):
        for person in people:
            await running.ask("GET", f"/v1/users/{person.id}", token=admin)
    for _ in range(times):
        await running.ask("GET", "/v1/users/me", status=401)
    strange = [f"/{world.draw.word(8, 12)}/{number}" for number in range(_STRANGE)]
    for path in strange:
        await running.ask("GET", path, status=404)
    after = await _read(running)

    for name in (_COUNTS, f"{_SECONDS}_count"):
        _demand_grown(before, after, name, "GET /v1/users/{id}", 2 * times, status="200", with_in_it="/v1/users/")
        _demand_grown(
            before, after, name, "GET /v1/users/me without a token", times, status="401", with_in_it="/v1/users/me"
        )
    _demand_templates([*(person.id for person in people), *strange], after)
    expect(broken_histograms(after, _SECONDS), f"what is wrong with the histogram {_SECONDS}").equals(
        [],
        why="Each bucket holds what the smaller ones hold too, and the last is +Inf (Prometheus, exposition formats).",
    )


async def _read(running: Running) -> list[Sample]:
    answer = await running.ask("GET", "/metrics")
    try:
        return samples(answer.text)
    except NotMetrics as wrong:
        answer.blame(
            "lines of Prometheus' text format",
            str(wrong),
            "A scraper throws the whole page away for one line that it can't read.",
        )


def _demand_grown(
    before: list[Sample], after: list[Sample], name: str, what: str, by: int, *, status: str, with_in_it: str
) -> None:
    """Some series of this method and status, whose route has this text in it, has grown by so much."""
    wanted = {"method": "GET", "status": status}
    routes = {
        each.labels.get("route", ""): total(after, name, route=each.labels.get("route", ""), **wanted)
        - total(before, name, route=each.labels.get("route", ""), **wanted)
        for each in after
        if each.name == name and each.has(**wanted)
    }
    if not any(with_in_it in route and grown == by for route, grown in routes.items()):
        told = ", ".join(f'route="{route}" by {grown:g}' for route, grown in sorted(routes.items())) or "nothing"
        fail(
            f"{name} of {what}",
            expected=f'one series with method="GET" and status="{status}" that has grown by {by}',
            received=f"of these labels have grown: {told}",
            why="So often it was asked for between two looks at /metrics. Nothing else counts what a service does.",
        )


def _demand_templates(paths: list[str], found: list[Sample]) -> None:
    """No label holds a path, or a part of one, that somebody has made up."""
    for each in found:
        if each.name != _COUNTS:
            continue
        expect(sorted(each.labels), f"labels of {_COUNTS}").satisfies(
            lambda labels: set(_LABELS) <= set(labels), expected=", ".join(_LABELS), why="The brief has these."
        )
        inside = next((path for path in paths if path in each.labels["route"]), None)
        if inside is not None:
            fail(
                f"the label route of {_COUNTS}",
                expected="the template of a route, such as /v1/users/{id}",
                received=f'route="{each.labels["route"]}"',
                why="With paths as labels each account, and each path that a stranger makes up, is a new series that is kept for ever.",
            )
