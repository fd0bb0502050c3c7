"""A run's events on disk: whole or not at all, readable while they are written, and telling a live run from a cut one."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from climb.judge.event_log import EventLog, Follower, RunState
from climb.judge.events import BuildDone, BuildStarted, CheckDone, Event, RunDone, RunStarted, StageDone, StageStarted
from climb.judge.evidence import Comparison, Output
from climb.judge.submission import Submission
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

SUBMISSION = Submission(folder=Path("/home/ada/scanner"), project="scanner", language="rust", run="./scanner")
FAILED = CheckResult(
    id="it-holds",
    number="1.1",
    status=Status.FAILED,
    claim="It holds.",
    evidence=(
        Comparison(subject="it", expected="this", received="that", why="so"),
        Output(title="its last lines", lines=("a", "b")),
    ),
    seconds=0.25,
    choices=(3, 1, 4),
)
STAGE = StageResult(
    id="one", number=1, title="One", status=Status.FAILED, concepts=("c",), checks=(FAILED,), seconds=0.25
)
EVENTS: list[Event] = [
    RunStarted(SUBMISSION, "41c2", Path("/home/ada/scanner/.climb/runs/x")),
    BuildStarted("make"),
    BuildDone(ok=True, seconds=1.5),
    BuildDone(ok=True, seconds=None),
    StageStarted(1, "One", 1),
    CheckDone(1, FAILED),
    StageDone(STAGE),
]
VERDICT = Verdict(
    project="scanner",
    submission="/home/ada/scanner",
    language="rust",
    seed="41c2",
    judge="0",
    run="x",
    started_at="2026-01-01T00:00:00+00:00",
    build_seconds=None,
    stages=(STAGE,),
    passed=0,
    total=1,
)


def write(folder: Path, *events: Event) -> None:
    """A log with these events behind what is there, let go."""
    file = folder / "events.jsonl"
    before = file.read_bytes() if file.exists() else b""
    with contextlib.closing(EventLog(folder)) as log:
        for event in events:
            log(event)
    file.write_bytes(before + file.read_bytes())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_it_was_written(tmp_path: Path, event: Event) -> None:
    """Every kind of event, with all that it holds."""
    write(tmp_path, event)

    assert Follower(tmp_path).new() == [event]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


@given(claim=text, language=text, title=text, choices=st.lists(st.integers(0, 2**63 - 1), max_size=5).map(tuple))
@settings(max_examples=50, deadline=None)
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, claim: str, language: str, title: str, choices: tuple[int, ...]
) -> None:
    """Line ends and quotes included: an event stays one line."""
    folder = tmp_path_factory.mktemp("run")
    submission = Submission(folder=Path("/x"), project="scanner", language=language, run="./x")
    result = CheckResult(id="c", number="1.1", status=Status.UNKNOWN, claim=claim, choices=choices)
    events: list[Event] = [RunStarted(submission, "41c2", Path("/x")), StageStarted(1, title, 1), CheckDone(1, result)]
    write(folder, *events)

    assert Follower(folder).new() == events


def test_a_follower_gets_each_event_once(tmp_path: Path) -> None:
    """What came since it was last asked; another follower gets everything."""
    follower = Follower(tmp_path)
    seen = []
    for event in EVENTS:
        write(tmp_path, event)
        seen.append(follower.new())

    assert seen == [[event] for event in EVENTS]
    assert follower.new() == []
    assert Follower(tmp_path).new() == EVENTS


def test_a_line_half_written_waits(tmp_path: Path) -> None:
    """Wherever it is cut: its event comes once, when the line is whole."""
    write(tmp_path, EVENTS[5])
    path = tmp_path / "events.jsonl"
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        follower = Follower(tmp_path)
        before = follower.new()
        path.write_bytes(whole)

        assert before == []
        assert follower.new() == [EVENTS[5]]


def test_whole_lines_before_a_half_one_are_given(tmp_path: Path) -> None:
    """Only the last line waits."""
    write(tmp_path, EVENTS[0], EVENTS[4])
    path = tmp_path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-10])

    assert Follower(tmp_path).new() == [EVENTS[0]]


@pytest.mark.parametrize("line", [b"", b"{}", b"[1", b'{"type": "Other"}', b"\xff\xfe", b'{"type":"BuildStarted"}'])
def test_a_line_that_is_no_event_hides_no_other(tmp_path: Path, line: bytes) -> None:
    """Left by a full disk, or by a version with other events."""
    write(tmp_path, EVENTS[0])
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(line + b"\n")
    write(tmp_path, EVENTS[1])

    assert Follower(tmp_path).new() == [EVENTS[0], EVENTS[1]]


def test_the_verdict_is_not_written_twice(tmp_path: Path) -> None:
    """``verdict.json`` has it."""
    write(tmp_path, RunDone(VERDICT, tmp_path))

    assert Follower(tmp_path).new() == []


def test_a_run_lives_while_its_log_is_held(tmp_path: Path) -> None:
    """And was cut short once it is let go without a verdict."""
    log, follower = EventLog(tmp_path), Follower(tmp_path)
    states = [follower.state()]
    log.close()
    states.append(follower.state())

    assert states == [RunState.LIVE, RunState.CUT_SHORT]


def test_a_verdict_ends_a_run_whoever_holds_its_log(tmp_path: Path) -> None:
    """It is the last thing that a run writes."""
    log = EventLog(tmp_path)
    (tmp_path / "verdict.json").write_bytes(b"{}")

    assert Follower(tmp_path).state() is RunState.DONE
    log.close()


def test_a_run_that_ends_while_it_is_looked_at_has_its_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge writes it, and lets go of the log, between a follower's two looks."""
    log, follower = EventLog(tmp_path), Follower(tmp_path)
    look = os.open

    def just_before(*words: object) -> int:
        (tmp_path / "verdict.json").write_bytes(b"{}")
        log.close()
        return look(*words)  # type: ignore[arg-type]

    monkeypatch.setattr("climb.judge.event_log.os.open", just_before)

    assert follower.state() is RunState.DONE


