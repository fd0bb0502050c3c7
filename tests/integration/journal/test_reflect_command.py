"""climb reflect in a subprocess, with a script as the editor and a small course."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from climb.journal import drafts, entries as journal
from climb.judge import runs
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.progress.folders import remember

RUN = """
import sys
from pathlib import Path
import climb.course.loader
climb.course.loader.content_folder = lambda: Path(sys.argv[1])
from climb.cli.main import run
sys.exit(run(sys.argv[2:]))
"""
MODULE = """\
+++
title = "Title of 1.1"
summary = "s"
topics = []
[[reflections]]
id = "one"
ask = "Where does it wait?"
[[reflections]]
id = "two"
ask = "What is true?"
+++
## Overview
a
## Why it is important
b
"""

# An editor that keeps what it holds when it is asked to end.
PATIENT = """
import signal, sys

def keep(*_):
    with open(sys.argv[1], "a") as file:
        file.write("kept")
    sys.exit(1)

signal.signal(signal.SIGTERM, keep)
print("open", flush=True)
while True:
    signal.pause()
"""


class Journal:
    """A home, an editor and the command."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = folder
        self.content = folder / "content"
        (self.content / "modules").mkdir(parents=True)
        (self.content / "modules" / "1.1.md").write_text(MODULE, encoding="utf-8")
        for name in ("works.toml", "projects.toml"):
            (self.content / name).touch()
        self.environment = {**os.environ, "CLIMB_HOME": str(self.home), "COLUMNS": "100", "PYTHONUTF8": "1"}
        self.editor("cat >> $1")

    def editor(self, script: str) -> None:
        """From now on the editor does this with the file ``$1``."""
        path = self.folder / "editor.sh"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o700)
        self.environment |= {"EDITOR": str(path), "VISUAL": ""}

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", RUN, str(self.content), "reflect"]

    def __call__(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *words],
            input=typed,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
        )

    def path(self, name: str) -> Path:
        return self.home / "journal" / f"{name}.md"


@pytest.fixture
def reflect(tmp_path: Path) -> Journal:
    """The command with a home of its own."""
    return Journal(tmp_path)


def test_the_open_prompts_are_listed(reflect: Journal) -> None:
    """With how to answer one, since nobody can be asked here."""
    done = reflect()

    assert (done.returncode, done.stderr) == (0, "")
    assert "1.1 Title of 1.1\n  1   Where does it wait?\n  2   What is true?\n" in done.stdout
    assert "climb reflect --prompt 1" in done.stdout
    assert not (reflect.home / "journal").exists()


def test_what_was_written_becomes_an_entry(reflect: Journal) -> None:
    """The prompt stands above in a comment, which does not stay, and is open no more."""
    reflect.editor(f'cp "$1" {reflect.folder}/seen; printf "# In the kernel\\n\\nFor bytes.\\n" >> "$1"')
    done = reflect("1.1", "--prompt", "2")
    (entry,) = journal.entries(reflect.home)

    assert (done.returncode, done.stdout) == (0, f"Kept in {reflect.path(entry.id)}\n")
    assert "<!--\nWhat is true?\n\n" in (reflect.folder / "seen").read_text(encoding="utf-8")
    assert (entry.title, entry.text) == ("In the kernel", "# In the kernel\n\nFor bytes.")
    assert (entry.module, entry.prompt, entry.prompt_id) == ("1.1", "What is true?", "module/1.1/two")
    assert "What is true?" not in reflect().stdout
    assert drafts.all_drafts(reflect.home) == []


def test_keys_of_ones_own_are_kept(reflect: Journal) -> None:
    """What is typed into the front matter is as good as the text."""
    reflect.editor("""sed -i 's/^title = ""/title = "Mine"\\ntags = ["a"]  # b/' "$1" """)
    reflect("--prompt", "n")
    (entry,) = journal.entries(reflect.home)

    assert entry.title == "Mine"
    assert 'tags = ["a"]  # b\n' in reflect.path(entry.id).read_text(encoding="utf-8")


