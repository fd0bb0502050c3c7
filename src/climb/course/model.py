"""What the course is made of. ``loader.py`` makes these from the files under ``content``."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

__all__ = [
    "Choice",
    "ChoiceQuestion",
    "Concept",
    "Course",
    "Kind",
    "Module",
    "NumberQuestion",
    "Page",
    "PlannedProject",
    "Question",
    "Reading",
    "Reflection",
    "Topic",
    "Track",
    "Work",
]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts share: they never change, are made by name, and refuse fields that they don't know."""


class Choice(_Part, frozen=True):
    """One answer to choose; ``because`` is what the reader learns on choosing it, right or wrong."""

    text: str
    because: str
    right: bool = False


class ChoiceQuestion(_Part, frozen=True, tag="choice", tag_field="kind"):
    """A question with one right answer among several."""

    ask: str
    choices: tuple[Choice, ...]


class NumberQuestion(_Part, frozen=True, tag="number", tag_field="kind"):
    """A question whose answer is a number: right if it is within ``within`` of ``answer``; ``because`` shows the way there."""

    ask: str
    answer: float
    because: str
    within: float = 0.0
    unit: str = ""


Question: TypeAlias = ChoiceQuestion | NumberQuestion


class Kind(StrEnum):
    """What sort of work a reading or resource is."""

    BOOK = "book"
    PAPER = "paper"
    STANDARD = "standard"
    COURSE = "course"
    DOCUMENTATION = "documentation"
    PRACTICE = "practice"


class Work(_Part, frozen=True, kw_only=True):
    """A book, paper, course or site, cited by its slug."""

    slug: str
    kind: Kind
    title: str
    authors: tuple[str, ...] = ()
    note: str  # what it is good for, in a sentence
    year: int | None = None
    url: str | None = None


class Reading(_Part, frozen=True):
    """A work that a module sends its readers to, which part of it, and what for."""

    work: str
    part: str = ""
    why: str = ""


class Concept(_Part, frozen=True):
    """One idea. ``body`` is its page in Markdown; empty while there is none yet.

    ``also`` are other names that lead here, such as those in a failure report.
    """

    slug: str
    title: str
    summary: str
    body: str = ""
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # concepts to read before
    sources: tuple[Reading, ...] = ()
    question: Question | None = None


class Topic(_Part, frozen=True):
    """Some concepts of a module that belong together."""

    title: str
    concepts: tuple[str, ...]


class Reflection(_Part, frozen=True):
    """A prompt for the journal."""

    id: str
    ask: str


class PlannedProject(_Part, frozen=True):
    """A project that the course names; it is built once the judge has a project of that slug."""

    slug: str
    title: str
    summary: str


class Module(_Part, frozen=True):
    """A station of a track. ``overview`` and ``importance`` are Markdown."""

    id: str
    title: str
    summary: str
    overview: str
    importance: str
    topics: tuple[Topic, ...]
    readings: tuple[Reading, ...] = ()
    resources: tuple[Reading, ...] = ()
    projects: tuple[str, ...] = ()
    reflections: tuple[Reflection, ...] = ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """The slugs of all its concepts, in order."""
        return tuple(slug for topic in self.topics for slug in topic.concepts)


class Track(_Part, frozen=True):
    """A way through the course: modules in order."""

    slug: str
    title: str
    summary: str
    modules: tuple[str, ...]


class Page(_Part, frozen=True):
    """A page about the course as a whole."""

    slug: str
    title: str
    summary: str
    body: str


class Course(_Part, frozen=True):
    """Everything, by slug or id."""

    tracks: dict[str, Track]
    modules: dict[str, Module]
    concepts: dict[str, Concept]
    works: dict[str, Work]
    projects: dict[str, PlannedProject]
    pages: dict[str, Page]

    def concept(self, name: str) -> Concept | None:
        """The concept with this slug or one of whose other names this is."""
        found = self.concepts.get(name)
        return found or next((each for each in self.concepts.values() if name in each.also), None)

    def modules_with(self, concept: Concept) -> list[Module]:
        """The modules that name the concept."""
        return [module for module in self.modules.values() if concept.slug in module.concepts]

    def following(self, concept: Concept) -> Concept | None:
        """The concept to read after this one: the next that has a page, in the modules that name this one."""
        named = [slug for module in self.modules_with(concept) for slug in module.concepts]
        order = [slug for slug in named if self.concepts[slug].body]
        here = order.index(concept.slug) if concept.slug in order else len(order)
        return self.concepts[order[here + 1]] if here + 1 < len(order) else None
