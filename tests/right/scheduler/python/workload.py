"""Reads the workload, and refuses what makes no sense with the place where it stands."""

import json
from dataclasses import dataclass

from refusal import Refusal, shown

LARGEST = 1_000_000_000
MOST_JOBS = 1_000_000
REQUIRED = object()


@dataclass
class TaskSpec:
    id: str
    bursts: list[int]
    arrival: int
    priority: int
    nice: int
    tickets: int
    period: int | None
    deadline: int | None


@dataclass
class Workload:
    tasks: list[TaskSpec]
    cpus: int
    switch_cost: int
    migration_cost: int
    until: int | None

    def releases(self, task):
        """The ticks at which the jobs of a task are released."""
        if task.period is None:
            return range(task.arrival, task.arrival + 1)
        return range(task.arrival, max(self.until, task.arrival + 1), task.period)


def read_workload(data):
    document = parse(data)
    if not isinstance(document, dict):
        raise Refusal(f"the workload must be an object, not {shown(document)}")
    cpus = number(document, "cpus", "", 1, 64, 1)
    switch_cost = number(document, "switch_cost", "", 0, LARGEST, 0)
    migration_cost = number(document, "migration_cost", "", 0, LARGEST, 0)
    until = number(document, "until", "", 1, LARGEST, None)
    if "tasks" not in document:
        raise Refusal("tasks: is missing")
    if not isinstance(document["tasks"], list) or not document["tasks"]:
        raise Refusal("tasks: must be a list of at least one task")
    tasks, ids = [], set()
    for index, fields in enumerate(document["tasks"]):
        task = read_task(fields, f"tasks[{index}]")
        if task.id in ids:
            raise Refusal(f"tasks[{index}].id: {shown(task.id)} is the name of an earlier task")
        ids.add(task.id)
        tasks.append(task)
    if until is None and any(task.period for task in tasks):
        raise Refusal("until: is missing, and a task has a period")
    workload = Workload(tasks, cpus, switch_cost, migration_cost, until)
    if sum(len(workload.releases(task)) for task in tasks) > MOST_JOBS:
        raise Refusal(f"until: makes more than {MOST_JOBS} jobs")
    return workload


def parse(data):
    try:
        return json.loads(data.decode("utf-8"), parse_constant=no_constant, parse_int=whole)
    except RecursionError:
        raise Refusal("the workload is nested too deeply") from None
    except ValueError as error:
        raise Refusal(f"the workload is not JSON: {error}") from None


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def whole(text):
    """Digits beyond any bound of ours need not become a number."""
    return int(text) if len(text) < 30 else float("inf")


def read_task(fields, path):
    if not isinstance(fields, dict):
        raise Refusal(f"{path}: must be an object, not {shown(fields)}")
    name = fields.get("id")
    if not isinstance(name, str) or not name:
        raise Refusal(f"{path}.id: must be a text that is not empty")
    period = number(fields, "period", path, 1, LARGEST, None)
    return TaskSpec(
        id=name,
        bursts=read_bursts(fields.get("bursts"), f"{path}.bursts"),
        arrival=number(fields, "arrival", path, 0, LARGEST, 0),
        priority=number(fields, "priority", path, -1000, 1000, 0),
        nice=number(fields, "nice", path, -20, 19, 0),
        tickets=number(fields, "tickets", path, 1, 1_000_000, 100),
        period=period,
        deadline=number(fields, "deadline", path, 1, LARGEST, period),
    )


def read_bursts(bursts, path):
    if not isinstance(bursts, list):
        raise Refusal(f"{path}: must be a list")
    if len(bursts) % 2 == 0:
        raise Refusal(f"{path}: must have an odd number of bursts, not {len(bursts)}")
    for index, ticks in enumerate(bursts):
        check_number(ticks, f"{path}[{index}]", 1, LARGEST)
    return bursts


def number(fields, name, path, low, high, default):
    if name not in fields:
        return default
    return check_number(fields[name], f"{path}.{name}" if path else name, low, high)


def check_number(value, path, low, high):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refusal(f"{path}: must be a whole number from {low} to {high}, not {shown(value)}")
    return value
