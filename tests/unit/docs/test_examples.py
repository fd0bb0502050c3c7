"""The examples in our documents work: they are taken out of the pages and run."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from climb.judge.checking import run_check
from climb.judge.evidence import Comparison
from climb.judge.project import Project, load as load_project
from climb.judge.run import Plan, run
from climb.judge.submission import load as load_submission
from climb.judge.verdict import Status, Verdict

Marked = Callable[[str, str], str]

PYTHON = sys.executable


def test_python_blocks_are_python(document: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """Each block of Python compiles."""
    for block in blocks(document):
        if block.language == "python":
            compile(block.text, f"{document.name}:{block.line}", "exec")


def test_blocks_marked_to_run_do(document: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """A block of Python marked ``run`` ends without an error."""
    for block in blocks(document):
        if block.language == "python" and block.mark == "run":
            done = subprocess.run([PYTHON, "-c", block.text], capture_output=True, text=True, timeout=60)

            assert done.returncode == 0, done.stderr


class TestTutorial:
    """The program that the tutorial writes."""

    def test_the_first_step_holds_the_first_check(self, root: Path, marked: Marked, tmp_path: Path) -> None:
        """After connecting, check 1.1 passes and 1.2 fails, as the page shows."""
        program = self._program(root, first=marked("docs/tutorial.md", "replaces scan, first"), main=None)

        verdict = self._judged(root, tmp_path, program)

        assert [check.status for check in verdict.stages[0].checks[:2]] == [Status.PASSED, Status.FAILED]
        assert self._shown(root, verdict)

    def test_the_second_step_holds_the_first_stage(self, root: Path, marked: Marked, tmp_path: Path) -> None:
        """With the fields and the summary, stage 1 holds and stage 2 fails."""
        program = self._program(
            root,
            first=marked("docs/tutorial.md", "replaces scan, second"),
            main=marked("docs/tutorial.md", "replaces main"),
        )

        verdict = self._judged(root, tmp_path, program)

        assert (verdict.passed, verdict.stages[1].status) == (1, Status.FAILED)
        assert self._shown(root, verdict)

    def test_the_starter_fails_as_shown(self, root: Path, tmp_path: Path) -> None:
        """The page begins with the starter's own first failure."""
        starter = root / "src/climb/projects/scanner/starters/python/scanner.py"

        verdict = self._judged(root, tmp_path, starter.read_text(encoding="utf-8"))

        assert self._shown(root, verdict)

    @staticmethod
    def _shown(root: Path, verdict: Verdict) -> bool:
        """Whether the page shows the claim and the subject of the first failure."""
        assert verdict.first_failure is not None
        _, check = verdict.first_failure
        page = (root / "docs/tutorial.md").read_text(encoding="utf-8")
        (comparison,) = [piece for piece in check.evidence if isinstance(piece, Comparison)]
        return f"  {check.number}  {check.claim}\n" in page and f"about     {comparison.subject}\n" in page

    @staticmethod
    def _program(root: Path, *, first: str, main: str | None) -> str:
        starter = (root / "src/climb/projects/scanner/starters/python/scanner.py").read_text(encoding="utf-8")
        program = starter.replace("import json\n", "import json\nimport socket\n")
        program = _replaced(program, "scan", first)
        return _replaced(program, "main", main) if main else program

    @staticmethod
    def _judged(root: Path, folder: Path, program: str) -> Verdict:
        shutil.copy(root / "src/climb/projects/scanner/starters/python/climb.toml", folder)
        (folder / "scanner.py").write_text(program, encoding="utf-8")
        return _judged(folder)


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")
def test_the_perl_program_holds_stage_1(root: Path, blocks: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """The program in docs/how-to/use-any-language.md does what the page says."""
    found = blocks(root / "docs/how-to/use-any-language.md")
    (program,) = [block.text for block in found if block.language == "perl"]
    (manifest,) = [block.text for block in found if block.language == "toml" and "perl" in block.text]
    (tmp_path / "scanner.pl").write_text(program, encoding="utf-8")
    (tmp_path / "climb.toml").write_text(manifest, encoding="utf-8")

    assert _judged(tmp_path).stages[0].status is Status.PASSED


def test_the_project_that_a_page_adds_passes_the_gate(
    root: Path, blocks: Callable[[Path], list[Any]], tmp_path: Path
) -> None:
    """docs/how-to/add-a-project.md, followed in a copy of the checkout, ends with nothing wrong."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "requirements.lock", tmp_path)
    for block in blocks(root / "docs/how-to/add-a-project.md"):
        if block.mark.startswith("file: "):
            path = tmp_path / block.mark.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")

    recorded = _climb(tmp_path, "dev", "check", "--project", "lines", "--gate", "wrong", "--record")
    checked = _climb(tmp_path, "dev", "check", "--project", "lines")

    assert recorded.splitlines()[-1].strip() == "2 ok, 0 wrong, 0 skipped"
    assert checked.splitlines()[-1].strip() == "8 ok, 0 wrong, 0 skipped"


def test_the_pages_on_wrong_programs_show_the_same_one(marked: Marked) -> None:
    """The description explained by one page is the one that the other page adds."""
    mark = "file: tests/wrong/lines/unfinished-line-is-lost.toml"

    assert marked("docs/how-to/write-a-wrong-program.md", mark) == marked("docs/how-to/add-a-project.md", mark)


class TestBannerExample:
    """The stage of docs/how-to/write-a-check.md, against programs that are right and wrong."""

    RIGHT = """
import socket, sys
timeout = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout) as peer:
    try:
        data = b""
        while b"\\n" not in data:
            data += peer.recv(4096)
    except TimeoutError:
        sys.exit()
