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
from climb.judge.submission import load
from climb.judge.verdict import Verdict

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
    """Each type of evidence has its table, below the word in its ``type`` field."""
    page = (root / "docs/reference/verdict.md").read_text(encoding="utf-8")
    evidence = importlib.import_module("climb.judge.evidence")
    kinds = [getattr(evidence, name) for name in evidence.__all__ if name != "Evidence"]

    missing = [
        kind.__name__
        for kind in kinds
        if f"\n`{kind.__struct_config__.tag}`:" not in page or f"climb.judge.evidence:{kind.__name__} -->" not in page
    ]

    assert missing == []


def test_the_verdict_shown_is_a_verdict(root: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """The example has every field, and none that does not exist."""
    (shown,) = [block.text for block in blocks(root / "docs/reference/verdict.md") if block.language == "json"]
    verdict = msgspec.json.decode(shown, type=Verdict)

    assert json.loads(msgspec.json.encode(verdict)) == json.loads(shown)


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


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("judge", ("climb.cli", "climb.systems", "climb.projects.")),
        ("systems", ("climb.cli", "climb.judge", "climb.projects")),
        ("projects", ("climb.cli", "climb.systems")),
    ],
)
def test_imports_keep_to_the_design(folder: str, forbidden: tuple[str, ...], root: Path) -> None:
    """What docs/design.md says about who imports whom holds."""
    sources = [path for path in (root / "src/climb" / folder).rglob("*.py") if "starters" not in path.parts]
    broken = [
        f"{path.relative_to(root)}: {name}"
        for path in sources
        for name in _imports(path)
        if f"{name}.".startswith(forbidden)
    ]

    assert broken == []


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
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
