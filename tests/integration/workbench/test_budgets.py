"""What pages may cost: little more with a thousand runs than with ten, and scripts that are small exactly.

Times are ratios of medians, measured in turns on this machine, so that they hold on a slow or busy one too.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from climb.judge import runs

ROOT = Path(__file__).parents[3]
SCRIPT_BYTES = 150_000
FEW, MANY = 10, 1000
PAGES = {
    # A page of everything looks at each run once: a hundred times as many may cost it this many times as much.
    "/": 12,
    "/runs": 12,
    "/projects/scanner": 12,
    "/modules/1.1": 12,
    "/journal": 12,
    # And these speak of one thing, so what else there is must not matter to them.
    "/concepts/tcp-ip": 3,
    "/pages/how-to-learn": 3,
    "/labs/nagle": 3,
    "RUN": 3,
}
ROUNDS = 15


def _of_the_benchmark(name: str) -> ModuleType:
    """A module of the benchmarks, which are no package."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


script_bytes = _of_the_benchmark("page_scripts").script_bytes
stored_home = _of_the_benchmark("stored_home")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, str]]:
    """A home with few runs and one with many, and the name of a run in each; both made from the same real run."""
    place = tmp_path_factory.mktemp("homes")
    first = stored_home.submission(place / "first")
    environment = {**os.environ, "CLIMB_HOME": str(place / "other")}
    words = [sys.executable, "-m", "climb", "check", str(first), "--stage", "1"]
    subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, timeout=60)
    real = runs.latest(first / ".climb")
    assert real is not None
    made = {}
    for count in (FEW, MANY):
        folder = place / str(count)
        folder.mkdir()
        folders = [stored_home.submission(folder / f"scanner-{number}") for number in range(5)]
        names = stored_home.fill_runs(folder / "home", folders, runs.read_verdict(real), count)
        made[count] = folder, names[count // 2]
    return made


@pytest.fixture
def both(start_workbench: Callable[..., Any], homes: dict[int, tuple[Path, str]]) -> Iterator[dict[int, Any]]:
    """A workbench on each home."""
    return {count: start_workbench(home=folder / "home") for count, (folder, _) in homes.items()}


@pytest.mark.slow
def test_a_hundred_times_as_many_runs_cost_little_more(
    both: dict[int, Any], homes: dict[int, tuple[Path, str]]
) -> None:
    """Each page with a thousand runs against the same page with ten."""
    ratios = {}
    for address in PAGES:
        took: dict[int, list[float]] = {count: [] for count in both}
        for _ in range(ROUNDS):
            for count, workbench in both.items():
                place = address.replace("RUN", f"/runs/{homes[count][1]}")
                took[count].append(_seconds(workbench.browser, place))
        ratios[address] = statistics.median(took[MANY][1:]) / statistics.median(took[FEW][1:])
    print(ratios)  # shown if it fails

    assert {address: ratio for address, ratio in ratios.items() if ratio > PAGES[address]} == {}


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/runs", "/projects/scanner", "/modules/1.1", "/concepts/tcp-ip", "/journal", "/journal/new"),
        *(
            "/labs",
            "/labs/nagle",
            "/labs/nagle/recording",
            "/search?q=port",
            "/systems/scheduler",
            "/systems/processor",
        ),
        "/no-such-page",
    ],
)
def test_scripts_are_small(browser: Any, address: str) -> None:
    """All scripts of a page with all that they import, each counted once, as bytes on the wire without compression."""
    assert script_bytes(browser.open(address).text) <= SCRIPT_BYTES


def test_scripts_of_a_run_are_small(browser: Any, scanner: Callable[..., Path]) -> None:
    """The page with the most to do."""
    run = browser.check(scanner())
    browser.to_the_end(run)

    assert 0 < script_bytes(browser.read(run)) <= SCRIPT_BYTES


def _seconds(browser: Any, address: str) -> float:
    began = time.perf_counter()
    browser.read(address)
    return time.perf_counter() - began
