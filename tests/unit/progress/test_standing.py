"""Where a learner stands: derived from runs, answers and entries, by what exists of each module."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from climb.course.loader import course
from climb.course.model import ChoiceQuestion, Course, NumberQuestion
from climb.judge import project as projects
from climb.progress.answers import record, right_choice
from climb.progress.next_step import NextStep, next_step
from climb.progress.standing import ProjectStanding, Standing, State, stand
from climb.progress.summaries import RunSummary

MakeRun = Callable[..., RunSummary]


def standing(home: Path, runs: Sequence[RunSummary] = (), reflections: Sequence[str] = ()) -> Standing:
    return stand(home, course(), runs, reflections)


def unwritten(module: str) -> Course:
    """The course, without the pages of that module."""
    whole = course()
    bare = msgspec.structs.replace(whole.modules[module], topics=())
    return msgspec.structs.replace(whole, modules={**whole.modules, module: bare})


def step(home: Path, runs: Sequence[RunSummary] = (), reflections: Sequence[str] = ()) -> NextStep:
    return next_step(course(), standing(home, runs, reflections), runs)


def answer_all(home: Path, module: str) -> None:
    """Answer every question of a module's pages rightly."""
    for slug in course().modules[module].concepts:
        question = course().concepts[slug].question
        if isinstance(question, ChoiceQuestion):
            record(home, slug, question, str(right_choice(question)))
        elif isinstance(question, NumberQuestion):
            record(home, slug, question, str(question.answer))


def all_held(run: MakeRun) -> list[RunSummary]:
    """A run of each project that exists, with every stage held."""
    return [run("+++", project=slug) for slug in course().projects if slug in projects.slugs()]


def test_a_newcomer_stands_at_the_first_module_of_each_track(tmp_path: Path) -> None:
    """One current module a track; what does not exist is to come."""
    states = {name: each.state for name, each in stand(tmp_path, unwritten("3.2"), [], []).modules.items()}

    assert states["1.1"] is State.CURRENT
    assert states["linux-1"] is State.CURRENT
    assert states["3.2"] is State.TO_COME
    assert State.DONE not in states.values()


def test_a_projects_progress_is_that_of_its_furthest_submission(tmp_path: Path, run: MakeRun) -> None:
    """Each submission counts with its newest run."""
    runs = [run("++++", folder="/a", hour=9), run("+-..", folder="/a", hour=10), run("+++-", folder="/b", hour=11)]

    scanner = standing(tmp_path, runs).projects["scanner"]

    assert (scanner.passed, scanner.total) == (3, 4)
    assert scanner.newest is runs[2]


def test_a_run_of_one_stage_alone_tells_nothing(tmp_path: Path, run: MakeRun) -> None:
    """It says neither how far the program is nor that it fell."""
    runs = [run("++-.", hour=9), run("...-", hour=10, whole=False)]

    assert standing(tmp_path, runs).projects["scanner"].newest is runs[0]


def test_our_own_system_is_not_the_learners(tmp_path: Path, run: MakeRun) -> None:
    """Watching it being judged is no progress."""
    ours = run("++++", folder=str(tmp_path / "reference" / "scanner"))

    assert standing(tmp_path, [ours]).projects["scanner"].newest is None


@pytest.mark.parametrize("missing", ["answers", "stages", "entry", "nothing"])
def test_a_module_is_done_when_nothing_is_missing(tmp_path: Path, run: MakeRun, missing: str) -> None:
    """Every page answered, every existing project held, an entry: each of them is needed."""
    if missing != "answers":
        answer_all(tmp_path, "1.1")
    runs = all_held(run)
    if missing == "stages":
        runs[0] = run("++-", project=runs[0].project)
    reflections = [] if missing == "entry" else ["1.1"]

    state = standing(tmp_path, runs, reflections).modules["1.1"].state

    assert state is (State.DONE if missing == "nothing" else State.CURRENT)


def test_when_a_module_is_done_the_next_one_is_current(tmp_path: Path, run: MakeRun) -> None:
    """One module after the other, as the track lists them; modules of which nothing exists are to come."""
    answer_all(tmp_path, "1.1")

    modules = stand(tmp_path, unwritten("3.2"), all_held(run), ["1.1"]).modules

    assert modules["1.1"].state is State.DONE
    assert modules["1.2"].state is State.CURRENT
    assert modules["3.2"].state is State.TO_COME


def test_a_wrong_answer_is_no_reading(tmp_path: Path) -> None:
    """It is kept, but the page does not count."""
    question = course().concepts["sockets"].question
    assert isinstance(question, ChoiceQuestion)
    record(tmp_path, "sockets", question, str(right_choice(question) % len(question.choices) + 1))

    assert standing(tmp_path).modules["1.1"].answered == 0


def test_the_first_step_is_the_first_project(tmp_path: Path) -> None:
    """Reading first is offered beside it: the concept that its first stage rests on."""
    first = step(tmp_path)

    assert first.place == "/projects/scanner"
    assert first.more is not None
    assert first.more[1] == "/concepts/sockets"


def test_what_fails_comes_next(tmp_path: Path, run: MakeRun) -> None:
    """With the stage, the check's claim, and the folder to check again."""
    following = step(tmp_path, [run("++-.")])

    assert following.check == "/somewhere/scanner"
    assert following.sentence == (
        "Your mini network scanner in Rust holds 2 of 4 stages; stage 3, Title 3, fails at 3.2: claim 3.2"
    )


def test_then_reading_then_reflecting(tmp_path: Path, run: MakeRun) -> None:
    """Once a project holds, the pages of its module are next; once they are answered, the next project; then an entry."""
    first, *others = all_held(run)

    assert (step(tmp_path, [first]).place or "").startswith("/concepts/")

    answer_all(tmp_path, "1.1")
    answer_all(tmp_path, "linux-1")

    assert step(tmp_path, [first]).place == f"/projects/{others[0].project}"
    assert step(tmp_path, [first, *others]).command == "climb reflect 1.1"


def test_whatever_was_done_there_is_a_next_step(tmp_path: Path, run: MakeRun) -> None:
    """When everything that exists is done, a lab that was not run yet."""
    for module in course().modules:
        answer_all(tmp_path, module)

    last = step(tmp_path, all_held(run), list(course().modules))

    assert (last.place or "").startswith("/labs/")


def test_a_course_without_projects_still_has_a_first_step(tmp_path: Path) -> None:
    """A module whose projects are all to come begins with its pages."""
    whole = course()
    without: Course = msgspec.structs.replace(whole, projects={"chat": whole.projects["chat"]}, modules={}, tracks={})

    assert next_step(without, stand(tmp_path, without, [], []), []).command


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Mini OS scheduler emulator", "mini OS scheduler emulator"),
        ("HTTP microservice", "HTTP microservice"),
        ("Chat", "chat"),
    ],
)
def test_a_title_inside_a_sentence(title: str, inside: str) -> None:
    """Its first word is an ordinary word there, unless it is an abbreviation."""
    assert ProjectStanding(slug="x", title=title, exists=True).name == inside
