"""Our scheduler against SimPy, SimSo and a loop over ticks: ``python benchmarks/scheduler.py [--rounds N] [--quick] [--json]``.

Round robin with a quantum of 4 for SimPy and the loop, earliest deadline first for SimSo; each is written as its users
would (``scheduler_sides/``). A side is a process of its own that times its play, from the tasks in its hands to the last
completion: starting Python and loading libraries count for nobody. Ours is compiled and hands over every segment; compiling
and loading are told apart. Slower sides make fewer decisions on the same tasks: what is compared is decisions a second.
The peers are installed by pip in folders under CLIMB_HOME, once; without a network they are skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import race

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent / "scheduler_sides"
SIZES = (10, 1_000, 100_000)
QUANTUM = 4
OURS = 10_000_000  # decisions
THEIRS = {"ticks": 1_000_000, "simpy": 200_000}
PEERS = {"simpy": ("simpy==4.1.2",), "simso": ("simso==0.8.5", "simpy==2.3.1")}
SIMSO_TICKS = {10: 10_000, 1_000: 4_000}  # with 100,000 tasks it took more than 100 s for the first 2,000 ticks
OUR_EDF_TICKS = 10_000_000


@dataclass(frozen=True)
class Side:
    """A program and what it is asked: policy, tasks, ticks for each, quantum, and the last release of periodic tasks."""

    name: str
    python: str
    script: str
    policy: str
    tasks: int
    ticks: int = 0
    until: int = 0

    @property
    def command(self) -> list[str]:
        numbers = [str(number) for number in (self.tasks, self.ticks, QUANTUM, self.until)]
        return [self.python, str(HERE / self.script), self.policy, *numbers]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pairs and print what came out."""
    options = _options(arguments)
    out = sys.stderr if options.json else sys.stdout
    print(f"{race.machine()}; each line: median of {options.rounds} pairs", file=out, flush=True)
    told: dict[str, object] = {"machine": race.machine()}
    with race.environment() as (folder, variables):
        home = folder / "home"
        variables["CLIMB_HOME"] = str(home)
        pythons, skipped = _peers()
        with race.Launcher(folder, variables) as launcher:
            told["start"] = _start(launcher, out)
            told["pairs"] = [
                _race(ours, theirs, options.rounds, launcher, out)
                for ours, theirs in _pairs(pythons, SIZES[:2] if options.quick else SIZES)
            ]
            told["streaming"] = _streaming(launcher, out)
    for line in skipped:
        print(f"skipped: {line}", file=out)
    if options.json:
        print(json.dumps({**told, "skipped": skipped}, indent=2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of each race (default: 5)")
    parser.add_argument("--quick", action="store_true", help="only 10 and 1,000 tasks")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser.parse_args(arguments)


# --- who takes part -------------------------------------------------------------------------------------------------


def _peers() -> tuple[dict[str, str], list[str]]:
    """Return the interpreter of each peer that could be installed, and why others could not."""
    home = Path(os.environ.get("CLIMB_HOME") or Path.home() / ".climb")
    pythons, skipped = {}, []
    for name, packages in PEERS.items():
        folder = home / "cache" / "benchmarks" / name
        python = folder / "bin" / "python"
        try:
            if not (folder / "ready").exists():
                venv.create(folder, with_pip=True, clear=True)
                subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True, capture_output=True)
                (folder / "ready").touch()
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", b"") or str(error).encode()
            skipped.append(f"{name}: {reason.decode(errors='replace').strip().splitlines()[-1]}")
        else:
            pythons[name] = str(python)
    return pythons, skipped


def _pairs(pythons: dict[str, str], sizes: Sequence[int]) -> list[tuple[Side, Side]]:
    pairs = []
    for tasks in sizes:
        ours = _round_robin("ours", sys.executable, "ours.py", tasks, OURS)
        pairs.append((ours, _round_robin("ticks", sys.executable, "ticks.py", tasks, THEIRS["ticks"])))
        if "simpy" in pythons:
            pairs.append((ours, _round_robin("simpy", pythons["simpy"], "simpy_side.py", tasks, THEIRS["simpy"])))
        if "simso" in pythons and tasks in SIMSO_TICKS:
            pairs.append(
                (
                    Side("ours", sys.executable, "ours.py", "edf", tasks, until=OUR_EDF_TICKS),
                    Side("simso", pythons["simso"], "simso_side.py", "edf", tasks, until=SIMSO_TICKS[tasks]),
                )
            )
    return pairs


def _round_robin(name: str, python: str, script: str, tasks: int, decisions: int) -> Side:
    return Side(name, python, script, "rr", tasks, ticks=max(1, decisions // tasks) * QUANTUM)


# --- what is measured -----------------------------------------------------------------------------------------------


def _race(ours: Side, theirs: Side, rounds: int, launcher: race.Launcher, out: object) -> dict[str, object]:
    """Run ours, theirs, ours, theirs; print and return the ratio pair by pair."""
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    peaks: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(rounds):
        for key, side in (("ours", ours), ("theirs", theirs)):
            result = _run(side.command, launcher)
            rates[key].append(result["decisions"] / result["seconds"])
            peaks[key].append(result["peak_kib"])
    ratios = [mine / other for mine, other in zip(rates["ours"], rates["theirs"], strict=True)]
    middle = {key: statistics.median(values) for key, values in rates.items()}
    print(
        f"{ours.policy:5}{ours.tasks:8,} tasks  {theirs.name:6} {middle['theirs']:11,.0f} decisions/s"
        f"  ours {middle['ours']:11,.0f}  ({1e9 / middle['ours']:.0f} ns each)"
        f"  ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        f"  memory {max(peaks['theirs']) / 1024:.0f} and {max(peaks['ours']) / 1024:.0f} MiB",
        file=out,  # type: ignore[arg-type]
        flush=True,
    )
    return {
        "policy": ours.policy,
        "tasks": ours.tasks,
        "peer": theirs.name,
        "rates": rates,
        "ratios": ratios,
        "peaks": peaks,
    }


def _run(command: Sequence[str], launcher: race.Launcher) -> dict[str, float]:
    sample = launcher.start(command)
    if sample.exit_code:
        raise race.WrongAnswerError(f"{' '.join(command)}: {sample.stderr.strip().splitlines()[-1:]}")
    result: dict[str, float] = json.loads(sample.stdout)
    return result


def _start(launcher: race.Launcher, out: object) -> dict[str, dict[str, float]]:
    """Compile what is needed, and tell what that and loading it again took."""
    told = {}
    for policy in ("rr", "edf"):
        command = Side("ours", sys.executable, "ours.py", policy, 10, ticks=4, until=100 * (policy == "edf")).command
        compiling, loading = (_run(command, launcher)["load_s"] for _ in range(2))
        told[policy] = {"compiling_s": compiling, "loading_s": loading}
        print(f"{policy:5} compiled in {compiling:.1f} s, once; loaded in {loading:.1f} s later", file=out)  # type: ignore[arg-type]
    return told


def _streaming(launcher: race.Launcher, out: object) -> dict[str, float]:
    """Tell how much memory the play itself takes, for schedules of three lengths."""
    told = {}
    for decisions in (100_000, 1_000_000, 10_000_000):
        result = _run(_round_robin("ours", sys.executable, "ours.py", 1_000, decisions).command, launcher)
        told[f"{decisions}"] = result["grown_kib"]
        print(f"1,000 tasks, {decisions:10,} decisions: memory grew by {result['grown_kib'] / 1024:.1f} MiB", file=out)  # type: ignore[arg-type]
    return told


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
