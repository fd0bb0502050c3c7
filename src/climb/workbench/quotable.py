"""Evidence beside an entry: what it speaks of, and what could be quoted in it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from climb.errors import UsageError
from climb.journal.entry import Entry
from climb.journal.evidence import explained_or_none, learner_runs
from climb.journal.quotes import lab_in_words, quote_lab, quote_run, run_in_words
from climb.journal.references import Kind, Reference, parse_reference, references
from climb.labs import lab as labs, store
from climb.labs.result import Result
from climb.progress.history import find_summary
from climb.progress.summaries import RunSummary

__all__ = ["Evidence", "Quotable", "evidence_of", "quotable"]

_RUNS = 6
_LABS = 6


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an entry speaks of: ``words`` is Markdown; ``place`` is None if it is not there any more."""

    words: str
    place: str | None


class Quotable(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an entry could quote: what it is, and the Markdown line that quotes it."""

    label: str
    line: str


def evidence_of(home: Path, entry: Entry) -> list[Evidence]:
    """The evidence that an entry names, in its text first, each once."""
    named = [reference for address in entry.about if (reference := parse_reference(address)) is not None]
    wanted = dict.fromkeys((*references(entry.text), *named))
    found = (_evidence(home, reference) for reference in wanted if reference.kind in (Kind.RUN, Kind.LAB))
    return list(found)


def quotable(home: Path) -> list[Quotable]:
    """The newest runs and lab results, as lines to put into an entry."""
    runs = learner_runs(home)[: -_RUNS - 1 : -1]
    return [_quotable_run(run) for run in runs] + [_quotable_lab(result) for result in _newest_results(home)]


def _evidence(home: Path, reference: Reference) -> Evidence:
    if reference.kind is Kind.RUN:
        summary = find_summary(home, reference.name)
        if summary is None:
            return Evidence(words=f"The run {reference.name} is not there any more.", place=None)
        return Evidence(words=run_in_words(summary, reference.part), place=f"/runs/{reference.name}")
    if not reference.part:
        return Evidence(words=f"The lab {reference.name}.", place=f"/labs/{reference.name}")
    try:
        result = store.find_result(home, reference.name, reference.part)
    except UsageError:
        return Evidence(words=f"This result of the lab {reference.name} is not there any more.", place=None)
    words = lab_in_words(result, explained_or_none(result))
    return Evidence(words=words, place=f"/labs/{reference.name}/{reference.part}")


def _quotable_run(run: RunSummary) -> Quotable:
    failing = run.first_failure
    check = failing.failure[0] if failing is not None and failing.failure is not None else ""
    held = "the build failed" if run.build_failed else f"{run.passed} of {run.total} held"
    return Quotable(label=f"{run.project} {run.seed}: {held}", line=quote_run(run, check))


def _newest_results(home: Path) -> list[Result]:
    every = [result for slug in labs.slugs() for result in islice(store.newest_first(home, slug), 1)]
    return sorted(every, key=lambda result: result.id, reverse=True)[:_LABS]


def _quotable_lab(result: Result) -> Quotable:
    explanation = explained_or_none(result)
    title = labs.find(result.lab).title
    line = quote_lab(result, explanation) if explanation else f"> [Lab “{title}”](climb:lab/{result.lab}/{result.id})"
    return Quotable(label=f"{title}, {result.started_at[:10]}", line=line)
