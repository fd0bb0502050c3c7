"""What it costs to make a record durable, and how groups share the price."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.machine import file_system
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, quantile, ratio_estimate
from climb.labs.words import number

_ROUNDS = 40
_ROUNDS_LEAST = 10
_ENOUGH_SECONDS = 8.0  # a slow disk gets fewer rounds
_COMMITS = 3  # of each kind in a round
_SUSPICIOUS_US = 50
_BUSY = 0.4  # of the processors' time: with so much taken, a sleeper often finds none free when it wakes
_ALIKE = 0.03  # a difference that would change nobody's program
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})

_WRITE = "write only"
_FSYNC = "write and fsync"
_FDATASYNC = "write and fdatasync"
_IN_PLACE = "overwrite and fdatasync"
_GROUP = "write a group and fdatasync once"

Commit = Callable[[], float]

lab = Lab(
    title="fsync and group commit",
    question="What does it cost to be sure that a record survives a power cut, and who can share that price?",
    about=(
        "Appends records to files beside the results of your labs: only written, each followed by `fsync`, each by `fdatasync`, "
        "and in groups that share one `fdatasync`. One more file has all its space beforehand, so that records overwrite old "
        "bytes instead of making it longer. Each commit is timed on its own."
    ),
    concepts=("file-systems", "page-cache"),
    prediction=Prediction(
        ask="How many times as long does it take to append one record and fsync it as only to append it?", unit="×"
    ),
    knobs=(
        Knob("record", "bytes in a record", default=512, choices=(128, 512, 4096)),
        Knob("group", "records that share one fdatasync", default=16, choices=(4, 16, 64, 256)),
    ),
    seconds=3,
)


@lab.unless
def why_not() -> str | None:
    """Without fdatasync half of the question is missing."""
    return None if hasattr(os, "fdatasync") else "its system has no fdatasync"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every kind of commit a few times in each round, each round beginning with another."""
    record, group = os.urandom(int(knobs["record"])), int(knobs["group"])
    bench.fact("file system", file_system(bench.folder))
    with contextlib.ExitStack() as stack:
        kinds = list(_kinds(stack, bench.folder, record, group).items())
        for _, commit in kinds:
            commit()
        gc.disable()
        begin = time.monotonic()
        for done in bench.rounds(_ROUNDS, "committing"):
            if done >= _ROUNDS_LEAST and time.monotonic() - begin > _ENOUGH_SECONDS:
                break
            turn = done % len(kinds)
            for name, commit in kinds[turn:] + kinds[:turn]:
                for _ in range(_COMMITS):
                    bench.record(name, commit(), unit="µs")


def _kinds(stack: contextlib.ExitStack, folder: Path, record: bytes, group: int) -> dict[str, Commit]:
    """Every kind of commit has a file of its own; each returns how many microseconds it took."""
    files = [_open(stack, folder / str(number)) for number in range(5)]
    written, synced, data_synced, in_place, grouped = files
    places = itertools.cycle(range(0, _fill(in_place, len(record)), len(record)))
    return {
        _WRITE: lambda: _write_only(written, record, group),
        _FSYNC: lambda: _timed(lambda: os.write(synced, record), lambda: os.fsync(synced)),
        _FDATASYNC: lambda: _timed(lambda: os.write(data_synced, record), lambda: os.fdatasync(data_synced)),
        _IN_PLACE: lambda: _timed(lambda: os.pwrite(in_place, record, next(places)), lambda: os.fdatasync(in_place)),
        _GROUP: lambda: _timed(lambda: _write_all(grouped, record, group), lambda: os.fdatasync(grouped)),
    }


