"""The scheduler's pages: what they show was printed, what they list exists, and the policy that one of them adds works."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from climb.cli import sched_run
from climb.systems.scheduler import reading
from climb.systems.scheduler.compare import MEASURES
from climb.systems.scheduler.model import POLICIES
from climb.systems.scheduler.named import NAMED
from climb.systems.scheduler.policies import POLICY
from climb.systems.scheduler.policies.policy import Policy
from climb.systems.scheduler.validate import SCENARIOS
from climb.workbench.schedules import choice, messages

HOW_TO = "docs/how-to/explore-schedules.md"
ADDING = "docs/how-to/add-a-policy.md"
REFERENCE = "docs/reference/scheduler.md"
REPORT = "docs/how-to/read-a-report.md"
PYTHON = sys.executable

Blocks = Callable[[Path], list[Any]]
Marked = Callable[[str, str], str]


# --- explore-schedules.md -------------------------------------------------------------------------------------------


@pytest.fixture
def place(marked: Marked, tmp_path: Path) -> Path:
    """A folder with the files that the page has its reader write."""
    (tmp_path / "work.json").write_text(marked(HOW_TO, "file: work.json"), encoding="utf-8")
    return tmp_path


def test_what_the_page_shows_is_printed(root: Path, blocks: Blocks, place: Path) -> None:
    """Each block marked ``printed`` has lines of its command's output, in their order; a line with … stands for others."""
    shown = [block.text for block in blocks(root / HOW_TO) if block.mark == "printed"]

    for text in shown:
        command, *lines = text.splitlines()
        printed = _printed(place, command.removeprefix("$ climb "))
        missing = _missing(lines, printed)
        assert missing is None, f"{command}\nnot printed there: {missing}\n\n" + "\n".join(printed)
    assert len(shown) >= 5


def test_a_line_that_is_not_printed_is_noticed() -> None:
    """Lines have to be there, in order, and next to each other unless … is between them."""
    printed = ["one", "two", "three"]

    assert _missing(["one", "…", "three"], printed) is None
    assert _missing(["one", "three"], printed) == "three"
    assert _missing(["…", "two", "…", "one"], printed) == "one"


def test_the_number_that_a_script_gets(place: Path) -> None:
    """The mean that the page takes out of the document is in it."""
    document = json.loads("\n".join(_printed(place, "sched run work.json --policy rr --output json")))

    assert document["summary"]["mean_waiting"] == 10


def _printed(folder: Path, words: str) -> list[str]:
    """What a command prints on a terminal of 80 columns."""
    arguments = shlex.split(words)
    if arguments[1] == "run" and "--output" not in arguments:
        arguments += ["--output", "gantt"]  # as on a terminal
    env = {
        **os.environ,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "CLIMB_HOME": str(folder / "home"),
    }
    done = subprocess.run(
        [PYTHON, "-m", "climb", *arguments], cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60
    )
    assert all(line.startswith("wrote ") for line in done.stderr.splitlines())
    return [line.rstrip() for line in done.stdout.splitlines()]


def _missing(lines: list[str], printed: list[str]) -> str | None:
    """The first line that is not where it should be."""
    at, anywhere = 0, True
    for line in lines:
        if line == "…":
            anywhere = True
            continue
        found = [index for index in range(at, len(printed)) if printed[index] == line]
        if not found or not (anywhere or found[0] == at):
            return line
        at, anywhere = found[0] + 1, False
    return None


# --- scheduler.md ---------------------------------------------------------------------------------------------------


def test_the_workloads_are_those_that_exist(root: Path) -> None:
    """Each named workload stands there with what it shows and what it takes apart."""
    assert _table(root, "workloads") == [[f"`{each.name}`", each.shows, each.separates] for each in NAMED.values()]


def test_the_policies_are_those_that_exist(root: Path) -> None:
    """Each policy stands there with its rule and the number that it picks by."""
    expected = [[f"`{name}`", POLICY[name].rule, POLICY[name].key or "none"] for name in POLICIES]

    assert _table(root, "policies") == expected


def test_the_measures_are_those_that_exist(root: Path) -> None:
    """Each measure stands there with what it says and which end is the better one."""
    expected = [[f"`{each.name}`", each.says, "less" if each.smaller_is_better else "more"] for each in MEASURES]

    assert _table(root, "measures") == expected


def test_the_scenarios_are_those_that_exist(root: Path) -> None:
    """Each scenario of ``validate`` stands there with its goal."""
    expected = [[f"`{each.name}`", each.says, f"{each.goal_points:g}"] for each in SCENARIOS.values()]

    assert _table(root, "scenarios") == expected


def test_the_outputs_are_those_that_exist(root: Path) -> None:
    """Each word that ``--output`` takes is explained."""
    (option,) = [each for each in sched_run.run.params if each.name == "kind"]

    assert [row[0].strip("`") for row in _table(root, "outputs")] == list(option.type.choices)


def test_the_limits_are_those_that_hold(root: Path) -> None:
    """The numbers of the table are the code's, in its order."""
    shown = [row[1] for row in _table(root, "limits")]
    (tasks,) = [each for each in sched_run.run.params if each.name == "tasks"]
    bounds = [
        reading.MOST_BYTES,
        reading.MOST_JOBS,
        reading.LARGEST,
        reading._MACHINE["cpus"][1],
        tasks.type._most,
        messages.MOST_TASKS,
        choice.MOST_POLICIES,
        messages.MOST_TURNS,
        int(messages.MOST_SECONDS),
    ]

    assert shown == [f"{bound:,}" for bound in bounds]


