"""What a new folder has of its project's contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from climb.judge import starter
from climb.judge.project import Language, ProjectInfo

INFO = ProjectInfo(
    slug="notes",
    title="Notes",
    summary="",
    module="1.1",
    kind="service",
    state="",
    reference=(),
    languages={"python": Language(name="Python", needs=(), install="")},
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with a brief and one starter."""
    folder = tmp_path / "projects" / "notes"
    (folder / "starters" / "python").mkdir(parents=True)
    (folder / "starters" / "python" / "climb.toml").write_text('project = "notes"')
    (folder / "brief.md").write_text("# Notes")
    monkeypatch.setattr(starter, "projects_folder", lambda: folder.parent)
    return folder


def test_the_brief_is_in_it(project: Path, tmp_path: Path) -> None:
    """A project without routes has no openapi.yaml."""
    starter.make_folder(INFO, "python", tmp_path / "mine")

    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"climb.toml", "BRIEF.md"}


def test_the_routes_are_in_it_where_a_project_has_them(project: Path, tmp_path: Path) -> None:
    """The brief names the file, so it must be there for tools."""
    (project / "openapi.yaml").write_text("openapi: 3.1.0")

    starter.make_folder(INFO, "python", tmp_path / "mine")

    assert (tmp_path / "mine" / "openapi.yaml").read_text() == "openapi: 3.1.0"
    assert (tmp_path / "mine" / "BRIEF.md").read_text() == "# Notes"