def _open(stack: contextlib.ExitStack, path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    stack.callback(os.close, descriptor)
    return descriptor


def _fill(descriptor: int, record: int) -> int:
    """Give a file its length, and its blocks, before anything is timed; returns the length."""
    length = record * (_ROUNDS * _COMMITS + 1)
    os.pwrite(descriptor, bytes(length), 0)
    os.fsync(descriptor)
    return length


def _timed(*steps: Callable[[], object]) -> float:
    begin = time.perf_counter_ns()
    for step in steps:
        step()
    return (time.perf_counter_ns() - begin) / 1000


def _write_only(descriptor: int, record: bytes, group: int) -> float:
    spent = _timed(lambda: _write_all(descriptor, record, group))
    os.fdatasync(descriptor)  # or the next commit of another kind would pay for these records too
    return spent / group


def _write_all(descriptor: int, record: bytes, count: int) -> None:
    for _ in range(count):
        os.write(descriptor, record)


@lab.explain
def explain(result: Result) -> Explanation:
    """What one commit costs, what it is made of, what groups save; and whether to believe the device."""
    ratio = ratio_estimate(result.values(_FSYNC), result.values(_WRITE))
    wrote, synced = median(result.values(_WRITE)), median(result.values(_FSYNC))
    return Explanation(
        answer=ratio,
        headline=(
            f"Appending a record and fsyncing it took {number(synced)} µs, only appending it {number(wrote)} µs: "
            f"{number(ratio.value)} times as long."
        ),
        text=_in_memory(result) if _file_system(result) in _IN_MEMORY else _on_device(result),
        plots=(_per_record(result), _commits(result)),
        trust=(
            _believe(result),
            "Only one program commits here, one commit after the other. Others that use the same disk make each wait longer.",
        ),
    )


def _file_system(result: Result) -> str:
    return str(result.facts.get("file system", "unknown"))


def _in_memory(result: Result) -> str:
    kind = _file_system(result)
    return (
        f"**These files lie in {kind}, which is memory: no device is asked, and fsync makes nothing durable.** What it took here is "
        "the price of the [system call](concept:system-calls). Set `CLIMB_HOME` to a folder on a disk and run it again.\n\n"
        f"{_PROMISES} That difference is the subject of this lab, and {kind} does not have it."
    )


def _on_device(result: Result) -> str:
    return "\n\n".join((_durable(result), _lengths(result), _groups(result)))


_PROMISES = (
    "`write` returns when the bytes are in the [page cache](concept:page-cache): they survive the end of the process, but not a "
    "power cut. `fsync` returns when the kernel has handed them to the device and the device has answered."
)


def _durable(result: Result) -> str:
    synced = result.values(_FSYNC)
    rate = (
        f"A writer that waits for each of its commits gets about {number(1e6 / median(synced))} records a second here; one commit "
        f"in a hundred took longer than {number(quantile(synced, 0.99))} µs."
    )
    return f"{_PROMISES} {_suspicion(median(synced))}{rate}{_waiting(result)}"


def _suspicion(middle: float) -> str:
    if middle >= _SUSPICIOUS_US:
        return ""
    return (
        f"**At {number(middle)} µs probably nothing reached a disk.** Then the answer came from a cache that capacitors or a battery "
        "protect, from a virtual disk whose host answers at once, or from a file system that does not pass fsync on; only the "
        "first of these survives a power cut. "
    )


def _waiting(result: Result) -> str:
    if result.quiet is None or result.quiet.others < _BUSY:
        return ""
    return (
        " The processors were busy with other programs meanwhile. After the device has answered, the writer must still get a "
        "processor back, and the time that took is in these numbers: they say less about the device than about the rush."
    )


def _lengths(result: Result) -> str:
    data = result.values(_FDATASYNC)
    against = ratio_estimate(result.values(_FSYNC), data)
    in_place = ratio_estimate(data, result.values(_IN_PLACE))
    return f"{_data_only(against, median(data))} {_old_space(in_place, median(result.values(_IN_PLACE)))}"


def _data_only(ratio: Estimate, middle: float) -> str:
    begin = f"`fdatasync` may leave out what is not needed to read the data back, such as the time of change: {number(middle)} µs."
    if ratio.low <= 1 <= ratio.high or abs(ratio.value - 1) < _ALIKE:
        return (
            f"{begin} `fsync` took as long, as far as this run can tell. That fits files that grow: the new length is needed to read the data, "
            "so the [file system](concept:file-systems) must write it either way."
        )
    if ratio.low > 1:
        return f"{begin} `fsync` took {number(ratio.value)} times as long."
    return f"{begin} `fsync` was even quicker, {number(ratio.value)} times as long, which its promise does not explain."


def _old_space(ratio: Estimate, middle: float) -> str:
    begin = f"Where a file had all its space before, a commit took {number(middle)} µs"
    if ratio.low > 1:
        return (
            f"{begin}, and appending {number(ratio.value)} times as long: with no new length there is less to write. This is why "
            "databases make log files full-length and use them again."
        )
    if ratio.high < 1:
        return f"{begin}, longer than appending; writing over old space gains nothing on this file system."
    return f"{begin}, which this run can't tell from appending."


def _groups(result: Result) -> str:
    group = int(result.knobs["group"])
    whole = result.values(_GROUP)
    each = [value / group for value in whole]
    gain = ratio_estimate(result.values(_FDATASYNC), each)
    begin = f"{group} records that share one `fdatasync` took {number(median(whole))} µs together, {number(median(each))} µs a record"
    if gain.low <= 1:
        return f"{begin}. Here that is no gain that this run can tell."
    return (
        f"{begin}: {number(gain.value)} times as many records a second as one by one. The device is asked once for all of them. "
        "That is group commit: whoever arrives while a commit is under way waits for the next one, together with all others. "
        f"Throughput rises with the load, and a record waits at most for two commits. {_full_price(gain, group)}"
    )


def _full_price(gain: Estimate, group: int) -> str:
    if gain.high < group * 0.9:
        return (
            f"The gain is less than {group}, since each record still has to be written and more bytes go to the device."
        )
    return f"The gain is about the size of the group, {group}, so nearly the whole price is that of the commit."


def _believe(result: Result) -> str:
    kind = _file_system(result)
    if kind in _IN_MEMORY:
        return f"The files lay in {kind}; nothing of this holds for a disk."
    if kind == "overlay":
        return (
            "The files lay in an overlay, as in a container: it passes fsync on to a file system that can't be seen from here, unless it "
            "was mounted as volatile, where fsync does nothing."
        )
    return (
        f"The files lay in a file system of type {kind}. Whether the device keeps through a power cut what it has confirmed can't "
        "be measured from here; a virtual disk promises what its host does."
    )


def _per_record(result: Result) -> BarPlot:
    group = int(result.knobs["group"])
    bars = (
        *(Bar.of(name, median_estimate(result.values(name))) for name in (_WRITE, _FSYNC, _FDATASYNC, _IN_PLACE)),
        Bar.of(f"{_GROUP} ({group})", median_estimate([value / group for value in result.values(_GROUP)])),
    )
    marks: tuple[Mark, ...] = ()
    if result.predicted is not None:
        said = result.predicted.value
        marks = (Mark(value=said * bars[0].value, label=f"you predicted {number(said)} × for fsync"),)
    return BarPlot(
        title=f"One record of {result.knobs['record']} bytes",
        alt="; ".join(f"{bar.label}: {number(bar.value)} µs" for bar in bars) + ".",
        marks=marks,
        axis=Axis(label="time for a record", unit="µs"),
        bars=bars,
    )


def _commits(result: Result) -> StripPlot:
    strips = tuple(Strip(label=name, values=result.values(name)) for name in (_FSYNC, _FDATASYNC, _IN_PLACE, _GROUP))
    told = (
        f"{strip.label}: {number(min(strip.values))} to {number(max(strip.values))} µs, median {number(median(strip.values))} µs"
        for strip in strips
    )
    return StripPlot(
        title="Every commit",
        alt="; ".join(told) + ".",
        axis=Axis(label="time for a commit", unit="µs", log=True),
        strips=strips,
    )
