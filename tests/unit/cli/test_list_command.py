"""climb list: tracks, modules, projects and labs, with progress."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.shell_completion import ShellComplete

from climb.cli import listing, listing_documents, readable, standing
from climb.cli.console import console
from climb.cli.main import climb, run
from climb.course.loader import course
from climb.course.model import ChoiceQuestion, PlannedProject
from climb.errors import SetupError
from climb.journal import entries as journal
from climb.judge import project as projects, runs
from climb.judge.verdict import StageResult, Status, Verdict
from climb.labs import lab as labs, store
from climb.labs.result import Result
from climb.progress.answers import record, right_choice
from climb.progress.folders import remember
from climb.progress.next_step import NextStep

STEP = NextStep(sentence="Read.", label="Read", command="climb read")
List = Callable[..., str]


@pytest.fixture
def listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> List:
    """What ``climb list`` prints with these words, in an empty folder or the one that is named."""
    (tmp_path / "empty").mkdir()

    def call(*words: str, folder: Path | None = None, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        console.cache_clear()
        monkeypatch.chdir(folder or tmp_path / "empty")
        assert run(["list", *words]) == 0
        return capsys.readouterr().out

    yield call
    console.cache_clear()


@pytest.fixture
def submission(tmp_path: Path, own_home: Path) -> Callable[..., Path]:
    """Makes a submission to the scanner whose newest run held some stages."""

    def make(name: str, passed: int) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "climb.toml").write_text('project = "scanner"\nrun = "./x"\n', encoding="utf-8")
        remember(own_home, folder)
        stages = tuple(
            StageResult(
                id=stage.id,
                number=number,
                title=stage.title,
                status=Status.PASSED if number <= passed else Status.FAILED,
            )
            for number, stage in enumerate(projects.load("scanner").stages, 1)
        )
        verdict = Verdict(
            project="scanner",
            submission=str(folder),
            language="python",
            seed="41c2",
            judge="0",
            run="20260314T150926-41c2",
            started_at="2026-03-14T15:09:26+00:00",
            build_seconds=None,
            stages=stages,
            passed=passed,
            total=len(stages),
        )
        run_folder = folder / ".climb" / "runs" / "20260314T150926-41c2"
        run_folder.mkdir(parents=True)
        runs.save_verdict(run_folder, verdict)
        return folder

    return make


@pytest.fixture
def to_come() -> PlannedProject:
    """A project that the course names and the judge does not know."""
    planned = [each for slug, each in course().projects.items() if slug not in projects.slugs()]
    if not planned:
        pytest.skip("every project can be judged")
    return planned[0]


def row(text: str, begin: str) -> str:
    """The line in which a name stands behind its sign."""
    return next(line.strip() for line in text.splitlines() if line.strip()[2:].startswith(begin))


def test_everything_is_on_one_screen(listed: List) -> None:
    """Both tracks with all modules, in at most fifty lines of 100 columns."""
    lines = listed().splitlines()

    assert all(any(module.title in line for line in lines) for module in course().modules.values())
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 100


def test_the_next_step_comes_first(listed: List) -> None:
    """For a newcomer: the first project."""
    assert listed().splitlines()[1] == "  Next: climb start scanner --lang python"


def test_signs_tell_how_modules_stand(listed: List) -> None:
    """Where to be now, and what is to come: modules of which nothing exists yet."""
    text = listed()
    written = {concept.slug for concept in course().concepts.values() if concept.body}
    to_come = [
        module.id
        for module in course().modules.values()
        if not written & set(module.concepts) and not set(projects.slugs()) & set(module.projects)
    ]

    assert row(text, "1.1").startswith("●")
    assert all(row(text, name).startswith("·") and row(text, name).endswith("to come") for name in to_come)


def test_pages_read_and_entries_written_are_counted(listed: List, own_home: Path) -> None:
    """Beside their module."""
    question = course().concepts["sockets"].question
    assert isinstance(question, ChoiceQuestion)
    record(own_home, "sockets", question, str(right_choice(question)))
    journal.create(own_home, title="A", text="B", module="1.1")

    assert " 1 of " in row(listed(), "1.1")
    assert "1 written" in row(listed(), "1.1")


def test_a_project_shows_its_furthest_submission(listed: List, submission: Callable[..., Path]) -> None:
    """Wherever it is, with the stage that comes next."""
    submission("first", 3)
    submission("second", 1)

    assert row(listed(), "scanner").startswith("● scanner     3 of 10 stages hold; next: 4 Closed or filtered")


def test_in_a_submission_its_own_stages_come_first(listed: List, submission: Callable[..., Path]) -> None:
    """And how far another folder is, if it is further."""
    submission("first", 3)
    here = submission("second", 1)

    assert "1 of 10 stages hold here, 3 elsewhere; next: 2 Ranges and lists" in listed(folder=here)


def test_a_finished_project_is_ticked(listed: List, submission: Callable[..., Path]) -> None:
    """All of its stages hold, and nothing is next."""
    submission("first", 10)

    assert row(listed(), "scanner") == "✓ scanner     10 of 10 stages hold"


def test_a_project_lists_its_stages(listed: List, submission: Callable[..., Path]) -> None:
    """Those that hold are ticked, each with its concepts, and how to begin is told."""
    text = listed("scanner", folder=submission("first", 1))

    assert "    ✓  1 One open port " in text
    assert "    ·  2 Ranges and lists " in text
    assert "begin: climb start scanner --lang LANGUAGE" in text


def test_a_project_to_come_is_described(listed: List, to_come: PlannedProject) -> None:
    """It can't be started yet."""
    text = listed(to_come.slug)

    assert f"{to_come.slug}   {to_come.title}   to come" in text
    assert "climb start" not in text