def test_a_log_is_found_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that comes in the first instant of a run does not take it for one that was cut short."""
    seen = []
    monkeypatch.setattr(
        "climb.judge.event_log.fcntl.flock", lambda *_: seen.append((tmp_path / "events.jsonl").exists())
    )
    EventLog(tmp_path).close()

    assert seen == [False]


def test_looking_does_not_disturb(tmp_path: Path) -> None:
    """Many followers look at one run, and it is live for each of them."""
    log = EventLog(tmp_path)
    followers = [Follower(tmp_path) for _ in range(5)]

    assert {follower.state() for follower in followers * 3} == {RunState.LIVE}
    log.close()
    assert {follower.state() for follower in followers * 3} == {RunState.CUT_SHORT}


def test_a_folder_without_a_log_was_cut_short(tmp_path: Path) -> None:
    """A run of an earlier version, or one that ended in its first instant."""
    follower = Follower(tmp_path)

    assert follower.new() == []
    assert follower.state() is RunState.CUT_SHORT


def test_a_judge_that_is_killed_lets_go(tmp_path: Path) -> None:
    """The kernel does it, however the process ends; what it had written is there."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from climb.judge.event_log import EventLog\n"
        "from climb.judge.events import BuildStarted\n"
        "log = EventLog(Path(sys.argv[1]))\n"
        "log(BuildStarted('make'))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as judge:  # type: ignore[call-overload]
        judge.stdout.readline()
        follower = Follower(tmp_path)
        before = follower.state()
        judge.kill()
        judge.wait()

        assert before is RunState.LIVE
        assert follower.state() is RunState.CUT_SHORT
        assert follower.new() == [BuildStarted("make")]


def test_a_folder_whose_name_is_no_text_is_spelt_out(tmp_path: Path) -> None:
    """File names are bytes; what is no UTF-8 can't be in JSON."""
    folder = Path(os.fsdecode(b"/home/ada/caf\xe9"))
    submission = Submission(folder=folder, project="scanner", language="c", run="./scanner")
    write(tmp_path, RunStarted(submission, "41c2", folder / ".climb"))
    (told,) = Follower(tmp_path).new()

    assert isinstance(told, RunStarted)
    assert str(told.submission.folder) == "/home/ada/caf\\xe9"
    assert str(told.folder) == "/home/ada/caf\\xe9/.climb"
