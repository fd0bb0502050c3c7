"""Evidence in words: the line that quotes it in an entry, and the sentence that stands for it where there is no workbench."""

from __future__ import annotations

from climb.counted import counted
from climb.journal.evidence import check_outcome, lab_words
from climb.journal.references import Kind, Reference, escaped
from climb.journal.words import day
from climb.judge.verdict import Status
from climb.labs.lab import Explanation
from climb.labs.result import Machine, Result
from climb.labs.words import with_interval, with_unit
from climb.progress.summaries import RunSummary

__all__ = ["lab_in_words", "quote_lab", "quote_run", "run_in_words"]

_ENDED = {
    Status.PASSED: "held",
    Status.FAILED: "failed",
    Status.UNKNOWN: "the judge could not tell",
    Status.SKIPPED: "not judged",
    Status.JUDGE_ERROR: "the judge was at fault",
}


def quote_run(summary: RunSummary, check: str = "") -> str:
    """The Markdown line that quotes a run, or its stage or check: ``5`` or ``5.2``."""
    reference = Reference(Kind.RUN, summary.run, check)
    what = f", {_part(check)}" if check else ""
    label = f"Run {escaped(summary.seed)}{what}"
    where = f"{escaped(summary.project)}, {escaped(summary.language)}, {day(summary.started_at)}"
    return f"> [{label}]({reference.address}): {_outcome(summary, check)} ({where})"


def quote_lab(result: Result, explanation: Explanation) -> str:
    """The Markdown line that quotes a lab's result: what was predicted, and what was measured."""
    words = lab_words(result.lab)
    reference = Reference(Kind.LAB, result.lab, result.id)
    label = f"Lab “{escaped(words.title)}”"
    return f"> [{label}]({reference.address}): {_measured(result, explanation, escaped(words.unit))}"


def run_in_words(summary: RunSummary, check: str = "") -> str:
    """A run, or its stage or check, as a sentence in Markdown that needs no workbench."""
    head = f"Run of {escaped(summary.project)} in {escaped(summary.language)}, seed {escaped(summary.seed)}"
    stage = next((each for each in summary.stages if str(each.number) == check.partition(".")[0]), None)
    within = f" (stage {stage.number} “{escaped(stage.title)}”)" if stage is not None and "." in check else ""
    what = f", {_part(check)}{within}" if check else ""
    counts = f"; {_counts(summary)}" if check and summary.whole else ""
    return f"{head}, {day(summary.started_at)}{what}: {_outcome(summary, check)}{counts}."


def lab_in_words(result: Result, explanation: Explanation | None) -> str:
    """A lab's result as sentences in Markdown that need no workbench."""
    words = lab_words(result.lab)
    head = f"Lab “{escaped(words.title)}”, {day(result.started_at)}."
    question = f" {escaped(words.question)}" if words.question else ""
    if explanation is None:
        return f"{head}{question} What was measured can no longer be read by this version of the lab."
    measured = _measured(result, explanation, escaped(words.unit))
    where = f", on {_machine(result.machine)}" if result.machine is not None else ""
    return f"{head}{question} {measured[0].upper()}{measured[1:]}{where}."


def _measured(result: Result, explanation: Explanation, unit: str) -> str:
    predicted = f"predicted {with_unit(result.predicted.value, unit)}, " if result.predicted is not None else ""
    return f"{predicted}measured {with_interval(explanation.answer, unit)}"


def _part(check: str) -> str:
    return f"check {check}" if "." in check else f"stage {check}"


def _outcome(summary: RunSummary, check: str) -> str:
    """How what was named ended."""
    if not check:
        return "the build failed" if summary.build_failed else _counts(summary)
    if "." in check:
        found = check_outcome(summary, check)
        return f"{_ENDED[found.status]}: “{escaped(found.claim)}”" if found is not None else "no longer known"
    stage = next((stage for stage in summary.stages if str(stage.number) == check), None)
    return f"“{escaped(stage.title)}” {_ENDED[stage.status]}" if stage is not None else "no longer known"


def _counts(summary: RunSummary) -> str:
    if summary.whole:
        return f"{summary.passed} of {summary.total} stages held"
    held = sum(stage.status is Status.PASSED for stage in summary.stages)
    judged = sum(stage.status is not Status.SKIPPED for stage in summary.stages)
    return f"{held} of {counted(judged, 'stage')} judged held" if judged else "no whole stage was judged"


def _machine(machine: Machine) -> str:
    memory = machine.memory_bytes / 2**30
    return f"{escaped(machine.system)}, {escaped(machine.processor)}, {machine.cores} cores, {memory:.3g} GiB of memory"
