"""Which prompts are open now, and which few of them to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from climb.course.model import Course
from climb.journal.entries import entries
from climb.journal.evidence import lab_results, learner_runs
from climb.journal.prompts import Occasion, Prompt, from_labs, from_modules, from_runs
from climb.progress.summaries import RunSummary

__all__ = ["SHOWN", "agenda", "choose", "open_prompts"]

SHOWN = 8
_FROM_EVENTS = 5  # of those shown, unless there are fewer of the others


def open_prompts(home: Path, course: Course) -> list[Prompt]:
    """Every prompt that no entry answers: those from runs and labs, the newest first, then those of the modules."""
    return _open(home, course, learner_runs(home))


def _open(home: Path, course: Course, runs: Sequence[RunSummary]) -> list[Prompt]:
    modules = course.modules.values()
    raised = from_runs(runs, modules) + from_labs(lab_results(home), modules)
    raised.sort(key=lambda prompt: (prompt.at, prompt.id), reverse=True)
    answered = {entry.prompt_id for entry in entries(home)}
    return [prompt for prompt in (*raised, *from_modules(modules)) if prompt.id not in answered]


def agenda(home: Path, course: Course, module: str | None = None) -> list[Prompt]:
    """The few prompts to offer now: those of ``module``, or from all that the learner has met."""
    runs = learner_runs(home)
    prompts = _open(home, course, runs)
    if module is not None:
        return choose([prompt for prompt in prompts if prompt.module == module], met=[module])
    return choose(prompts, met=_met(runs, course))


def choose(prompts: Sequence[Prompt], met: Sequence[str]) -> list[Prompt]:
    """At most eight: first those from runs and labs, then the questions of the modules in ``met``, in that order."""
    raised = [prompt for prompt in prompts if prompt.occasion is not Occasion.MODULE]
    asked = [prompt for module in met for prompt in prompts if _asked_by(prompt, module)]
    room = max(_FROM_EVENTS, SHOWN - len(asked))
    chosen = raised[:room]
    return chosen + asked[: SHOWN - len(chosen)]


def _asked_by(prompt: Prompt, module: str) -> bool:
    return prompt.occasion is Occasion.MODULE and prompt.module == module


def _met(runs: Sequence[RunSummary], course: Course) -> list[str]:
    """The modules whose projects were judged, the one of the newest run first; without a run, the course's first."""
    projects = dict.fromkeys(run.project for run in reversed(runs))
    met = [module.id for project in projects for module in course.modules.values() if project in module.projects]
    return list(dict.fromkeys(met)) or list(course.modules)[:1]
