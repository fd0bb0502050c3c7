"""The reference pages say what the code says."""

from __future__ import annotations

import ast
import enum
import importlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from climb import errors
from climb.cli.main import run
from climb.cli.planted_bugs import planted_bugs_page
from climb.cli.reference import commands_page
from climb.journal.entries import entries
from climb.journal.references import Kind, parse_reference, references
from climb.judge.submission import load
from climb.judge.verdict import Verdict
from climb.labs.lab import find
from climb.labs.result import Result

_NAMES = re.compile(r"<!-- names: ([\w.]+):(\w+) -->\n(.*?)(?:\n\n|\Z)", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def test_the_page_of_commands_is_current(root: Path) -> None:
    """docs/reference/commands.md is what ``climb dev docs`` writes."""
    page = (root / "docs/reference/commands.md").read_text(encoding="utf-8")

    assert page == commands_page(), "write it: climb dev docs"


def test_the_page_of_planted_bugs_is_current(root: Path) -> None:
    """docs/reference/planted-bugs.md is what ``climb dev docs`` writes."""
    page = (root / "docs/reference/planted-bugs.md").read_text(encoding="utf-8")

    assert page == planted_bugs_page(root / "tests"), "write it: climb dev docs"


def test_dev_docs_says_that_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """``climb dev docs --check`` ends with 0 and writes nothing when there is nothing to write."""
    code = run(["dev", "docs", "--check"])

    printed = [line.strip() for line in capsys.readouterr().out.splitlines()]

    assert code == 0
    assert printed == ["docs/reference/commands.md is current", "docs/reference/planted-bugs.md is current"]


def test_every_field_is_described(document: Path) -> None:
    """A table or list marked with the name of a type names exactly what that type has."""
    for module, name, text in _NAMES.findall(document.read_text(encoding="utf-8")):
        described = _described(text)

        assert described == _names(getattr(importlib.import_module(module), name)), name


@pytest.mark.parametrize("name", ["Verdict", "StageResult", "CheckResult", "Status"])
def test_the_page_of_the_verdict_covers(name: str, root: Path) -> None:
    """Each type of climb.judge.verdict has its table."""
    page = (root / "docs/reference/verdict.md").read_text(encoding="utf-8")

    assert f"<!-- names: climb.judge.verdict:{name} -->" in page


def test_every_kind_of_evidence_is_described(root: Path) -> None:
    """Each type of evidence has its table, below the word in its ``type`` field; parts of evidence have their table too."""
    page = (root / "docs/reference/verdict.md").read_text(encoding="utf-8")
    evidence = importlib.import_module("climb.judge.evidence")
    kinds = [getattr(evidence, name) for name in evidence.__all__ if name != "Evidence"]

    missing = [
        kind.__name__
        for kind in kinds
        if f"climb.judge.evidence:{kind.__name__} -->" not in page
        or (kind.__struct_config__.tag and f"\n`{kind.__struct_config__.tag}`:" not in page)
    ]

    assert missing == []


def test_the_verdict_shown_is_a_verdict(root: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """The example has every field, and none that does not exist."""
    (shown,) = [block.text for block in blocks(root / "docs/reference/verdict.md") if block.language == "json"]
    verdict = msgspec.json.decode(shown, type=Verdict)

    assert json.loads(msgspec.json.encode(verdict)) == json.loads(shown)


@pytest.mark.parametrize(
    ("page", "module", "besides"),
    [("course-files", "climb.course.model", {"Question"}), ("lab-results", "climb.labs.result", set())],
)
def test_a_page_covers_its_module(page: str, module: str, besides: set[str], root: Path) -> None:
    """Each public type of the module has its table; ``Question`` is a name for two that have theirs."""
    text = (root / f"docs/reference/{page}.md").read_text(encoding="utf-8")
    covered = {name for where, name, _ in _NAMES.findall(text) if where == module}

    assert covered == set(importlib.import_module(module).__all__) - besides


def test_the_lab_result_shown_is_one(root: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """The example has every field, none that does not exist, and the knobs of its lab."""
    (shown,) = [block.text for block in blocks(root / "docs/reference/lab-results.md") if block.language == "json"]
    result = msgspec.json.decode(shown, type=Result)

    assert json.loads(msgspec.json.encode(result)) == json.loads(shown)
    assert result.knobs.keys() == find(result.lab).settings({}).keys()


def test_the_entry_shown_is_one(root: Path, blocks: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """The example is read as an entry with all that its front matter says, and its text has the reference."""
    (shown,) = [block.text for block in blocks(root / "docs/reference/journal.md") if block.language == "markdown"]
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "example.md").write_text(shown, encoding="utf-8")

    (entry,) = entries(tmp_path)

    assert (entry.title, entry.module, entry.created.year) == ("Silence is an answer", "1.1", 2026)
    assert [reference.address for reference in references(entry.text)] == list(entry.about)


def test_every_reference_shown_is_one(root: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """The list of references has each kind, in a form that is understood."""
    (shown,) = [block.text for block in blocks(root / "docs/reference/journal.md") if block.language == "text"]
    parsed = [parse_reference(line.split()[0]) for line in shown.splitlines()]

    assert None not in parsed
    assert {reference.kind for reference in parsed if reference} == set(Kind)


def test_the_exit_codes_of_errors(root: Path) -> None:
    """The table of errors has each class with its code."""
    page = (root / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+Error)` \| (\d) \|", page, flags=re.MULTILINE))
    classes = [getattr(errors, name) for name in errors.__all__ if name != "ClimbError"]

    assert shown == {kind.__name__: str(kind.exit_code) for kind in classes}


def test_every_climb_toml_shown_is_accepted(
    document: Path, blocks: Callable[[Path], list[Any]], tmp_path: Path
) -> None:
    """A block of TOML with ``run`` and ``project`` is a manifest that the judge can read."""
    for block in blocks(document):
        data = tomllib.loads(block.text) if block.language == "toml" else {}
        if {"project", "run"} <= data.keys():
            (tmp_path / "climb.toml").write_text(block.text, encoding="utf-8")

            assert load(tmp_path).project == data["project"]


_PARTS = {  # what docs/design.md draws: each part, and the others that it may import
    "cli": {
        "counted",
        "course",
        "gantt",
        "home",
        "journal",
        "judge",
        "labs",
        "printable",
        "progress",
        "races",
        "sequence",
        "stack",
        "systems",
        "workbench",
    },
    "workbench": {
        "counted",
        "course",
        "gantt",
        "home",
        "journal",
        "judge",
        "labs",
        "parent",
        "printable",
        "progress",
        "races",
        "sequence",
        "stack",
        "systems",
    },
    "journal": {"counted", "course", "judge", "labs", "progress"},
    "progress": {"course", "journal", "judge", "labs", "races"},
    "projects": {"counted", "gantt", "judge", "races"},
    "races": {"judge", "labs"},
    "labs": {"parent", "stack"},
    "course": set(),
    "judge": {"counted", "gantt", "parent", "sequence", "stack"},
    "systems": {"gantt", "parent", "printable", "stack"},
    "stack": {"parent"},
    "gantt": {"printable"},
    "sequence": {"gantt", "printable"},
    "home.py": set(),
    "parent.py": set(),
    "printable.py": set(),
    "counted.py": set(),
    "errors.py": set(),
}
_EVERYONE = {"errors", "__version__"}
_NEITHER = {"__init__.py", "__main__.py", "__pycache__", "py.typed"}  # the version, the command's first file, markers


def test_every_part_has_its_place_in_the_design(root: Path) -> None:
    """What lies under src/climb is drawn in docs/design.md, and its imports are looked at."""
    parts = {path.name for path in (root / "src/climb").iterdir()} - _NEITHER
    page = (root / "docs/design.md").read_text(encoding="utf-8")

    assert parts == _PARTS.keys()
    assert [part for part in parts if not re.search(rf"^  (?:\S+  )*{re.escape(part)}[/ ]", page, re.MULTILINE)] == []


@pytest.mark.parametrize("part", _PARTS)
def test_imports_keep_to_the_design(part: str, root: Path) -> None:
    """What docs/design.md says about who imports whom holds."""
    allowed = (
        _PARTS[part] | _EVERYONE - ({"errors"} if part in {"systems", "stack"} else set()) | {part.removesuffix(".py")}
    )
    broken = [
        f"{path.relative_to(root)}: {name}" for path, name in _ours(root, part) if name.split(".")[1] not in allowed
    ]

    assert broken == []


def test_progress_knows_only_the_files_of_the_journal(root: Path) -> None:
    """Entries are searched and counted; prompts, quotes and exports, which need progress, are not needed by it."""
    known = {name for _, name in _ours(root, "progress") if name.startswith("climb.journal")}

    assert {name.split(".")[2] for name in known if name != "climb.journal"} <= {"entry", "entries", "files"}


def _ours(root: Path, part: str) -> Iterator[tuple[Path, str]]:
    """Every import of something of ours in a part of the package, with its file."""
    place = root / "src/climb" / part
    for path in [place] if place.is_file() else place.rglob("*.py"):
        if "starters" not in path.parts:
            yield from ((path, name) for name in _imports(path) if name.startswith("climb."))


def _described(text: str) -> set[str]:
    lines = text.strip().splitlines()
    if not lines[0].startswith("|"):
        return set(_CODE.findall(text))
    return {name for line in lines[2:] for name in _CODE.findall(line.split(" | ")[0])}


def _names(thing: Any) -> set[str]:
    if isinstance(thing, frozenset):
        return set(thing)
    if isinstance(thing, enum.EnumMeta):
        return {str(member) for member in thing}
    if isinstance(thing, type) and issubclass(thing, msgspec.Struct):
        return {field.encode_name for field in msgspec.structs.fields(thing)}
    return set(thing.__annotations__)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{path}: a relative import"
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
