"""Projects as the judge sees them: found by their folder, described by ``project.toml``, judged by their ``STAGES``."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from climb.errors import CourseError, UsageError
from climb.judge.stage import Stage

__all__ = ["Language", "Project", "ProjectInfo", "find", "load", "slugs"]


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A starter's language: the commands it needs on this machine, and how to get them."""

    name: str
    needs: tuple[str, ...]
    install: str


class ProjectInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``project.toml``: what can be said of a project without loading its stages."""

    slug: str
    title: str
    summary: str
    module: str
    kind: Literal["command", "service"]
    state: Literal["draft", "ready"]  # a draft can be tried; some of its checks may not be proven yet
    reference: tuple[str, ...]
    languages: dict[str, Language]
    side_by_side: int = 1  # checks of one stage that may be judged at the same time, on as many processors
    reference_build: tuple[str, ...] = ()  # makes our own system ready, if that takes longer than a start may


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project with its stages, and how its driver is made from a command or a service."""

    info: ProjectInfo
    folder: Path
    stages: tuple[Stage, ...]
    driver: Callable[[Any], Any]  # gets a Command or a Service, as the kind says

    @property
    def reference_command(self) -> list[str]:
        """The words that run our own system for this project."""
        return _words(self.info.reference)

    @property
    def reference_build(self) -> list[str]:
        """The words that make it ready; none if nothing has to be done."""
        return _words(self.info.reference_build)

    @property
    def brief(self) -> str:
        """The brief in Markdown, without its title."""
        text = (self.folder / "brief.md").read_text(encoding="utf-8")
        return text.partition("\n")[2].strip() if text.startswith("# ") else text

    def stage(self, name: str) -> Stage:
        """The stage with this number or id.

        Raises UsageError that lists the stages if there is none.
        """
        for number, stage in enumerate(self.stages, 1):
            if name in (str(number), stage.id):
                return stage
        known = "\n".join(f"  {number:2} {stage.id}" for number, stage in enumerate(self.stages, 1))
        raise UsageError(f"{self.info.slug} has no stage {name!r}; it has\n{known}")


def _words(template: tuple[str, ...]) -> list[str]:
    return [sys.executable if word == "{python}" else word for word in template]


def projects_folder() -> Path:
    """Where the projects are: in the installed package."""
    return Path(str(resources.files("climb.projects")))


@cache
def slugs() -> tuple[str, ...]:
    """The names of all projects."""
    return tuple(sorted(path.parent.name for path in projects_folder().glob("*/project.toml")))


def find(slug: str) -> ProjectInfo:
    """The description of a project.

    Raises UsageError with the known names if there is none, CourseError if its description is wrong.
    """
    if slug not in slugs():
        raise UsageError(f"there is no project {slug!r}; there is: {', '.join(slugs())}", next_step="climb list")
    path = projects_folder() / slug / "project.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ProjectInfo)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CourseError(f"{path}: {error}") from error


def load(slug: str) -> Project:
    """A project with its stages; the folder's name is all that the judge knows of it beforehand."""
    info = find(slug)
    module = importlib.import_module(f"climb.projects.{slug}.stages")
    stages = tuple(module.STAGES)
    if not stages or any(not stage.checks for stage in stages):
        raise CourseError(f"project {slug}: a stage without checks judges nothing")
    return Project(
        info=info,
        folder=projects_folder() / slug,
        stages=stages,
        driver=getattr(module, "driver", lambda given: given),
    )
