"""Several processes and sudden ends: what was kept is there, whole."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from climb.journal import entries as journal

WRITERS = 4
SAVES = 12

# Each process reads and saves the one entry and creates others, and says which texts it got kept, and which it replaced.
WRITER = """
import json, sys
from pathlib import Path
from climb.journal import entries as journal
from climb.journal.entries import Saved

home, name, me, saves = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
kept, replaced, created = [], [], []
for number in range(saves):
    seen = journal.read(home, name)
    kept.append(f"text {number} of {me}")
    if isinstance(journal.save(home, name, seen.revision, "T", kept[-1]), Saved):
        replaced.append(seen.text)
    created.append(journal.create(home, title="Same", text=f"new {number} of {me}").id)
print(json.dumps([kept, replaced, created]))
"""

# Saves over the first text, and says so when it has to wait for the lock.
SECOND = """
import sys, time
from pathlib import Path
from climb.journal import entries as journal

sleep = time.sleep
time.sleep = lambda seconds: (print("waiting", flush=True), sleep(seconds))
print(type(journal.save(Path(sys.argv[1]), sys.argv[2], sys.argv[3], "T", "of the second")).__name__, flush=True)
"""

# A process that is killed at the n-th line that it reaches while it saves, in our code or in what writes files for us: a child
# for every n until one survives.
KILLED = """
import os, signal, sys
from pathlib import Path
from climb.journal import drafts, entries as journal

home, name, revision = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
old = journal.source(home, name)[0]
texts = {old: 0}
CHANGING = ("open", "write_bytes", "write_text", "replace", "rename", "unlink", "hardlink_to")

def die_at(line):
    def trace(frame, event, _):
        nonlocal line
        where, function = frame.f_code.co_filename, frame.f_code.co_name
        if "climb/journal" not in where and not ("pathlib" in where and function in CHANGING):
            return None
        line -= event == "line"
        if not line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)

def survives(line):
    child = os.fork()
    if not child:
        die_at(line)
        journal.save(home, name, revision, "T", "new " * 1000, window="w1")
        os._exit(0)
    return os.WIFEXITED(os.waitpid(child, 0)[1])

path = home / "journal" / f"{name}.md"
line = 0
while True:
    line += 1
    drafts.keep(home, "w1", entry=name, base_revision=revision, title="T", text="new " * 1000)
    ended = survives(line)
    found = path.read_bytes()
    texts[found] = texts.get(found, 0) + 1
    (journal.read(home, name).text == ("new " * 1000).strip()) or drafts.drafts(home) or sys.exit(f"lost at {line}")
    path.write_bytes(old)
    if ended:
        break
print(len(texts), *texts.values())
left = [each.name for each in (home / "journal").iterdir() if each.name.startswith(".saving")]
journal.create(home, title="U", text="x")
print(bool(left), [each.name for each in (home / "journal").iterdir() if each.name.startswith(".saving")])
"""


@pytest.fixture
def entry(tmp_path: Path) -> journal.Entry:
    """An entry to fight for."""
    return journal.create(tmp_path, title="T", text="the first text")


def test_processes_that_save_at_the_same_time_lose_nothing(tmp_path: Path, entry: journal.Entry) -> None:
    """Each text that was kept and that nobody replaced on purpose is in the entry or beside it; every new entry is there."""
    command = [sys.executable, "-c", WRITER, str(tmp_path), entry.id]
    processes = [
        subprocess.Popen(
            [*command, f"writer {number}", str(SAVES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(WRITERS)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = [json.loads(process.communicate("go\n", timeout=120)[0]) for process in processes]
    kept = {text for each in said for text in each[0]} | {entry.text}
    replaced = [text for each in said for text in each[1]]
    created = [name for each in said for name in each[2]]

    there = [journal.read(tmp_path, entry.id), *journal.others(tmp_path, entry.id)]

    assert [process.returncode for process in processes] == [0] * WRITERS
    assert len(replaced) == len(set(replaced))
    assert sorted(each.text for each in there) == sorted(kept - set(replaced))
    assert len(set(created)) == WRITERS * SAVES
    assert {each.text for each in journal.entries(tmp_path)} >= {f"new {SAVES - 1} of writer {WRITERS - 1}"}
    assert len(journal.entries(tmp_path)) == WRITERS * SAVES + 1


def test_a_process_that_saves_during_a_save_waits(
    tmp_path: Path, entry: journal.Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last look at the file and its renaming nobody else can save; afterwards the second one finds a conflict."""
    rename = Path.replace
    started: list[subprocess.Popen[str]] = []
    heard: list[str] = []

    def while_another_saves(temporary: Path, path: Path) -> Path:
        command = [sys.executable, "-c", SECOND, str(tmp_path), entry.id, entry.revision]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert started[0].stdout is not None
        heard.append(started[0].stdout.readline())
        return rename(temporary, path)

    monkeypatch.setattr(Path, "replace", while_another_saves)
    outcome = journal.save(tmp_path, entry.id, entry.revision, "T", "of the first")
    rest, _ = started[0].communicate(timeout=60)

    assert heard == ["waiting\n"]
    assert rest.splitlines()[-1] == "Conflict"
    assert isinstance(outcome, journal.Saved)
    assert [other.text for other in journal.others(tmp_path, entry.id)] == ["of the second"]


def test_a_killed_process_leaves_the_old_text_or_the_new_one(tmp_path: Path, entry: journal.Entry) -> None:
    """At whichever line it dies: the entry is one of the two, whole; the new text is in it or in the draft; no rest stays."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), entry.id, entry.revision],
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert (done.stderr, done.returncode) == ("", 0)
    counts, leftovers = done.stdout.splitlines()
    different, *times = map(int, counts.split())
    assert different == 2
    assert all(count > 1 for count in times)
    assert leftovers.endswith("[]")


def test_a_held_lock_is_waited_for_and_named(
    tmp_path: Path, entry: journal.Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds it too long is not waited for without end."""
    monkeypatch.setattr("climb.journal.files._LOCK_SECONDS", 0.1)
    holder = subprocess.Popen(
        ["flock", str(tmp_path / "journal" / ".lock"), "sh", "-c", "echo held; read _"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with pytest.raises(journal.SetupError, match="another program has held"):
        journal.save(tmp_path, entry.id, entry.revision, "T", "second")
    holder.communicate("end\n", timeout=30)

    assert isinstance(journal.save(tmp_path, entry.id, entry.revision, "T", "second"), journal.Saved)
