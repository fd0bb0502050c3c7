"""What to write about: the questions of the modules, and those that the learner's own runs and labs raise.

A prompt's id stays the same while what raised it stays: an entry that names it answers it for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from climb.course.model import Module
from climb.journal.evidence import lab_words
from climb.journal.references import Kind, Reference
from climb.journal.words import number_word, times
from climb.judge.verdict import Status
from climb.labs.lab import Explanation
from climb.labs.result import Result
from climb.labs.words import with_interval, with_unit
from climb.progress.summaries import RunSummary, StageSummary

__all__ = ["Occasion", "Prompt", "from_labs", "from_modules", "from_runs"]

_FAILED_BEFORE = 2  # runs in which a stage failed before it held
_FAILS_STILL = 5  # runs in which a check failed and has not held since
_FACTOR = 2.0  # by which a prediction was off
_OUTSIDE = 0.25  # how far beyond the interval it was

Moment = tuple[RunSummary, StageSummary]


class Occasion(StrEnum):
    """What raised a prompt."""

    MODULE = "module"
    HELD = "held"  # a stage held after it had failed
    ALL_HELD = "all-held"
    FELL = "fell"  # a stage failed after it had held
    STUCK = "stuck"  # a check fails again and again
    PREDICTION = "prediction"


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A question for the journal. ``about`` are the references it speaks of, ``at`` when it was raised; both may be empty."""

    id: str
    occasion: Occasion
    ask: str
    module: str | None = None
    about: tuple[str, ...] = ()
    at: str = ""


def from_modules(modules: Iterable[Module]) -> list[Prompt]:
    """The reflections of modules, in their order."""
    return [
        Prompt(
            id=f"{Occasion.MODULE}/{module.id}/{reflection.id}",
            occasion=Occasion.MODULE,
            ask=reflection.ask,
            module=module.id,
        )
        for module in modules
        for reflection in module.reflections
    ]


def from_runs(runs: Sequence[RunSummary], modules: Collection[Module] = ()) -> list[Prompt]:
    """What the runs of programs raise, the newest first: for each stage of a program the newest occasion of each sort.

    A stage counts as held where all its checks were judged and passed, however little else was judged in that run.
    """
    programs: dict[tuple[str, str], list[RunSummary]] = {}
    for run in sorted(runs, key=lambda run: (run.started_at, run.run)):
        programs.setdefault((run.project, run.submission), []).append(run)
    raised = (prompt for (project, _), own in programs.items() for prompt in _of_program(own, _home(project, modules)))
    return _newest_first(raised)


def from_labs(results: Sequence[tuple[Result, Explanation]], modules: Collection[Module] = ()) -> list[Prompt]:
    """What predictions raise that were far off, the newest first: for each lab the newest one."""
    far_off = {}
    for result, explanation in sorted(results, key=lambda pair: pair[0].id):
        if (prompt := _far_off(result, explanation)) is not None:
            far_off[result.lab] = prompt
    raised = []
    for lab, prompt in far_off.items():
        concepts = set(lab_words(lab).concepts)
        module = next((each.id for each in modules if concepts & set(each.concepts)), None)
        raised.append(msgspec.structs.replace(prompt, module=module))
    return _newest_first(raised)


def _newest_first(prompts: Iterable[Prompt]) -> list[Prompt]:
    return sorted(prompts, key=lambda prompt: (prompt.at, prompt.id), reverse=True)


def _home(project: str, modules: Collection[Module]) -> str | None:
    return next((module.id for module in modules if project in module.projects), None)


def _of_program(runs: Sequence[RunSummary], module: str | None) -> Iterator[Prompt]:
    """What the runs of one program raise; ``runs`` has the oldest first."""
    by_stage: dict[str, list[Moment]] = {}
    for run in runs:
        for stage in run.stages:
            moments = by_stage.setdefault(stage.id, [])
            if _tells(stage):
                moments.append((run, stage))
    for moments in by_stage.values():
        for raised in (
            _held(moments),
            _fell(moments),
            _stuck(moments),
        ):
            if raised is not None:
                yield msgspec.structs.replace(raised, module=module)
    first = next((run for run in runs if run.passed == run.total > 0), None)
    if first is not None:
        yield msgspec.structs.replace(_all_held(first), module=module)


def _tells(stage: StageSummary) -> bool:
    return stage.status in (Status.PASSED, Status.FAILED)


