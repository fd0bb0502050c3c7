"""Workload documents: read fast if they are right, and explained exactly if not.

A right document is decoded and checked in one go by msgspec. Only when that fails is it looked at piece by piece, to say
in the brief's words what is wrong, and where.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from climb.systems.scheduler.errors import WorkloadError
from climb.systems.scheduler.model import Task, Workload
from climb.systems.scheduler.state import jobs_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

__all__ = ["LARGEST", "MOST_BYTES", "MOST_JOBS", "read_workload"]

LARGEST = 1_000_000_000
MOST_JOBS = 1_000_000
MOST_BYTES = 256 * 1024 * 1024  # far more than a million tasks need; garbage need not be read to its end

_MACHINE = {"cpus": (1, 64), "switch_cost": (0, LARGEST), "migration_cost": (0, LARGEST), "until": (1, LARGEST)}
_TASK = {
    "arrival": (0, LARGEST),
    "priority": (-1000, 1000),
    "nice": (-20, 19),
    "tickets": (1, 1_000_000),
    "period": (1, LARGEST),
    "deadline": (1, LARGEST),
}

_Some = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
_None = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class _RightTask(msgspec.Struct, kw_only=True, gc=False):
    id: Annotated[str, msgspec.Meta(min_length=1)]
    bursts: Annotated[tuple[_Some, ...], msgspec.Meta(min_length=1)]
    arrival: _None = 0
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    nice: Annotated[int, msgspec.Meta(ge=-20, le=19)] = 0
    tickets: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 100
    period: _Some | msgspec.UnsetType = msgspec.UNSET
    deadline: _Some | msgspec.UnsetType = msgspec.UNSET


class _Right(msgspec.Struct, kw_only=True):
    tasks: Annotated[list[_RightTask], msgspec.Meta(min_length=1, max_length=MOST_JOBS)]
    cpus: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    switch_cost: _None = 0
    migration_cost: _None = 0
    until: _Some | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Right)


def read_workload(data: bytes) -> Workload:
    """Return the workload of a document; raise WorkloadError, in one line with the place, if it makes no sense."""
    if len(data) > MOST_BYTES:
        raise WorkloadError(f"the workload is longer than {MOST_BYTES // (1024 * 1024)} MiB")
    try:
        try:
            right = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            workload = _looked_at(_parsed(data))
        else:
            tasks = tuple(_task(task) for task in right.tasks)
            workload = Workload(
                tasks=tasks,
                cpus=right.cpus,
                switch_cost=right.switch_cost,
                migration_cost=right.migration_cost,
                until=right.until or None,
            )
        _check_as_a_whole(workload)
    except MemoryError:
        raise WorkloadError("the workload does not fit into the memory") from None
    return workload


def _task(right: _RightTask) -> Task:
    return Task(
        id=right.id,
        bursts=right.bursts,
        arrival=right.arrival,
        priority=right.priority,
        nice=right.nice,
        tickets=right.tickets,
        period=right.period or None,
        deadline=right.deadline or None,
    )


def _check_as_a_whole(workload: Workload) -> None:
    """What no field can know alone."""
    known: dict[str, int] = {}
    jobs = 0
    for index, task in enumerate(workload.tasks):
        if known.setdefault(task.id, index) != index:
            _refuse(f"tasks[{index}].id", f"{_shown(task.id)} is the id of tasks[{known[task.id]}] too")
        if len(task.bursts) % 2 == 0:
            _refuse(
                f"tasks[{index}].bursts",
                f"must be an odd number of bursts, work first and last, not {len(task.bursts)}",
            )
        if task.period is not None and workload.until is None:
            _refuse("until", f"is missing, and tasks[{index}] has a period")
        jobs += jobs_of(task, workload.until)
    if jobs > MOST_JOBS:
        _refuse("until" if workload.until else "tasks", f"all jobs together must be at most {MOST_JOBS}, not {jobs}")


# --- what is wrong --------------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> Any:
    """Return any JSON document as plain values."""
    try:
        return msgspec.json.decode(data)
    except msgspec.ValidationError:  # a number that is too large for msgspec, not for JSON
        return _parsed_with_huge_numbers(data)
    except msgspec.DecodeError as error:
        raise WorkloadError(f"the workload is not JSON: {_without_prefix(str(error))}") from None
    except UnicodeDecodeError as error:
        raise WorkloadError(f"the workload is not UTF-8: byte {error.start} of a text can't be read") from None
    except RecursionError:
        raise WorkloadError("the workload is nested too deeply") from None


def _parsed_with_huge_numbers(data: bytes) -> Any:
    try:
        return json.loads(data, parse_int=lambda digits: int(digits) if len(digits) < 30 else float(digits))
    except RecursionError:
        raise WorkloadError("the workload is nested too deeply") from None
    except ValueError as error:
        raise WorkloadError(f"the workload is not JSON: {error}") from None


def _without_prefix(message: str) -> str:
    return message.removeprefix("JSON is malformed: ").replace("Input data was truncated", "it ends too early")


def _looked_at(document: Any) -> Workload:
    """Return a workload from plain values, or refuse the first that is wrong."""
    if not isinstance(document, dict):
        raise WorkloadError(f"the workload must be a JSON object, not {_shown(document)}")
    numbers = _numbers(document, _MACHINE, "")
    if "tasks" not in document:
        _refuse("tasks", "is missing")
    tasks = document["tasks"]
    if not isinstance(tasks, list) or not tasks:
        _refuse("tasks", f"must be a list of at least one task, not {_shown(tasks)}")
    if len(tasks) > MOST_JOBS:
        _refuse("tasks", f"must be at most {MOST_JOBS} tasks, not {len(tasks)}")
    return Workload(
        tasks=tuple(_looked_at_task(task, f"tasks[{index}]") for index, task in enumerate(tasks)), **numbers
    )


def _looked_at_task(task: Any, path: str) -> Task:
    if not isinstance(task, dict):
        _refuse(path, f"must be an object, not {_shown(task)}")
    if "id" not in task:
        _refuse(f"{path}.id", "is missing")
    if not isinstance(task["id"], str) or not task["id"]:
        _refuse(f"{path}.id", f"must be a text that is not empty, not {_shown(task['id'])}")
    if "bursts" not in task:
        _refuse(f"{path}.bursts", "is missing")
    bursts = task["bursts"]
    if not isinstance(bursts, list) or not bursts:
        _refuse(f"{path}.bursts", f"must be a list of an odd number of bursts, not {_shown(bursts)}")
    ticks = tuple(_whole(burst, f"{path}.bursts[{index}]", 1, LARGEST) for index, burst in enumerate(bursts))
    return Task(id=task["id"], bursts=ticks, **_numbers(task, _TASK, f"{path}."))


def _numbers(values: Mapping[str, Any], ranges: Mapping[str, tuple[int, int]], path: str) -> dict[str, int]:
    return {name: _whole(values[name], path + name, *ends) for name, ends in ranges.items() if name in values}


def _whole(value: Any, path: str, smallest: int, largest: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not smallest <= value <= largest:
        _refuse(path, f"must be a whole number from {smallest} to {largest}, not {_shown(value)}")
    return value


def _refuse(path: str, what: str) -> NoReturn:
    raise WorkloadError(f"{path}: {what}")


def _shown(value: Any) -> str:
    """Return a value in one short line."""
    if isinstance(value, list | dict) and value:
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**30:
        return "a larger one" if value > 0 else "a smaller one"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