print(data.split(b"\\n")[0].decode().rstrip("\\r"))
"""

    @pytest.mark.parametrize("position", [0, 1])
    def test_a_right_program_passes(self, position: int, marked: Marked, tmp_path: Path) -> None:
        """No false alarm."""
        assert self._status(marked, tmp_path, self.RIGHT, position) is Status.PASSED

    def test_a_program_that_prints_everything_fails_the_first_check(self, marked: Marked, tmp_path: Path) -> None:
        """The lines after the first are noticed."""
        wrong = self.RIGHT.replace('data.split(b"\\n")[0]', "data")

        assert self._status(marked, tmp_path, wrong, 0) is Status.FAILED

    def test_a_program_with_a_timeout_of_its_own_fails_the_second_check(self, marked: Marked, tmp_path: Path) -> None:
        """A wait that is longer than asked for is noticed."""
        wrong = self.RIGHT.replace("float(sys.argv[4])", "1.5")

        assert self._status(marked, tmp_path, wrong, 1) is Status.FAILED

    @staticmethod
    def _status(marked: Marked, folder: Path, program: str, position: int) -> Status:
        module: dict[str, Any] = {}
        exec(compile(marked("docs/how-to/write-a-check.md", "example: banner"), "banner", "exec"), module)
        stage = module["banner"]
        (folder / "banner.py").write_text(program, encoding="utf-8")
        manifest = 'project = "scanner"\nrun = "python3 banner.py"\n'
        (folder / "climb.toml").write_text(manifest, encoding="utf-8")
        info = load_project("scanner").info
        project = Project(info=info, folder=folder, stages=(stage,), driver=lambda command: command)
        checked = asyncio.run(run_check(project, stage, stage.checks[position], load_submission(folder), "d0c5"))
        return checked.result.status


def _replaced(program: str, function: str, new: str) -> str:
    """The program with a function of the top level replaced."""
    changed, count = re.subn(
        rf"^def {function}\(.*?(?=^\S)", lambda _: f"{new}\n\n", program, flags=re.DOTALL | re.MULTILINE
    )
    assert count == 1
    return changed


def _judged(folder: Path) -> Verdict:
    work = run(load_submission(folder), load_project("scanner"), seed="d0c5", plan=Plan(), on_event=lambda _event: None)
    return asyncio.run(work)


def _climb(checkout: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "CLIMB_HOME": str(checkout / "home")}
    done = subprocess.run([PYTHON, "-m", "climb", *words], env=env, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr
