"""Stage 7: input that makes no sense, and input that only looks like it."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single
from climb.projects.scheduler.stages.faults import Fault, amiss, chosen, document, good, one_line, place, refused
from climb.projects.scheduler.stages.judged import hold_the_rules
from climb.projects.scheduler.workload import Options, Task, Workload

__all__ = ["refusals"]

refusals = Stage(
    "refusals",
    "Input that makes no sense",
    concepts=["protocols", "bounded-reads"],
    hints=[
        "Who reads your error message: the one who wrote the program, or the one who wrote the workload? What does the latter want to know first?",
        "Read the document in one place, into types of your own, before anything is scheduled. Carry the path along while you go down, and stop at the first fault.",
        "Check each value for its type first (in many languages true is a number, and 1.5 becomes one), then for its range, then the whole: ids twice, an even number of bursts, a missing until, too many "
        "jobs, which you can count by dividing. Print `path: what is wrong` on standard error and exit with 2. Catch what the JSON parser raises, also for nesting too deep.",
    ],
)

_LARGEST = 1_000_000_000
_OUT_OF_RANGE: list[tuple[str, object]] = [
    ("arrival", -1), ("burst", 0), ("burst", -2), ("cpus", 0), ("cpus", 65), ("nice", 20), ("nice", -21), ("tickets", 0),
    ("tickets", 1_000_001), ("priority", 1001), ("priority", -1001), ("switch_cost", -1), ("migration_cost", -3),
    ("deadline", 0), ("burst", _LARGEST + 1), ("arrival", _LARGEST + 1), ("burst", 2**63), ("arrival", -(2**64)),
]  # fmt: skip
_NO_WHOLE_NUMBER: list[tuple[str, object]] = [
    ("arrival", "3"), ("arrival", 1.5), ("burst", "2"), ("burst", 2.5), ("burst", True), ("burst", [1]), ("cpus", "one"),
    ("cpus", True), ("nice", {}), ("priority", 0.25), ("tickets", "many"), ("switch_cost", [0]), ("bursts", 3), ("bursts", {}),
    ("bursts", "2"), ("id", 7), ("id", ["A"]),
]  # fmt: skip
_USAGE = (
    ((), "--policy is missing"),
    (("--policy", "fifo"), "there is no policy fifo"),
    (("--policy",), "--policy has no value"),
    (("--policy", "rr", "--quantum", "0"), "--quantum is 0"),
    (("--policy", "rr", "--quantum", "two"), "--quantum is no number"),
    (("--policy", "rr", "--quantum", "-4"), "--quantum is -4"),
    (("--policy", "rr", "--quantum"), "--quantum has no value"),
    (("--policy", "rr", "--quantum", "1000000001"), "--quantum is larger than 1,000,000,000"),
    (("--policy", "lottery", "--seed", "0"), "--seed is 0"),
    (("--policy", "lottery", "--seed", "2147483647"), "--seed is larger than 2147483646"),
    (("--policy", "mlfq", "--levels", "0"), "--levels is 0"),
    (("--policy", "mlfq", "--boost", "-1"), "--boost is -1"),
    (("--policy", "fcfs", "--queues", "both"), "--queues is neither global nor per-cpu"),
    (("--policy", "fcfs", "--speed", "9"), "there is no option --speed"),
    (("--policy", "fcfs", "--workload", "/nonexistent/workload.json"), "there is no such file"),
)
_NO_DOCUMENT: list[tuple[bytes, str]] = [
    (b"", "the input is empty"),
    (b"tasks: A", "it is not JSON"),
    (b'{"tasks": [{"id": "A", "bursts": [1]}', "the document breaks off"),
    (b'{"tasks": [{"id": "A", "bursts": [1]}]} }', "something follows the document"),
    (b"[]", "the value is a list"),
    (b"17", "the value is a number"),
    (b"null", "the value is null"),
    (b'{"tasks": [{"id": "\xff\xfe", "bursts": [1]}]}', "it is not UTF-8"),
    (b"{'tasks': []}", "it is not JSON"),
]
_STRANGE_IDS = (
    "A", " ", 'a "quoted" one', "back\\slash", "Ünïcødé", "日本語", "🦊", "line\nfeed", "tab\t", "__proto__", "constructor", "0",
    "null", "<b>", "\u0000", "a" * 300, "e\u0301", "\u2028",
)  # fmt: skip
_PLAIN = Family(policies=("fcfs", "sjf", "rr"), bursts=single(6), arrivals=range(8), most=4)
_MIB = 1024 * 1024


@refusals.check
async def the_form_of_a_refusal(scheduler: Scheduler, world: World) -> None:
    """A refusal ends with exit code 2, prints nothing on standard output, and one line on standard error."""
    fault = amiss(world.draw, "arrival", -1)
    call = await scheduler.command("--policy", "fcfs", stdin=fault.document, exit_code=None)

    refused(call, fault.wrong)
    expect(call.outcome.ending.code, "exit code").equals(
        2, why="Exit code 2 tells a script that the input was wrong. Other codes look like a crash."
    )
    expect(call.stdout, "standard output").equals(
        "", why="Whoever reads standard output wants a schedule, or nothing at all."
    )
    one_line(call, fault.wrong)


@refusals.check
async def wrong_values(scheduler: Scheduler, world: World) -> None:
    """A number out of its range, or a text, a fraction, true or a list where a whole number belongs, is refused with its path."""
    for fault in (*chosen(world.draw, _OUT_OF_RANGE, 6), *chosen(world.draw, _NO_WHOLE_NUMBER, 6)):
        await place(scheduler, fault)


@refusals.check
async def what_is_missing(scheduler: Scheduler, world: World) -> None:
    """A required field that is missing is named by the path that it would have had."""
    draw = world.draw
    workload = good(draw)
    number = draw.integer(0, len(workload["tasks"]) - 1)
    for field in ("id", "bursts"):
        broken = good(draw)
        last = len(broken["tasks"]) - 1
        del broken["tasks"][last][field]
        await place(scheduler, Fault(document(broken), f"tasks[{last}].{field}", f"a task has no {field}"))
    workload["tasks"][number]["period"] = 9
    await place(scheduler, Fault(document(workload), "until", "a task has a period and there is no until"))
    await place(scheduler, Fault(document({"cpus": 1}), "tasks", "there are no tasks"))
    await place(scheduler, Fault(document({"tasks": []}), "tasks", "the list of tasks is empty"))
    await place(scheduler, amiss(draw, "id", ""))


@refusals.check
async def what_only_the_whole_shows(scheduler: Scheduler, world: World) -> None:
    """An id used twice is refused with the path of the second, an even number of bursts with that of the list."""
    count = world.draw.integer(2, 6)
    second = world.draw.integer(1, count - 1)
    first = world.draw.integer(0, second - 1)
    tasks = [{"id": f"task {number}", "bursts": [1]} for number in range(count)]
    tasks[second]["id"] = tasks[first]["id"]
    wrong = f"tasks[{first}] and tasks[{second}] have the same id"
    await place(scheduler, Fault(document({"tasks": tasks}), f"tasks[{second}].id", wrong))
    for bursts in ([], [3, 2], [1, 1, 1, 1]):
        fault = amiss(world.draw, "bursts", bursts)
        await place(scheduler, Fault(fault.document, fault.path, f"a task has {len(bursts)} bursts"))


@refusals.check
async def what_is_no_document(scheduler: Scheduler, world: World) -> None:
    """What is not JSON, not UTF-8, or not an object is refused in one line."""
    for data, wrong in world.draw.sample(_NO_DOCUMENT, len(_NO_DOCUMENT)):
        one_line(await scheduler.command("--policy", "fcfs", stdin=data, exit_code=None), wrong)


@refusals.check
async def large_and_strange(scheduler: Scheduler, world: World) -> None:
    """Ten megabytes of garbage, nesting without end, numbers of ten thousand digits and a thousand million jobs are refused in one line."""
    letter = world.draw.choice((b"[", b"x", b'{"a":', b"9"))
    jobs = {"until": _LARGEST, "tasks": [{"id": "A", "bursts": [1], "period": world.draw.integer(1, 3)}]}
    for data, wrong in (
        (letter * (10 * _MIB // len(letter)), f"the input is {letter.decode()} over and over"),
        (b'{"tasks": ' + b"[" * 200_000, "the document is 200,000 lists deep and breaks off"),
        (b'{"tasks": [{"id": "A", "bursts": [' + b"9" * 10_000 + b"]}]}", "a burst has ten thousand digits"),
        (document(jobs), "a task is released more than a million times before until"),
    ):
        one_line(await scheduler.command("--policy", "fcfs", stdin=data, exit_code=None), wrong)


@refusals.check
async def options_that_make_no_sense(scheduler: Scheduler, world: World) -> None:
    """An unknown policy or option, a missing value, or one out of range is refused in one line."""
    stdin = document(good(world.draw))
    for words, wrong in world.draw.sample(_USAGE, len(_USAGE)):
        one_line(await scheduler.command(*words, stdin=stdin, exit_code=None), wrong)


@refusals.check
async def nothing_else_is_refused(scheduler: Scheduler, world: World) -> None:
    """Unknown fields are ignored, options come in any order, the largest values are fine, and an id is any text."""
    plain = Variant(_PLAIN, avoids=("tie",))
    for workload, options in cases(world.draw, plain, most=2):
        words = ("--boost", "0", "--seed", "2147483646", "--aging", "0", "--latency", "1", *options.words())
        hold_the_rules(await scheduler.given(_adorned(workload), words, workload, options), options)
    ids = world.draw.sample(_STRANGE_IDS, 12)
    workload, options = Workload(tasks=tuple(Task(id=name, bursts=(1,)) for name in ids)), Options(policy="fcfs")
    schedule = await scheduler(workload, options)
    hold_the_rules(schedule, options)
    for name in ids:
        schedule.measures(name)


def _adorned(workload: Workload) -> bytes:
    """The same workload with fields that do not matter, some of them as large as they may be."""
    fields = {"priority": -1000, "nice": 19, "tickets": 1_000_000, "deadline": _LARGEST, "colour": "red"}
    return document(
        {
            "comment": {"by": ["hand", None, 0.5]},
            "tasks": [
                {"x": {}, "id": task.id, "bursts": list(task.bursts), "arrival": task.arrival, **fields}
                for task in workload.tasks
            ],
            "migration_cost": _LARGEST,
            "until": 1,
        }
    )