def test_nothing_written_keeps_nothing(reflect: Journal) -> None:
    """And says so."""
    reflect.editor("true")
    done = reflect("--prompt", "1")

    assert (done.returncode, done.stdout) == (0, "Nothing was written, so nothing is kept.\n")
    assert journal.entries(reflect.home) == drafts.all_drafts(reflect.home) == []


def test_a_draft_stays_when_the_editor_fails(reflect: Journal) -> None:
    """It is offered the next time, and taken up where it was left."""
    reflect.editor('printf "Half a" >> "$1"; exit 7')
    failed = reflect("--prompt", "1")
    listed = reflect()
    reflect.editor('printf " sentence" >> "$1"')
    done = reflect("--prompt", "d1")
    (entry,) = journal.entries(reflect.home)

    assert failed.returncode == 3
    assert "stays in " in failed.stderr
    assert "ended with exit code 7" in failed.stderr
    assert re.search(r"Not finished\n  d1  Where does it wait\? \(", listed.stdout)
    assert done.returncode == 0
    assert entry.text == "Half a sentence"
    assert "Not finished" not in reflect().stdout


def test_a_prompt_that_was_begun_is_taken_up_again(reflect: Journal) -> None:
    """Choosing it once more opens the same draft."""
    reflect.editor('printf "Half a" >> "$1"; kill -9 $$')
    failed = reflect("--prompt", "1")
    reflect.editor("true")
    reflect("--prompt", "1")

    assert "ended with signal 9" in failed.stderr
    assert [entry.text for entry in journal.entries(reflect.home)] == ["Half a"]


