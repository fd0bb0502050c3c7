"""The labs that measure a concept. Labs name their concepts, but the course and the labs do not know each other."""

from __future__ import annotations

from collections.abc import Collection

from climb.course.model import Concept, Course
from climb.labs import lab as labs
from climb.labs.lab import Lab

__all__ = ["labs_about"]


def labs_about(course: Course, concepts: Collection[Concept]) -> list[Lab]:
    """The labs that measure one of these, by their slugs."""
    every = map(labs.find, labs.slugs())
    return [lab for lab in every if any(course.concept(name) in concepts for name in lab.concepts)]
