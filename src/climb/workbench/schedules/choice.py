"""What an address asks for: a workload, policies, knobs, and the stretch of time to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast
from urllib.parse import urlencode

import msgspec
from starlette.datastructures import QueryParams

from climb.systems.scheduler.model import POLICIES, Options, Policy, Queues, Workload
from climb.workbench.schedules.knobs import KNOBS, MACHINE, Knob

__all__ = ["MOST_POLICIES", "Choice", "Lanes", "options", "read_choice", "workload_as_asked"]

MOST_POLICIES = 4
_FIRST = "convoy"
_FARTHEST = 10**16  # no schedule within the limits lasts longer
_MOST_DRAWS = 1_000_000
_REPEATED = 40  # characters of a word that a message repeats

Lanes = Literal["cpu", "task"]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One view. ``knobs`` and ``machine`` hold only what was given; the rest is the default, or the workload's own.

    Without ``lanes``, rows are tasks if there are few enough.
    """

    workload: str = _FIRST
    draw: int = 1
    policies: tuple[Policy, ...] = ()
    knobs: dict[str, int] = msgspec.field(default_factory=dict)
    machine: dict[str, int] = msgspec.field(default_factory=dict)
    queues: Queues = "global"
    lanes: Lanes | None = None
    window: tuple[int, int] | None = None

    def address(self, **changes: object) -> str:
        """The words of the address that asks for this, with some of it changed."""
        this = msgspec.structs.replace(self, **changes)
        words: list[tuple[str, str | int]] = [("workload", this.workload)]
        words += [("draw", this.draw)] if this.draw != 1 else []
        words += [("policy", policy) for policy in this.policies]
        words += [*this.knobs.items(), *this.machine.items()]
        words += [("queues", this.queues)] if this.queues != "global" else []
        words += [("lanes", this.lanes)] if this.lanes else []
        words += [("from", this.window[0]), ("to", this.window[1])] if this.window else []
        return urlencode(words)


def read_choice(query: QueryParams, suggested: Mapping[str, Sequence[Policy]]) -> tuple[Choice, dict[str, str]]:
    """What is asked for, and for each word that makes no sense why; it is passed over.

    ``suggested`` has the policies for a workload that is asked for without any.
    """
    problems: dict[str, str] = {}
    workload = query.get("workload") or _FIRST
    policies = _policies(query.getlist("policy"), problems) or tuple(suggested.get(workload, suggested[""]))
    given = {knob.name: _number(query, knob, problems) for knob in (*KNOBS, *MACHINE)}
    draw = _whole(query.get("draw"), 1, _MOST_DRAWS)
    choice = Choice(
        workload=workload,
        draw=1 if draw is None else draw,
        policies=policies,
        knobs=_kept(KNOBS, given),
        machine=_kept(MACHINE, given),
        queues="per-cpu" if query.get("queues") == "per-cpu" else "global",
        lanes=_lanes(query.get("lanes")),
        window=_window(query),
    )
    return choice, problems


def options(choice: Choice) -> list[Options]:
    """One set of options for each policy."""
    return [Options(policy=policy, queues=choice.queues, **choice.knobs) for policy in choice.policies]


def workload_as_asked(workload: Workload, machine: Mapping[str, int]) -> Workload:
    """``workload`` on the machine that was asked for."""
    return msgspec.structs.replace(workload, **machine)


def _policies(words: Sequence[str], problems: dict[str, str]) -> tuple[Policy, ...]:
    unknown = [word for word in words if word not in POLICIES]
    if unknown:
        problems["policy"] = f"There is no policy {unknown[0][:_REPEATED]!r}; there are {', '.join(POLICIES)}."
    known = tuple(policy for policy in POLICIES if policy in words)
    if len(known) > MOST_POLICIES:
        left_out = ", ".join(known[MOST_POLICIES:])
        problems["policy"] = f"At most {MOST_POLICIES} stand beside one another; left out: {left_out}."
    return known[:MOST_POLICIES]


def _number(query: QueryParams, knob: Knob, problems: dict[str, str]) -> int | None:
    word = (query.get(knob.name) or "").strip()
    value = _whole(word, knob.least, knob.most)
    if word and value is None:
        problems[knob.name] = f"must be a whole number from {knob.least} to {knob.most}, not {word[:_REPEATED]!r}"
    return value


def _kept(knobs: Sequence[Knob], given: Mapping[str, int | None]) -> dict[str, int]:
    found = {knob.name: given[knob.name] for knob in knobs if given[knob.name] not in (None, knob.default)}
    return cast("dict[str, int]", found)


def _lanes(word: str | None) -> Lanes | None:
    return "task" if word == "task" else "cpu" if word == "cpu" else None


def _window(query: QueryParams) -> tuple[int, int] | None:
    begin, end = (_whole(query.get(name), 0, _FARTHEST) for name in ("from", "to"))
    return (begin, end) if begin is not None and end is not None and begin < end else None


def _whole(word: str | None, least: int, most: int) -> int | None:
    """The number that ``word`` is, if it is one from ``least`` to ``most``."""
    if word is None or not word.isascii() or not word.isdigit() or len(word) > len(str(most)):
        return None
    return int(word) if least <= int(word) <= most else None
