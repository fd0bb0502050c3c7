"""The installed command, as a user meets it."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

STARTERS = ("elixir", "go", "python", "rust", "typescript")
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|9[0-7])[0-9;]*m")


def failed_stage_1(document: dict) -> dict:
    """The first check of stage 1 that failed."""
    return next(check for check in document["stages"][0]["checks"] if check["status"] == "failed")


@pytest.mark.parametrize("slug", ["scanner", "scheduler"])
def test_the_wheel_carries_all_that_a_project_needs(wheel: Path, slug: str) -> None:
    """Brief, description, and each starter with its hidden files."""
    names = set(zipfile.ZipFile(wheel).namelist())
    project = f"climb/projects/{slug}"

    assert {f"{project}/brief.md", f"{project}/project.toml", "climb/py.typed"} <= names
    for language in STARTERS:
        assert {f"{project}/starters/{language}/{name}" for name in ("climb.toml", "README.md", ".gitignore")} <= names


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    """No tests, no caches, no products of builds."""
    names = zipfile.ZipFile(wheel).namelist()

    assert all(name.startswith(("climb/", "backend_climb-")) for name in names)
    assert not [
        name for name in names if re.search(r"__pycache__|\.pyc$|/target/|/node_modules/|/\.climb/|/_build/", name)
    ]


def test_it_runs_from_its_own_files(climb) -> None:
    """What is tested is the wheel, not the checkout."""
    python = climb.command.with_name("python")
    done = subprocess.run([python, "-c", "import climb; print(climb.__file__)"], capture_output=True, text=True)

    assert done.stdout.startswith(str(python.parents[1]))


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_the_overview(climb, words: tuple[str, ...]) -> None:
    """Without words, or with any that ask for help, the first screen."""
    done = climb(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Backend Climb")
    assert "climb start scanner --lang python" in done.stdout


def test_the_overview_loads_nothing_heavy(climb) -> None:
    """The first screen is there at once: neither click nor rich nor the judge is imported for it."""
    words = [climb.command.with_name("python"), "-X", "importtime", "-m", "climb", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=climb.folder)
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    ours = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "climb" in line}

    assert done.returncode == 0
    assert not imported & {"click", "rich", "msgspec", "asyncio"}
    assert "climb.cli.overview" in ours
    assert not any(name.startswith("climb.judge") for name in ours)


def test_the_version(climb) -> None:
    """One line with the name and the number."""
    assert re.fullmatch(r"climb \d+\.\d+\S*\n", climb("--version").stdout)


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("start",),
        ("check",),
        ("hint",),
        ("replay",),
        ("shrink",),
        ("scan",),
        ("completion",),
        ("dev", "check"),
    ],
)
def test_each_command_explains_itself(climb, words: tuple[str, ...]) -> None:
    """--help exits with 0 and shows usage."""
    done = climb(*words, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: climb {' '.join(words)}")


def test_the_list(climb) -> None:
    """Projects and stages for people, and as a document."""
    listed = {project["slug"]: project for project in json.loads(climb("list", "--json").stdout)}
    project = listed["scanner"]

    assert set(listed) == {"scanner", "scheduler", "processor", "http", "identity", "links"}
    assert " 1 One open port" in climb("list").stdout
    assert (project["slug"], len(project["stages"]), sorted(project["languages"])) == ("scanner", 10, sorted(STARTERS))


@pytest.mark.parametrize("project", ["scanner", "scheduler"])
@pytest.mark.parametrize("language", STARTERS)
def test_each_starter_is_complete(climb, project: str, language: str) -> None:
    """A folder with a manifest, the brief, and a .gitignore; what to type next is told."""
    done = climb("start", project, "--lang", language)
    names = {path.name for path in (climb.folder / project).iterdir()}

    assert done.returncode == 0
    assert {"climb.toml", "BRIEF.md", "README.md", ".gitignore"} <= names
    assert f"cd {project}\n  climb check" in done.stdout


def test_a_starter_overwrites_nothing(started) -> None:
    """A folder that has something in it is left alone."""
    (started.folder / "scanner" / "scanner.py").write_text("mine")

    done = started("start", "scanner", "--lang", "python")

    assert done.returncode == 2
    assert "nothing was written" in done.stderr
    assert (started.folder / "scanner" / "scanner.py").read_text() == "mine"


def test_the_learners_first_quarter_of_an_hour(started) -> None:
    """Check fails stage 1 for the right reason; hint, replay and shrink work on that failure."""
    check = started("check", "--json", folder="scanner")
    document = json.loads(check.stdout)
    name = f"{document['seed']}-{failed_stage_1(document)['number']}"

    hint = started("hint", folder="scanner")
    replay = started("replay", name, "--json", folder="scanner")
    shrink = started("shrink", name, "--seconds", "10", folder="scanner")
    listed = started("list", folder="scanner")

    assert (check.returncode, check.stderr) == (1, "")
    assert failed_stage_1(document)["evidence"][0]["subject"] == "open ports"
    assert (hint.returncode, "1. " in hint.stdout, "2 more: climb hint" in hint.stdout) == (0, True, True)
    assert replay.returncode == 1
    assert failed_stage_1(json.loads(replay.stdout))["choices"] == failed_stage_1(document)["choices"]
    assert shrink.returncode == 1
    assert "inputs tried" in shrink.stdout
    assert "0 of 10 stages hold here" in listed.stdout


def test_the_document_has_the_keys_of_the_contract(started) -> None:
    """Project, submission, seed, judge, stages with checks and evidence, passed and total; nothing else is printed."""
    document = json.loads(started("check", "--json", "--stage", "1", folder="scanner").stdout)
    stage, check = document["stages"][0], document["stages"][0]["checks"][0]

    assert {"project", "submission", "seed", "judge", "stages", "passed", "total"} <= document.keys()
    assert {"id", "title", "status", "checks"} <= stage.keys()
    assert {"id", "status", "claim", "evidence"} <= check.keys()
    assert (document["project"], document["passed"], document["total"]) == ("scanner", 0, 10)


def test_a_report_on_paper_is_plain(started) -> None:
    """Not on a terminal: no escapes, no spinner, no carriage returns, on either stream."""
    check = started("check", "--stage", "1", folder="scanner")
    shrink = started("shrink", "--seconds", "5", folder="scanner")

    for text in (check.stdout, check.stderr, shrink.stdout, shrink.stderr):
        assert not set("\x1b\r\b") & set(text)
    assert "shrinking" not in shrink.stderr


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_only_where_they_are_wanted(started, variables: dict[str, str], coloured: bool) -> None:
    """On a terminal verdicts are green and red; with NO_COLOR they are not."""
    shown = on_a_terminal(started, {**variables, "TERM": "xterm-256color"}, "check", "--stage", "1")

    assert "One open port" in shown
    assert bool(COLOUR.search(shown)) is coloured


@pytest.mark.parametrize(
    ("words", "message", "next_step"),
    [
        (("chekc",), "no command 'chekc'", "climb check"),
        (("check", "--wrong"), "No such option", "climb check --help"),
        (("check", "no-folder"), "no-folder is not a folder", "climb check FOLDER"),
        (("check",), "has no climb.toml", "climb start"),
        (("check", "--seed", "xyz"), "'xyz' is not a seed", "climb check --help"),
        (("check", "--reference", "nothing"), "no project 'nothing'", "climb list"),
        (("list", "nothing"), "no project 'nothing'", "climb list"),
        (("start", "nothing", "--lang", "python"), "no project 'nothing'", "climb list"),
        (("start", "scanner", "--lang", "cobol"), "no starter in 'cobol'", "climb.toml"),
        (("start", "scanner"), "in which language?", "climb start scanner --lang python"),
        (("hint",), "has no climb.toml", "climb start"),
        (("completion", "tcsh"), "'tcsh' is not one of", "climb completion --help"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_next_command(
    climb, words: tuple[str, ...], message: str, next_step: str
) -> None:
    """The message names what was wrong, and what to type instead; nothing goes to standard output."""
    done = climb(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert next_step in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "message", "next_step"),
    [
        (("check", "--stage", "99"), "no stage '99'", "open-port"),
        (("hint", "--stage", "nothing"), "no stage 'nothing'", "open-port"),
        (("replay",), "no run yet", "climb check"),
        (("replay", "dead"), "no run 'dead'", "climb check"),
        (("replay", "what?"), "is not a run", "climb check"),
        (("shrink", "dead-1.1"), "no run 'dead'", "climb check"),
    ],
)
def test_wrong_usage_in_a_submission(started, words: tuple[str, ...], message: str, next_step: str) -> None:
    """Unknown stages and runs are answered with those there are, or how to make one."""
    done = started(*words, folder="scanner")

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert next_step in done.stderr


def test_a_project_of_another_name_is_refused(started) -> None:
    """A climb.toml with an unknown project is answered with those there are."""
    manifest = started.folder / "scanner" / "climb.toml"
    manifest.write_text(manifest.read_text().replace('"scanner"', '"scaner"'))

    done = started("check", folder="scanner")

    assert done.returncode == 2
    assert "no project 'scaner'; there is: http, identity, links, processor, scanner, scheduler" in done.stderr


@pytest.mark.parametrize("command", ["test", "lint", "bench"])
def test_commands_for_a_checkout_say_that_they_need_one(climb, command: str) -> None:
    """Installed from a wheel there is nothing to test."""
    done = climb(command)

    assert done.returncode == 3
    assert "in a checkout of Backend Climb" in done.stderr


def test_ctrl_c_ends_a_check_and_its_program(started, nothing_lives: Callable[[str], bool]) -> None:
    """Exit code 130, one word, and nothing left running."""
    token = uuid.uuid4().hex
    folder = started.folder / "scanner"
    (folder / "scanner.py").write_text("import pathlib, time; pathlib.Path('up').touch(); time.sleep(600)")
    judge = subprocess.Popen(
        [started.command, "check"],
        cwd=folder,
        env={**started.environment, f"TOKEN_{token}": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (folder / "up").exists():
        assert time.monotonic() < end
        time.sleep(0.02)

    judge.send_signal(signal.SIGINT)
    _, errors = judge.communicate(timeout=30)

    assert (judge.returncode, errors.strip()) == (130, "interrupted")
    assert nothing_lives(token)


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "--json"),
        ("lab", "nagle", "--recording"),
        ("--help",),
        ("--version",),
        ("check", "--help"),
    ],
)
def test_a_closed_pipe_is_the_readers_right(climb, words: tuple[str, ...]) -> None:
    """As in `climb list | head -1`: no traceback, and the exit code that other tools have."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [climb.command, *words],
            cwd=climb.folder,
            env=climb.environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("stream", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("words", ["list", "read sockets", "reflect", "lab nagle --recording"])
def test_a_stream_that_was_closed_before_is_empty(climb, words: str, stream: str) -> None:
    """No traceback and no other exit code, as with /dev/null."""
    line = f"'{climb.command}' {words} {stream}"
    done = subprocess.run(["sh", "-c", line], cwd=climb.folder, env=climb.environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_line_of_a_list_can_be_taken(climb) -> None:
    """`climb list | head -2` shows two lines and complains of nothing."""
    line = f"'{climb.command}' list | head -2"
    done = subprocess.run(["sh", "-c", line], cwd=climb.folder, env=climb.environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "scanner" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_for_each_shell(climb, shell: str) -> None:
    """It asks the command itself."""
    done = climb("completion", shell)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"_CLIMB_COMPLETE={shell}_complete" in done.stdout


def test_the_bash_script_is_bash(climb) -> None:
    """bash can read it."""
    script = climb("completion", "bash").stdout

    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


@pytest.mark.parametrize(
    ("line", "position", "wanted"),
    [("climb ch", 1, "check"), ("climb check --re", 2, "--reference"), ("climb completion z", 2, "zsh")],
)
def test_words_are_completed(climb, line: str, position: int, wanted: str) -> None:
    """Commands, options and values, as bash asks for them."""
    asked = {"_CLIMB_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(position)}

    done = climb(environment=asked)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"plain,{wanted}"]


def test_the_reference_holds_the_first_stage(climb) -> None:
    """Our own scanner is judged like any other program, and its runs are kept in CLIMB_HOME."""
    done = climb("check", "--reference", "scanner", "--stage", "1", "--json")

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["stages"][0]["status"] == "passed"
    assert list((climb.folder / "home").rglob("verdict.json"))


def on_a_terminal(climb, variables: dict[str, str], *words: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [climb.command, *words],
        cwd=climb.folder / "scanner",
        env={**climb.environment, **variables},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the last writer has closed the terminal
                break
    finally:
        os.close(ours)
        process.wait(timeout=30)
    return shown.decode(errors="replace")
