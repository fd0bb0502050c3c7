"""Our stream processor against Flink, Python engines and a polars script: ``python benchmarks/processor.py [--quick] [--json]``.

All get the same readings: two files of JSON lines. Ours gets them over TCP, one connection for each file, and is done with
the last ack; Flink and the others read the files themselves, so the sending and the network are a burden of ours alone.
Each side's windows are compared with those that numpy computes from the columns; a wrong answer ends the benchmark.
The sides take turns; ratios are taken within a round. Slow sides get the first part of the input.

Two rates: readings a second, and readings a second of processor time, of all processes of the side (not of who sends).
The peers are installed by pip in folders under CLIMB_HOME; Flink is set up by ``flink_cluster.py``. Who is missing is skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flink_cluster
import flink_home
import race
from processor_sides import flink_side, measures, ours
from processor_sides.readings import FAR_MS, LATENESS_MS, T0, Asked, Input, Windows, made

HERE = Path(__file__).parent / "processor_sides"
PEERS = {"polars": ("polars==2.1.0",), "bytewax": ("bytewax==0.21.1",), "quixstreams": ("quixstreams==3.28.1",)}
PART = {"bytewax": 10, "quixstreams": 50}  # of the input, for slow sides
PERCENTILE_ERROR = 0.02  # what the contract allows
PEER_S = 900.0


@dataclass(frozen=True)
class Played:
    """What one run of a side took."""

    readings: int
    seconds: float
    cpu_s: float
    peak_mib: float

    @property
    def rate(self) -> float:
        """Readings a second."""
        return self.readings / self.seconds

    @property
    def rate_a_core(self) -> float:
        """Readings a second of processor time."""
        return self.readings / self.cpu_s


@dataclass(frozen=True)
class Side:
    """A name, its part of the input, and what plays it in an empty folder."""

    name: str
    given: Input
    play: Callable[[Input, Path], tuple[float, float, float, Windows]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print what came out."""
    options = _options(arguments)
    out = sys.stderr if options.json else sys.stdout
    told: dict[str, Any] = {"machine": race.machine()}
    print(race.machine(), file=out, flush=True)
    with tempfile.TemporaryDirectory(prefix="climb-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        if options.rounds:
            sides, told["skipped"] = _sides(options, stack)
            for line in told["skipped"]:
                print(f"skipped: {line}", file=out)
            told["rounds"] = _race(sides, options.rounds, folder, out)
        told |= _alone(options, folder, out)
    if options.json:
        print(json.dumps(told, indent=2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of all sides (default: 3; 0 for none)")
    parser.add_argument("--readings", type=int, default=5_000_000, help="how many (default: 5,000,000)")
    parser.add_argument("--quick", action="store_true", help="one round of 500,000 readings")
    parser.add_argument("--sides", help="only these, with commas between")
    parser.add_argument(
        "--service", type=shlex.split, default=list(ours.COMMAND), help="another program for the contract"
    )
    parser.add_argument(
        "--delay", type=int, metavar="RATE", help="also the delay of windows at so many readings a second"
    )
    parser.add_argument("--recovery", type=int, metavar="N", help="also kill -9 after N readings")
    parser.add_argument("--soak", type=float, metavar="S", help="also memory over S seconds")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.readings = min(options.rounds, 1), min(options.readings, 500_000)
    return options


# --- who takes part -------------------------------------------------------------------------------------------------


def _sides(options: argparse.Namespace, stack: contextlib.ExitStack) -> tuple[list[Side], list[str]]:
    """Return the sides that are wanted and can be had, and why others can't."""
    inputs = _home() / "inputs"
    whole = made(Asked(options.readings), inputs)
    wanted = options.sides.split(",") if options.sides else None
    skipped: list[str] = []
    sides = [
        Side("ours, 1 worker", whole, _ours(options.service, workers=1, durable=True)),
        Side("ours, 2 workers", whole, _ours(options.service, workers=2, durable=True)),
        Side("ours, 1, not durable", whole, _ours(options.service, workers=1, durable=False)),
        Side("ours, 2, not durable", whole, _ours(options.service, workers=2, durable=False)),
    ]
    if wanted is None or any(name.startswith("flink") for name in wanted):
        try:
            cluster = stack.enter_context(flink_cluster.running(flink_home.set_up(flink_home.default_folder())))
        except flink_home.NoFlinkError as error:
            skipped.append(f"flink: {error}")
        else:
            sides += [
                Side("flink", whole, _flink(cluster, lean=False)),
                Side("flink, lean", whole, _flink(cluster, lean=True)),
            ]
    for name in PEERS:
        if wanted is None or name in wanted:
            given = made(Asked(max(10_000, options.readings // PART.get(name, 1))), inputs)
            with _or_skipped(name, skipped) as python:
                sides.append(Side(name, given, _peer(name, python)))
    return [
        side for side in sides if wanted is None or side.name in wanted or side.name.split(",")[0] in wanted
    ], skipped


def _home() -> Path:
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
    return home / "cache" / "benchmarks" / "processor"


@contextlib.contextmanager
def _or_skipped(name: str, skipped: list[str]) -> Iterator[str]:
    """The interpreter that has the peer; what goes wrong is the reason why it is skipped."""
    folder = _home() / name
    python = folder / "bin" / "python"
    try:
        if not (folder / "ready").exists():
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[name]], check=True, capture_output=True)
            (folder / "ready").touch()
        yield str(python)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", b"") or str(error).encode()
        skipped.append(f"{name}: {reason.decode(errors='replace').strip().splitlines()[-1]}")


def _ours(command: Sequence[str], *, workers: int, durable: bool) -> Callable[..., tuple[float, float, float, Windows]]:
    def play(given: Input, folder: Path) -> tuple[float, float, float, Windows]:
        seconds, used, windows = ours.play(given, folder / "data", workers=workers, durable=durable, command=command)
        return seconds, used.cpu_s, used.peak_mib, windows

    return play


def _flink(cluster: flink_cluster.Cluster, *, lean: bool) -> Callable[..., tuple[float, float, float, Windows]]:
    def play(given: Input, folder: Path) -> tuple[float, float, float, Windows]:
        seconds, used, windows = flink_side.play(given, folder / "job", cluster, lean=lean)
        return seconds, used.cpu_s, used.peak_mib, windows

    return play


def _peer(name: str, python: str) -> Callable[..., tuple[float, float, float, Windows]]:
    def play(given: Input, folder: Path) -> tuple[float, float, float, Windows]:
        rows, files = folder / "windows.jsonl", [str(file) for file in given.files]
        window_ms = str(given.asked.window_ms)
        with contextlib.ExitStack() as around:
            if name == "quixstreams":
                from climb.stack.kafka import kafka

                first = ["quix_side.py", around.enter_context(kafka()).address, window_ms, str(LATENESS_MS)]
            elif name == "bytewax":
                first = ["bytewax_side.py", window_ms, str(LATENESS_MS)]
            else:
                first = ["polars_side.py", window_ms]
            command = [python, str(HERE / first[0]), *first[1:], str(rows), *files]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PEER_S)
        if done.returncode:
            raise race.WrongAnswerError(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
        took = json.loads(done.stdout)
        told = [json.loads(line) for line in rows.open()]
        return took["seconds"], took["cpu_s"], took["peak_mib"], {(row["sensor"], row["start"]): row for row in told}

    return play


# --- what is measured -----------------------------------------------------------------------------------------------


def _race(sides: Sequence[Side], rounds: int, folder: Path, out: Any) -> dict[str, Any]:
    """Let all play in turns, one round to warm up; print each side, and its ratios to ours of the same round."""
    played: dict[str, list[Played]] = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                result = _checked(side, Path(own))
            if number:
                played[side.name].append(result)
            print(f"round {number or 'to warm up'}: {side.name}: {result.seconds:.2f} s", file=sys.stderr, flush=True)
    for name, results in played.items():
        print(_line(name, results, played), file=out, flush=True)
    return {name: [vars(result) for result in results] for name, results in played.items()}


def _checked(side: Side, folder: Path) -> Played:
    seconds, cpu_s, peak_mib, windows = side.play(side.given, folder)
    _compare(side, {key: row for key, row in windows.items() if key[1] < T0 + FAR_MS // 2})
    return Played(side.given.asked.readings, seconds, cpu_s, peak_mib)


def _compare(side: Side, windows: Windows) -> None:
    expected = side.given.expected()
    if windows.keys() != expected.keys():
        raise race.WrongAnswerError(f"{side.name}: {len(windows)} windows instead of {len(expected)}, or others")
    for key, row in expected.items():
        largest = max(abs(row["min"]), abs(row["max"]))
        for name, number in row.items():
            allowed = {"sum": 1e-9 * largest * row["count"]}.get(
                name, PERCENTILE_ERROR * abs(number) if name[0] == "p" else 0.0
            )
            if not abs(windows[key][name] - number) <= allowed + 1e-12 * abs(number):
                raise race.WrongAnswerError(f"{side.name}: {key} has {name} {windows[key][name]} instead of {number}")


def _line(name: str, results: Sequence[Played], played: dict[str, list[Played]]) -> str:
    rate, a_core = (statistics.median(getattr(one, kind) for one in results) for kind in ("rate", "rate_a_core"))
    line = f"{name:21}{rate:12,.0f} readings/s {a_core:12,.0f} a core {max(one.peak_mib for one in results):7,.0f} MiB"
    for ours_name, kind, label in (
        ("ours, 2 workers", "rate", "2 workers"),
        ("ours, 1 worker", "rate_a_core", "1 worker, a core"),
    ):
        if ours_name in played and not name.startswith("ours"):
            ratios = [getattr(a, kind) / getattr(b, kind) for a, b in zip(played[ours_name], results, strict=True)]
            line += f"   {label}: {statistics.median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f})"
    return line


def _alone(options: argparse.Namespace, folder: Path, out: Any) -> dict[str, Any]:
    """What is measured of ours alone, if it was asked for."""
    told: dict[str, Any] = {}
    for workers in (1, 2):
        key, own = f"{workers}", folder / f"alone-{workers}"
        own.mkdir()
        if options.delay:
            found = measures.delay(own / "delay", options.service, workers=workers, rate=options.delay, seconds=20)
            told.setdefault("delay", {})[key] = found
            print(
                f"{workers} workers, {found['rate']:,.0f} readings/s: a window is shown after {found['p50_ms']:.0f} ms (p50), "
                f"{found['p99_ms']:.0f} ms (p99), {found['max_ms']:.0f} ms (most), {found['windows']:.0f} windows",
                file=out,
                flush=True,
            )
        if options.recovery:
            found = measures.recovery(own / "recovery", options.service, workers=workers, readings=options.recovery)
            told.setdefault("recovery", {})[key] = found
            print(
                f"{workers} workers, kill -9 after {found['readings']:,.0f} readings: ready after {found['ready_s']:.2f} s, first ack "
                f"after {found['first_ack_s']:.2f} s, then {found['rate_after']:,.0f} readings/s ({found['rate_before']:,.0f} before)",
                file=out,
                flush=True,
            )
        if options.soak:
            found = measures.soak(own / "soak", options.service, workers=workers, seconds=options.soak)
            told.setdefault("soak", {})[key] = found
            print(
                f"{workers} workers, {options.soak:.0f} s at {found['rate']:,.0f} readings/s: {found['early_mib']:.0f} MiB in the second "
                f"quarter, {found['late_mib']:.0f} MiB in the last, {found['peak_mib']:.0f} MiB at most",
                file=out,
                flush=True,
            )
    return told


if __name__ == "__main__":
    try:
        sys.exit(main())
    except race.WrongAnswerError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
