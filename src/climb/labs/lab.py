"""A lab, as an author writes it: one file that defines ``lab``, its measurement and its explanation.

    lab = Lab(
        title="What a system call costs",
        question="…",
        about="…",
        concepts=("system-calls",),
        prediction=Prediction(ask="How many times as long as …?", unit="×"),
        knobs=(Knob("calls", "calls in one round", default=1000, choices=(100, 1000, 10_000)),),
        seconds=4,
    )

    @lab.measure
    def measure(knobs: Knobs, bench: Bench) -> None:
        for _ in bench.rounds(30, "calling"):
            bench.record("getppid", timed(…), unit="ns")

    @lab.explain
    def explain(result: Result) -> Explanation:
        …

The file's name is the lab's slug. The measurement runs in a process of its own, as an ordinary user; the explanation is made from
the stored result whenever it is shown, so it always speaks of the numbers that were measured.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias, TypeVar

import msgspec

from climb import labs
from climb.errors import CourseError, UsageError
from climb.labs.bench import Bench
from climb.labs.plot import Plot
from climb.labs.result import Result
from climb.labs.statistics import Estimate

__all__ = ["Explanation", "Knob", "Knobs", "Lab", "Prediction", "find", "slugs"]

Value: TypeAlias = int | float | str
Knobs: TypeAlias = Mapping[str, Value]
Measure: TypeAlias = Callable[[Knobs, Bench], None]
Explain: TypeAlias = Callable[[Result], "Explanation"]
MeasureT = TypeVar("MeasureT", bound=Measure)
ExplainT = TypeVar("ExplainT", bound=Explain)


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the learner is asked before the run: for one positive number, in ``unit``."""

    ask: str
    unit: str


class Knob(msgspec.Struct, frozen=True):
    """Something to change between runs; ``choices`` has every value that it can take."""

    name: str
    meaning: str
    default: Value
    choices: tuple[Value, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a result means. ``answer`` is what the prediction is held against, in its unit.

    ``headline`` is one sentence with the numbers; ``text`` is Markdown, one to four paragraphs that speak of the numbers just
    measured; ``trust`` adds, a sentence each, what disturbs this experiment or what it does not show. ``numbers`` says what was made
    of several measurements of one condition, if not their median.
    """

    answer: Estimate
    headline: str
    text: str
    plots: tuple[Plot, ...]
    trust: tuple[str, ...] = ()
    numbers: str | None = None


class Lab:
    """A question that this machine can answer. ``seconds`` is about how long a run takes with the default knobs."""

    def __init__(
        self,
        *,
        title: str,
        question: str,
        about: str,
        concepts: tuple[str, ...],
        prediction: Prediction,
        seconds: int,
        knobs: tuple[Knob, ...] = (),
    ) -> None:
        self.slug = ""
        self.title = title
        self.question = question
        self.about = about
        self.concepts = concepts
        self.prediction = prediction
        self.seconds = seconds
        self.knobs = knobs
        self._measure: Measure | None = None
        self._explain: Explain | None = None
        self._why_not: Callable[[], str | None] = lambda: None

    def __repr__(self) -> str:
        return f"Lab({self.slug!r})"

    def measure(self, function: MeasureT) -> MeasureT:
        """Name the measurement: it records samples on the bench, in a process of its own."""
        self._measure = function
        return function

    def explain(self, function: ExplainT) -> ExplainT:
        """Name the explanation: a pure function of a stored result."""
        self._explain = function
        return function

    def unless(self, function: Callable[[], str | None]) -> Callable[[], str | None]:
        """Name the function that says why this machine can't run the lab; None if it can."""
        self._why_not = function
        return function

    def why_not(self) -> str | None:
        """Why this machine can't run the lab, as a sentence; None if it can."""
        return self._why_not()

    def run(self, knobs: Knobs, bench: Bench) -> None:
        """Measure. Only for the process that was started for it."""
        assert self._measure is not None
        self._measure(knobs, bench)

    def explanation(self, result: Result) -> Explanation:
        """What ``result`` means."""
        assert self._explain is not None
        return self._explain(result)

    def settings(self, chosen: Mapping[str, str]) -> dict[str, Value]:
        """The value of every knob, those in ``chosen`` as texts.

        Raises UsageError that names the knob and its values.
        """
        known = {knob.name: knob for knob in self.knobs}
        for name in chosen:
            if name not in known:
                raise UsageError(f"{self.slug} has no knob {name!r}; it has: {', '.join(known) or 'none'}")
        return {name: _value(knob, chosen[name]) if name in chosen else knob.default for name, knob in known.items()}


def _value(knob: Knob, text: str) -> Value:
    for choice in knob.choices:
        if text in (str(choice), f"{choice:g}" if isinstance(choice, float) else str(choice)):
            return choice
    raise UsageError(f"{knob.name} can't be {text!r}; it can be: {', '.join(str(choice) for choice in knob.choices)}")


@cache
def slugs() -> tuple[str, ...]:
    """The names of all labs: the files of this package that define one."""
    found = [module.name for module in pkgutil.iter_modules(labs.__path__)]
    return tuple(name.replace("_", "-") for name in sorted(found) if _defines_lab(name))


@cache
def find(slug: str) -> Lab:
    """The lab of that name. Raises UsageError that lists the labs if there is none."""
    if slug not in slugs():
        near = difflib.get_close_matches(slug, slugs(), n=1)
        raise UsageError(
            f"there is no lab {slug!r}; there is: {', '.join(slugs())}", next_step=" ".join(["climb lab", *near])
        )
    found = importlib.import_module(f"climb.labs.{slug.replace('-', '_')}").lab
    assert isinstance(found, Lab)
    found.slug = slug
    if found._measure is None or found._explain is None:  # noqa: SLF001 - the same class's own state
        raise CourseError(f"lab {slug}: it needs both @lab.measure and @lab.explain")
    return found


def _defines_lab(name: str) -> bool:
    specification = importlib.util.find_spec(f"climb.labs.{name}")
    source = specification.loader.get_source(specification.name) if specification and specification.loader else None  # type: ignore[attr-defined] # every file of this package has a source loader
    return source is not None and "\nlab = Lab(" in source
