"""Which races a project has: the ``RACES`` of its ``races.py``."""

from __future__ import annotations

import importlib
import importlib.util

from climb.errors import CourseError, UsageError
from climb.judge.project import Project
from climb.races.race import Race

__all__ = ["chosen", "races_of"]


def races_of(project: Project) -> tuple[Race, ...]:
    """The races of a project; none if it has no such file. Raises CourseError if one needs a stage that there is not."""
    name = f"climb.projects.{project.info.slug}.races"
    if importlib.util.find_spec(name) is None:
        return ()
    races: tuple[Race, ...] = tuple(importlib.import_module(name).RACES)
    known = {stage.id for stage in project.stages}
    for race in races:
        if strange := set(race.stages) - known:
            raise CourseError(
                f"{name}: race {race.id} needs {', '.join(sorted(strange))}, which {project.info.slug} does not have"
            )
    return races


def chosen(project: Project, wanted: str | None) -> tuple[Race, ...]:
    """The race that was asked for, or all. Raises UsageError that lists them if there is no such race."""
    races = races_of(project)
    if not races:
        raise UsageError(f"{project.info.slug} has no races yet", next_step="climb check")
    found = tuple(race for race in races if wanted in (None, race.id))
    if not found:
        listed = "\n".join(f"  {race.id:16} {race.title}" for race in races)
        raise UsageError(f"{project.info.slug} has no race {wanted!r}; it has\n{listed}")
    return found