def test_the_library_has_what_is_listed(root: Path) -> None:
    """Each name is importable, takes the parameters that are shown, and no public function of the library is missing."""
    listed = [row[0].strip("`") for row in _table(root, "library: climb.systems.scheduler")]
    package = importlib.import_module("climb.systems.scheduler")

    for each in listed:
        path, parameters = re.fullmatch(r"([\w.]+)\(([\w, ]*)\)", each).groups()
        module, _, name = f"{package.__name__}.{path}".rpartition(".")
        function = getattr(importlib.import_module(module), name)
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        assert names[: len(parameters.split(", "))] == tuple(parameters.split(", ")), each
    assert {name for name in package.__all__ if name.islower()} <= {each.partition("(")[0] for each in listed}


def _table(root: Path, mark: str, page: str = REFERENCE) -> list[list[str]]:
    """The cells of the rows below a mark."""
    _, _, rest = (root / page).read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    assert rows, f"{page} has no table marked {mark}"
    return [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in rows]


# --- read-a-report.md -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_report_shown_is_one(root: Path, blocks: Blocks, tmp_path: Path) -> None:
    """The planted bug that the page names, judged with its seed, is reported in the words and the chart of the page."""
    (block,) = [each for each in blocks(root / REPORT) if each.mark.startswith("report: ")]
    name, seed = block.mark.split()[1:]
    program = tmp_path / "program"
    bug = tomllib.loads((root / f"tests/wrong/scheduler/{name}.toml").read_text(encoding="utf-8"))
    shutil.copytree(root / "tests/right/scheduler" / bug["base"], program)
    for change in bug["change"]:
        file = program / change["file"]
        file.write_text(file.read_text(encoding="utf-8").replace(change["old"], change["new"]), encoding="utf-8")
    stage = bug["catches"].partition("/")[0]

    env = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1", "CLIMB_HOME": str(tmp_path / "home")}
    words = (PYTHON, "-m", "climb", "check", str(program), "--stage", stage, "--seed", seed)
    done = subprocess.run(words, env=env, capture_output=True, encoding="utf-8", timeout=240)

    assert done.returncode == 1
    assert _missing(["…", *block.text.splitlines()], [line.rstrip() for line in done.stdout.splitlines()]) is None


# --- add-a-policy.md ------------------------------------------------------------------------------------------------


def test_every_hook_is_described(root: Path) -> None:
    """The table has each name that a policy may give, and no other."""
    described = {name for row in _table(root, "hooks", ADDING) for name in re.findall(r"`(\w+)`", row[0])}

    assert described == {name for name in vars(Policy) if not name.startswith("_")}


@pytest.fixture
def checkout(root: Path, blocks: Blocks, marked: Marked, tmp_path: Path) -> Path:
    """A copy of the checkout with the policy of the page."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "starters"))
    for block in blocks(root / ADDING):
        if block.mark.startswith("file: "):
            path = tmp_path / block.mark.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    for name in ("pyproject.toml", "tests/conftest.py", *_FOR_ALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    scheduler = tmp_path / "src/climb/systems/scheduler"
    _change(scheduler / "policies/__init__.py", lambda text: "".join(_entered(text, marked)))
    _change(scheduler / "model.py", lambda text: text.replace('"rm"', '"rm", "las"'))
    return tmp_path


_FOR_ALL = ("tests/unit/systems/scheduler/test_scheduler_engine.py", "tests/integration/scheduler/test_compiled.py")


def test_the_policy_that_the_page_adds_is_played(checkout: Path) -> None:
    """Its own test passes, and so do those that hold for every policy."""
    done = _pytest(checkout, "tests/unit")

    assert done.returncode == 0, done.stdout


def test_the_policy_that_the_page_adds_is_a_command_away(checkout: Path) -> None:
    """It is in the help with its rule, runs on a workload of ours, and is compared."""
    shown = _climb(checkout, "sched", "run", "--help")
    ran = json.loads(_climb(checkout, "sched", "run", "mixed", "--policy", "las"))
    compared = json.loads(_climb(checkout, "sched", "compare", "mixed", "--json"))

    assert "The task that has run least runs" in " ".join(shown.split())
    assert ran["policy"] == "las"
    assert "las" in {each["options"]["policy"] for each in compared["policies"]}


@pytest.mark.slow
def test_the_policy_that_the_page_adds_is_compiled(checkout: Path) -> None:
    """The compiled engine makes the same schedules with it."""
    done = _pytest(checkout, "tests/integration", "-k", "las")

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def _entered(text: str, marked: Marked) -> Iterator[str]:
    """The table of policies with the page's import and its entry."""
    for line in text.splitlines(keepends=True):
        if line.startswith("from climb.systems.scheduler.policies.lottery"):
            yield marked(ADDING, "import: policies/__init__.py")
        if line == "}\n":
            yield marked(ADDING, "entry: policies/__init__.py")
        yield line


def _change(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def _pytest(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words)
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "CLIMB_HOME": str(checkout / "home")}
    return subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, timeout=280)


def _climb(checkout: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "CLIMB_HOME": str(checkout / "home")}
    done = subprocess.run([PYTHON, "-m", "climb", *words], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