def test_a_project_that_is_not_in_the_course_is_listed_too(listed: List, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is being written: its author sees it, and its stages."""
    modules = {name: msgspec.structs.replace(each, projects=()) for name, each in course().modules.items()}
    without = msgspec.structs.replace(course(), projects={}, modules=modules)
    for user in (listing, listing_documents, readable, standing):
        monkeypatch.setattr(user, "course", lambda: without)
    monkeypatch.setattr(standing, "next_step", lambda *_: STEP)

    text = listed()

    assert text.index("Other projects") < text.index("○ scanner")
    assert "10 stages, not started" in listed("scanner")
    assert "scanner" in [each["slug"] for each in json.loads(listed("--json"))]


def test_a_module_lists_what_it_has(listed: List) -> None:
    """Concepts by topic, with and without a page, projects, labs, the journal."""
    text = listed("1.1")

    assert "  Networking\n" in text
    assert "○ sockets" in text
    assert row(text, "nagle").startswith("○ nagle")
    assert "Journal: no entry yet; climb reflect 1.1" in text


def test_a_track_lists_all_projects(listed: List) -> None:
    """Those of modules to come too, which the list of everything leaves out."""
    modules = [course().modules[name] for name in course().tracks["linux"].modules]

    assert all(f" {slug} " in listed("linux") for module in modules for slug in module.projects)


def test_labs_are_counted_by_finished_runs(listed: List, own_home: Path) -> None:
    """A run that was cut short does not count."""
    assert "(about " in row(listed("labs"), "nagle")
    for second, finished in enumerate((True, False, True)):
        result = Result(lab="nagle", id=f"20260314T15092{second}", started_at="", knobs={}, finished=finished)
        store.save(own_home, result)

    assert row(listed("labs"), "nagle").endswith("(run 2 times)")
    assert f"Labs   1 of {len(labs.slugs())} run: climb list labs" in listed()


@pytest.mark.parametrize("words", [(), ("scanner",), ("1.1",), ("labs",), ("linux",)])
@pytest.mark.parametrize("columns", [50, 80, 200])
def test_no_line_is_wider_than_the_terminal(listed: List, words: tuple[str, ...], columns: int) -> None:
    """And none wider than 100."""
    assert max(map(len, listed(*words, columns=columns).splitlines())) <= min(columns, 100)


def test_an_unknown_name_is_answered_with_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Projects, modules, tracks."""
    code = run(["list", "nothing"])
    out, err = capsys.readouterr()

    assert (code, out) == (2, "")
    assert "no project 'nothing'" in err
    assert all(name in err for name in (*projects.slugs(), *course().modules, *course().tracks, "labs"))


@pytest.mark.parametrize(
    ("name", "try_this"),
    [
        ("scaner", "climb list scanner"),
        ("sockets", "climb read sockets"),
        ("nagle", "climb lab nagle"),
        ("accept-queue", "climb read accept-queue   or climb lab accept-queue"),
        ("nothing", "climb list"),
    ],
)
def test_what_may_be_meant_is_the_next_step(capsys: pytest.CaptureFixture[str], name: str, try_this: str) -> None:
    """What has that name elsewhere, else the nearest name."""
    run(["list", name])

    assert capsys.readouterr().err.endswith(f"\n  try: {try_this}\n")


def test_an_index_that_can_not_be_had_is_told(
    listed: List, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What there is, is listed all the same."""

    def no_room(_home: Path) -> None:
        raise SetupError("the index can't be used: database or disk is full")

    monkeypatch.setattr(standing, "run_summaries", no_room)
    code = run(["list"])
    out, err = capsys.readouterr()

    assert code == 0
    assert "earlier runs can't be read" in err
    assert "scanner" in out


def test_the_document_of_projects(listed: List, submission: Callable[..., Path]) -> None:
    """A list of the projects that can be judged, with what holds here and anywhere."""
    submission("first", 3)
    here = submission("second", 1)
    found = {each["slug"]: each for each in json.loads(listed("--json", folder=here))}
    project = found["scanner"]

    assert list(found) == list(projects.slugs())
    assert json.loads(listed("scanner", "--json", folder=here)) == [project]
    assert (project["slug"], len(project["stages"])) == ("scanner", 10)
    assert (project["passed_here"], project["passed_anywhere"]) == (1, 3)


def test_the_document_of_a_module(listed: List) -> None:
    """Its concepts, projects and labs."""
    module = json.loads(listed("1.1", "--json"))

    assert (module["id"], module["state"], module["entries"]) == ("1.1", "current", 0)
    assert {"slug": "sockets", "title": "Sockets and the TCP handshake", "page": True, "read": False} in module[
        "concepts"
    ]
    assert "nagle" in module["labs"]
    assert [each["slug"] for each in module["projects"]] == ["scanner", "scheduler"]


def test_the_documents_of_a_track_and_of_the_labs(listed: List) -> None:
    """All modules, and all labs."""
    track, every_lab = json.loads(listed("linux", "--json")), json.loads(listed("labs", "--json"))

    assert [module["id"] for module in track["modules"]] == list(course().tracks["linux"].modules)
    assert [lab["slug"] for lab in every_lab] == list(labs.slugs())


@pytest.mark.parametrize(("begin", "wanted"), [("sc", "scanner"), ("1.", "1.1"), ("lab", "labs"), ("lin", "linux")])
def test_names_are_completed(begin: str, wanted: str) -> None:
    """A shell may offer what can be listed."""
    offered = ShellComplete(climb, {}, "climb", "_CLIMB_COMPLETE").get_completions(["list"], begin)

    assert wanted in [item.value for item in offered]