def _held(moments: Sequence[Moment]) -> Prompt | None:
    """The newest time that the stage held after it had failed in several runs."""
    found, failed = None, 0
    for run, stage in moments:
        if stage.status is Status.FAILED:
            failed += 1
            continue
        if failed >= _FAILED_BEFORE:
            found = run, stage, failed
        failed = 0
    if found is None:
        return None
    run, stage, failed = found
    return _raised(
        Occasion.HELD,
        run,
        str(stage.number),
        f"Stage {stage.number} ‘{stage.title}’ failed {times(failed)}, then held. "
        "What did you believe before that turned out wrong?",
    )


def _fell(moments: Sequence[Moment]) -> Prompt | None:
    """The newest time that the stage failed after it had held."""
    pairs = pairwise(moments)
    falls = [now for before, now in pairs if before[1].status is Status.PASSED and now[1].status is Status.FAILED]
    if not falls:
        return None
    run, stage = falls[-1]
    return _raised(
        Occasion.FELL,
        run,
        _first_failed(stage),
        f"Stage {stage.number} ‘{stage.title}’ held, and later failed again. "
        "Which change broke it, and what could have told you before the judge did?",
    )


def _stuck(moments: Sequence[Moment]) -> Prompt | None:
    """The check that has failed in many runs since the stage last held, and failed in the newest one."""
    if not moments or moments[-1][1].failure is None or moments[-1][1].status is not Status.FAILED:
        return None
    check, claim = moments[-1][1].failure
    last_held = max((at for at, (_, stage) in enumerate(moments) if stage.status is Status.PASSED), default=-1)
    failures = [
        run for run, stage in moments[last_held + 1 :] if stage.failure is not None and stage.failure[0] == check
    ]
    if len(failures) < _FAILS_STILL:
        return None
    prompt = _raised(
        Occasion.STUCK,
        moments[-1][0],
        check,
        f"Check {check}, “{claim}”, has failed in {number_word(len(failures))} runs and still fails. "
        "What have you tried, and what did each attempt rule out?",
    )
    # More failures do not make it another question, so the first of them names it.
    return msgspec.structs.replace(prompt, id=f"{Occasion.STUCK}/{failures[0].run}#{check}")


def _all_held(run: RunSummary) -> Prompt:
    hold = f"All {number_word(run.total)} stages of {run.project} hold"
    if run.total == 1:
        hold = f"The one stage of {run.project} holds"
    return _raised(
        Occasion.ALL_HELD,
        run,
        "",
        f"{hold} for the first time. Which of your decisions carried furthest, and which one would you take back?",
    )


def _raised(occasion: Occasion, run: RunSummary, part: str, ask: str) -> Prompt:
    reference = Reference(Kind.RUN, run.run, part)
    name = reference.address.removeprefix("climb:run/")
    return Prompt(id=f"{occasion}/{name}", occasion=occasion, ask=ask, about=(reference.address,), at=run.started_at)


def _first_failed(stage: StageSummary) -> str:
    return stage.failure[0] if stage.failure is not None else str(stage.number)


def _far_off(result: Result, explanation: Explanation) -> Prompt | None:
    if result.predicted is None or not _is_far_off(result.predicted.value, explanation):
        return None
    words = lab_words(result.lab)
    reference = Reference(Kind.LAB, result.lab, result.id)
    return Prompt(
        id=f"{Occasion.PREDICTION}/{result.lab}/{result.id}",
        occasion=Occasion.PREDICTION,
        ask=(
            f"In the lab “{words.title}” you predicted {with_unit(result.predicted.value, words.unit)}, and measured "
            f"{with_interval(explanation.answer, words.unit)}. What in your picture of it has to change?"
        ),
        about=(reference.address,),
        at=result.started_at,
    )


def _is_far_off(predicted: float, explanation: Explanation) -> bool:
    """Whether a prediction missed the measured interval by a factor of two of the answer, or by a quarter of its bound."""
    measured = explanation.answer
    if measured.low <= predicted <= measured.high:
        return False
    if predicted > measured.high:
        beyond = predicted - measured.high > _OUTSIDE * abs(measured.high)
    else:
        beyond = measured.low - predicted > _OUTSIDE * abs(measured.low)
    both_positive = predicted > 0 and measured.value > 0
    factor = max(predicted / measured.value, measured.value / predicted) if both_positive else 0.0
    return beyond or factor >= _FACTOR