def test_nothing_written_leaves_no_draft_when_the_editor_fails(reflect: Journal) -> None:
    """There is nothing to take up again."""
    reflect.editor("exit 7")
    done = reflect("--prompt", "1")

    assert done.returncode == 3
    assert "stays" not in done.stderr
    assert drafts.all_drafts(reflect.home) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_the_editor_and_keeps_the_draft(
    reflect: Journal, number: signal.Signals, code: int
) -> None:
    """The editor is asked to end first, and keeps what it holds."""
    path = reflect.folder / "editor.py"
    path.write_text(PATIENT, encoding="utf-8")
    reflect.environment["EDITOR"] = f"{sys.executable} {path}"
    process = subprocess.Popen(
        [*reflect.command, "--prompt", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=reflect.environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == code
    assert "stays in " in errors
    assert [draft.text.endswith("kept") for draft in drafts.all_drafts(reflect.home)] == [True]


def test_a_draft_that_can_not_be_read_stays(reflect: Journal) -> None:
    """The message names the file and the line."""
    reflect.editor("""sed -i 's/^title = ""/title = /' "$1" """)
    done = reflect("--prompt", "1")
    (problem,) = journal.problems(reflect.home)

    assert done.returncode == 2
    assert f"{problem.path} can't be read" in done.stderr
    assert "at line 2" in done.stderr
    assert problem.path.exists()


def test_an_entry_is_edited_as_the_file_that_it_is(reflect: Journal) -> None:
    """What the editor leaves is what the entry is, to the byte."""
    name = journal.create(reflect.home, title="T", text="old").id
    reflect.path(name).write_bytes(b'+++\r\ntitle = "T"\r\nown = 1\r\n+++\r\nold')
    reflect.editor("""sed -i 's/old/new/; s/own = 1/own = 2/' "$1" """)
    done = reflect(name)

    assert (done.returncode, done.stderr) == (0, "")
    assert reflect.path(name).read_bytes() == b'+++\r\ntitle = "T"\r\nown = 2\r\n+++\r\nnew'
    assert drafts.all_drafts(reflect.home) == []


def test_an_entry_that_was_not_changed_is_left_alone(reflect: Journal) -> None:
    """No draft stays either."""
    name = journal.create(reflect.home, title="T", text="old").id
    before = reflect.path(name).stat()
    reflect.editor("true")
    done = reflect(name)

    assert done.stdout == "Nothing was written, so nothing is kept.\n"
    assert reflect.path(name).stat() == before
    assert drafts.all_drafts(reflect.home) == []


def test_a_conflict_tells_both_files(reflect: Journal) -> None:
    """Someone else changed the entry meanwhile; both texts are there."""
    name = journal.create(reflect.home, title="T", text="old").id
    reflect.editor(f'sed -i s/old/theirs/ {reflect.path(name)}; sed -i s/old/mine/ "$1"')
    done = reflect(name)

    assert done.returncode == 2
    assert str(reflect.path(name)) in done.stderr
    assert str(reflect.path(f"{name}.other-1")) in done.stderr
    assert journal.read(reflect.home, name).text == "theirs"
    assert journal.others(reflect.home, name)[0].text == "mine"
    assert "1 more to be merged beside it" in reflect("--list").stdout


def test_the_entries_are_listed(reflect: Journal) -> None:
    """With what can't be read on standard error."""
    name = journal.create(reflect.home, title="A title", text="x").id
    reflect.path("broken").write_text("+++\n", encoding="utf-8")
    done = reflect("--list")

    assert "A title\n" in done.stdout
    assert f"climb reflect {name}\n" in done.stdout
    assert "broken.md can't be read" in done.stderr
    assert [each["id"] for each in json.loads(reflect("--list", "--json").stdout)] == [name]


def test_prompts_as_a_document(reflect: Journal) -> None:
    """Numbered as in the list."""
    document = json.loads(reflect("--json").stdout)

    assert [(each["number"], each["ask"], each["id"]) for each in document] == [
        (1, "Where does it wait?", "module/1.1/one"),
        (2, "What is true?", "module/1.1/two"),
    ]


def test_the_journal_is_exported(reflect: Journal) -> None:
    """To standard output or to a file, which is written over only if it is of our making."""
    journal.create(reflect.home, title="A title", text="x")
    printed = reflect("--export", "-").stdout
    (reflect.folder / "notes.md").write_text("mine", encoding="utf-8")
    refused = reflect("--export", "notes.md")
    codes = [reflect("--export", "new.md").returncode for _ in range(2)]

    assert "## A title\n" in printed
    assert refused.returncode == 2
    assert (reflect.folder / "notes.md").read_text(encoding="utf-8") == "mine"
    assert codes == [0, 0]
    assert (reflect.folder / "new.md").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "neither a module nor an entry; the modules are 1.1"),
        (("../../etc/passwd",), "neither a module nor an entry"),
        (("--prompt", "9"), "there is: 1, 2, n"),
        (("--list", "--export", "-"), "take one of them"),
        (("--prompt", "1", "--json"), "--json prints"),
        (("1.1", "--list"), "leave the name out"),
    ],
)
def test_wrong_usage_is_named(reflect: Journal, words: tuple[str, ...], said: str) -> None:
    """With what there is instead; nothing is begun."""
    done = reflect(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert not (reflect.home / "journal").exists()


@pytest.mark.parametrize("editor", ["no-such-editor --wait", "'open"])
def test_an_editor_that_is_not_there_is_named(reflect: Journal, editor: str) -> None:
    """Nothing is begun."""
    reflect.environment["VISUAL"] = editor
    done = reflect("--prompt", "1")

    assert done.returncode == 3
    assert "is not installed" in done.stderr
    assert "export EDITOR" in done.stderr
    assert not (reflect.home / "journal").exists()


def test_without_an_editor_it_says_what_to_set(reflect: Journal) -> None:
    """Neither named nor found."""
    reflect.environment |= {"EDITOR": "", "PATH": str(reflect.content)}
    done = reflect("--prompt", "1")

    assert done.returncode == 3
    assert "export EDITOR" in done.stderr


def test_an_editor_that_nobody_named_is_not_started_without_a_terminal(reflect: Journal) -> None:
    """It would wait for keys for ever; nothing is begun."""
    (reflect.content / "vi").symlink_to("/bin/false")
    reflect.environment |= {"EDITOR": "", "PATH": str(reflect.content)}
    done = reflect("--prompt", "1")

    assert done.returncode == 3
    assert "the editor vi needs a terminal" in done.stderr
    assert not (reflect.home / "journal").exists()


@pytest.mark.parametrize("columns", [40, 80])
def test_prompts_are_as_wide_as_the_terminal(reflect: Journal, columns: int) -> None:
    """And no wider; a command stays on a line of its own."""
    reflect.environment["COLUMNS"] = str(columns)
    lines = [line for line in reflect().stdout.splitlines() if "climb reflect" not in line]

    assert max(map(len, lines)) <= columns


def test_visual_comes_before_editor_and_may_have_options(reflect: Journal) -> None:
    """Its words are those of a shell."""
    reflect.environment["VISUAL"] = 'sh -c \'printf "by visual" >> "$0"\''
    reflect("--prompt", "1")

    assert [entry.text for entry in journal.entries(reflect.home)] == ["by visual"]


def on_terminal(reflect: Journal, typed: str) -> str:
    """What the command shows on a terminal on which this is typed when it asks."""
    reflect.environment["TERM"] = "dumb"
    main, other = pty.openpty()
    process = subprocess.Popen(
        reflect.command, stdin=other, stdout=other, stderr=other, env=reflect.environment, close_fds=True
    )
    os.close(other)
    seen = b""
    while b"Which one?" not in seen:
        seen += os.read(main, 4096)
    os.write(main, typed.encode())
    while True:
        try:
            more = os.read(main, 4096)
        except OSError:  # the last one who had the terminal open is gone
            break
        seen += more
    os.close(main)
    assert process.wait(60) == 0
    return seen.decode()


@pytest.mark.parametrize(("typed", "texts"), [("2\n", ["written"]), ("n\n", ["written"]), ("\n", [])])
def test_on_a_terminal_one_is_asked_which(reflect: Journal, typed: str, texts: list[str]) -> None:
    """A number opens the editor, Enter alone ends it."""
    reflect.editor('printf written >> "$1"')
    seen = on_terminal(reflect, typed)

    assert "Which one? (1 to 2, n for no prompt, Enter for none)" in seen
    assert [entry.text for entry in journal.entries(reflect.home)] == texts


def test_runs_of_known_folders_raise_prompts(reflect: Journal) -> None:
    """A stage that failed twice and then held is asked about before anything else, and its answer quotes the run."""
    folder = reflect.folder / "scanner"
    folder.mkdir()
    (folder / "climb.toml").write_text('project = "scanner"\nlanguage = "rust"\nrun = "./scanner"\n', encoding="utf-8")
    remember(reflect.home, folder)
    for minute, status in enumerate((Status.FAILED, Status.FAILED, Status.PASSED)):
        judge(folder, minute, status)
    reflect.editor('printf "I believed so." >> "$1"')

    assert "From your runs and labs\n  1   " in reflect().stdout
    assert "‘Concurrency’ failed twice, then held." in reflect().stdout

    reflect("--prompt", "1")
    (entry,) = journal.entries(reflect.home)

    assert entry.prompt is not None
    assert entry.prompt.startswith("Stage 1 ‘Concurrency’ failed twice, then held.")
    assert entry.about == ("climb:run/20260314T120200-41c2#1",)
    assert "[^e1]: Run of scanner in rust, seed 41c2" in reflect("--export", "-").stdout


def judge(folder: Path, minute: int, status: Status) -> None:
    """Leave a run of one stage."""
    kept = runs.new_run(folder / ".climb", f"20260314T120{minute}00", "41c2")
    check = CheckResult(id="c", number="1.1", status=status, claim="Many at once")
    stage = StageResult(id="s", number=1, title="Concurrency", status=status, checks=(check,))
    later = StageResult(id="t", number=2, title="Later", status=Status.SKIPPED)
    runs.save_verdict(
        kept,
        Verdict(
            project="scanner",
            submission=str(folder),
            language="rust",
            seed="41c2",
            judge="0",
            run=kept.name,
            started_at=f"2026-03-14T12:0{minute}:00+00:00",
            build_seconds=None,
            stages=(stage, later),
            passed=int(status is Status.PASSED),
            total=2,
        ),
    )
