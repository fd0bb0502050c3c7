"""What check, replay and watch share: pick the submission, run the judge, show what happens as it happens, conclude."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.status import Status as Spinner

from climb.cli.console import console, print_json, symbols
from climb.cli.report import Reporter
from climb.errors import UsageError
from climb.home import home_folder
from climb.judge import hints, runs
from climb.judge.events import BuildDone, BuildStarted, CheckDone, Event, RunDone, RunStarted, StageDone, StageStarted
from climb.judge.project import Project, load as load_project
from climb.judge.reference import reference_submission
from climb.judge.run import Plan, current_stage, run
from climb.judge.submission import Submission, load as load_submission
from climb.judge.verdict import StageResult, Status, Verdict
from climb.progress.folders import remember

__all__ = ["Live", "judge", "submission_and_project"]


def submission_and_project(folder: Path, reference: str | None) -> tuple[Submission, Project]:
    """What a command is about: the folder's submission, or our own system."""
    if reference is not None:
        return reference_submission(home_folder(), reference)
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder", next_step="climb check FOLDER, with the folder that has the climb.toml"
        )
    submission = load_submission(folder)
    remember(home_folder(), submission.folder)
    return submission, load_project(submission.project)


class Live:
    """Prints a run while it happens; with ``json`` only the verdict document at the end."""

    def __init__(self, submission: Submission, project: Project, plan: Plan, *, json: bool) -> None:
        self._json = json
        self._console = console()
        self._report = Reporter(self._console, symbols(), submission.folder)
        self._submission = submission
        self._project = project
        self._plan = plan
        self._whole = plan.only is None and plan.check is None
        self._spinner: Spinner | None = None
        self._heading: tuple[str, str] | None = None

    def __call__(self, event: Event) -> None:
        if self._json:
            if isinstance(event, RunDone):
                print_json(event.verdict)
            return
        self._hide()
        self._show(event)

    def close(self) -> None:
        """Take the progress line away, whatever happened."""
        self._hide()

    def _show(self, event: Event) -> None:
        match event:
            case RunStarted():
                submission = event.submission
                dot = symbols().dot
                self._heading = (f"{submission.project} {dot} {submission.language} {dot} seed {event.seed}", "")
                if submission.build is None:
                    self._print_heading("")
            case BuildStarted():
                self._progress(f"building: {event.command}")
            case BuildDone():
                built = (
                    "not built again: nothing changed" if event.seconds is None else f"built in {event.seconds:.1f} s"
                )
                self._print_heading(built if event.ok else "the build failed")
            case StageStarted():
                self._progress(f"{event.number} {event.title}: check 1 of {event.checks}")
            case CheckDone():
                self._progress_after(event)
            case StageDone() if self._plan.check is None:
                self._report.stage_line(event.result)
            case StageDone():
                self._report.checks_held(event.result)
            case RunDone():
                self._conclude(event.verdict)

    def _progress_after(self, event: CheckDone) -> None:
        stage = self._project.stages[event.stage - 1]
        done = int(event.result.number.split(".")[1])
        if done < len(stage.checks):
            self._progress(f"{event.stage} {stage.title}: check {done + 1} of {len(stage.checks)}")

    def _print_heading(self, right: str) -> None:
        if self._heading is not None:
            self._report.heading(self._heading[0], right)

    def _conclude(self, verdict: Verdict) -> None:
        failed = verdict.first_failure
        waiting = verdict.first_failure[0].number if verdict.first_failure else None
        for stage in verdict.stages:
            if self._whole and stage.status is Status.SKIPPED and waiting is not None and stage.number > waiting:
                self._report.stage_line(stage, waits_for=waiting)
        if verdict.build is not None:
            self._report.failure(None, verdict.build, verdict, hints_left=0)
        if failed is not None:
            stage, check = failed
            self._report.failure(stage, check, verdict, hints_left=self._hints_left(stage))
            self._report.other_failures(verdict, check)
        if self._whole:
            self._report.conclusion(verdict)

    def _hints_left(self, stage: StageResult) -> int:
        return hints.left(self._submission.climb_folder, self._project.stages[stage.number - 1])

    def _progress(self, text: str) -> None:
        if self._console.is_terminal:
            self._spinner = self._console.status(f"  {text}", spinner="line")
            self._spinner.start()

    def _hide(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


def judge(submission: Submission, project: Project, *, seed: str, plan: Plan, json: bool) -> Verdict:
    """Run the judge and show it; the verdict's ``exit_code`` is the command's."""
    live = Live(submission, project, plan, json=json)
    try:
        return asyncio.run(run(submission, project, seed=seed, plan=plan, on_event=live))
    finally:
        live.close()


def stage_in_work(submission: Submission, project: Project, name: str | None) -> int:
    """The number of the stage named, or of the one that the learner works on."""
    if name is None:
        return current_stage(submission, project)
    return project.stages.index(project.stage(name)) + 1


def newest_run(submission: Submission, name: str | None) -> runs.RunReference:
    """The run that a command names, in the submission's own run folders."""
    return runs.find_run(submission.climb_folder, name)
