"""What there is to write about: the learner's runs and lab results, with the words that name them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from climb.errors import ClimbError
from climb.judge.runs import read_verdict
from climb.judge.verdict import Status
from climb.labs import store
from climb.labs.explained import explained
from climb.labs.lab import Explanation, find, slugs
from climb.labs.result import Result
from climb.progress.history import run_summaries
from climb.progress.summaries import RunSummary

__all__ = [
    "CheckOutcome",
    "LabWords",
    "check_outcome",
    "explained_or_none",
    "lab_results",
    "lab_words",
    "learner_runs",
]


_NEWEST = 3  # of each lab: to explain a result takes a moment, and old surprises have had their time


class LabWords(msgspec.Struct, frozen=True, kw_only=True):
    """How a lab speaks of itself. ``question`` is what it asks, ``unit`` that of its answer."""

    title: str
    question: str = ""
    unit: str = ""
    concepts: tuple[str, ...] = ()


class CheckOutcome(msgspec.Struct, frozen=True):
    """How one check of a run ended; the claim is empty if it is no longer known."""

    status: Status
    claim: str


def learner_runs(home: Path) -> list[RunSummary]:
    """The runs of the learner's programs, the oldest first; those of our own systems are left out."""
    ours = f"{home / 'reference'}/"
    return [summary for summary in run_summaries(home) if not str(summary.folder).startswith(ours)]


def lab_results(home: Path) -> list[tuple[Result, Explanation]]:
    """The newest finished runs of each lab that had a prediction, with what they mean, the oldest first.

    Those that can't be explained are left out.
    """
    stored = [result for lab in slugs() for result in _predicted(home, lab)]
    meant = ((result, explained_or_none(result)) for result in sorted(stored, key=lambda each: (each.id, each.lab)))
    return [(result, explanation) for result, explanation in meant if explanation is not None]


def _predicted(home: Path, lab: str) -> list[Result]:
    predicted = (result for result in store.newest_first(home, lab) if result.predicted is not None)
    return [*islice(predicted, _NEWEST)][::-1]


def explained_or_none(result: Result) -> Explanation | None:
    """What a result means; None if its lab is gone, or has changed so much that it can't tell."""
    try:
        return explained(find(result.lab), result).explanation
    except ClimbError:
        return None


def lab_words(slug: str) -> LabWords:
    """The words of a lab; of one that is gone there is only its name."""
    try:
        lab = find(slug)
    except ClimbError:
        return LabWords(title=slug)
    return LabWords(title=lab.title, question=lab.question, unit=lab.prediction.unit, concepts=lab.concepts)


def check_outcome(summary: RunSummary, check: str) -> CheckOutcome | None:
    """How a check such as ``3.2`` ended, by the run's verdict or, if that is gone, by its summary."""
    try:
        verdict = read_verdict(summary.folder)
    except ClimbError:
        failures = (stage for stage in summary.stages if stage.failure is not None and stage.failure[0] == check)
        return next((CheckOutcome(stage.status, stage.failure[1]) for stage in failures if stage.failure), None)
    checks = (each for stage in verdict.stages for each in stage.checks if each.number == check)
    return next((CheckOutcome(each.status, each.claim) for each in checks), None)
