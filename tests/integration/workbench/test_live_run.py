"""A run as its page sees it: live, late, from a terminal, stopped, cut short; and what else can be done from the page."""

import re
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from climb.judge.project import slugs

# What a careless program does: it ignores polite signals, and its child is in another session.
STUBBORN = """
import signal, subprocess
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen(["sleep", "1000"], start_new_session=True)
"""

MakeScanner = Callable[..., Path]


def run_of(folder: Path) -> str:
    """The page of the only run of a folder."""
    (found,) = folder.glob(".climb/runs/*")
    return f"/runs/{found.name}"


def worker_of(workbench: Any) -> psutil.Process:
    """The process that judges for a workbench."""
    (worker,) = psutil.Process(workbench.process.pid).children()
    return worker


def squeezed(html: str) -> str:
    """HTML without the white space that means nothing."""
    return re.sub(r"\s+", " ", html).strip()


def test_events_tell_the_run_in_order(browser: Any, scanner: MakeScanner, gate: Any) -> None:
    """First how it stands, then each change as it comes, the verdict, and ``done`` as the last."""
    run = browser.check(scanner(rather=gate.code))
    with browser.events(run) as events:
        gate.reached()
        gate.open()
        told = list(events)

    names = [name for name, _ in told]
    sentences = [squeezed(data) for name, data in told if name == "head"]
    said = [data for name, data in told if name == "say" and data]
    assert names[-1] == "done"
    assert told[-1][1] == "done"
    assert "of 4 checks done" in sentences[0] or "Starting" in sentences[0]
    assert "1 of 10 stages hold. Next: 2 Ranges and lists." in sentences[-1]
    assert said[0] == "Stage 1, One open port: passed."
    assert said[-1].startswith("1 of 10 stages hold. Next: 2 Ranges and lists. 2.1 fails: ")


def test_the_live_page_ends_as_the_page_of_the_verdict(browser: Any, scanner: MakeScanner) -> None:
    """The last event of each part is what the page shows when it is opened afterwards."""
    run = browser.check(scanner())
    last = dict(browser.to_the_end(run))
    page = squeezed(browser.read(run))

    parts = [name for name in last if name != "done"]
    assert {"head", "say", "report", "foot", "stage-1", "stage-10"} <= set(parts)
    assert [name for name in parts if squeezed(last[name]) not in page] == []


def test_who_comes_late_catches_up(browser: Any, scanner: MakeScanner) -> None:
    """After the end the events tell all parts once, and end."""
    run = browser.check(scanner())
    live = browser.to_the_end(run)
    late = browser.to_the_end(run)

    assert dict(late) == dict(live)
    assert len(late) == len(dict(late))


def test_two_windows_see_the_same(browser: Any, scanner: MakeScanner, gate: Any) -> None:
    """Each connection follows the run by itself, also one that begins in the middle."""
    run = browser.check(scanner(rather=gate.code))
    gate.reached()
    with browser.events(run) as first, browser.events(run) as second:
        gate.open()
        seen, too = dict(first), dict(second)

    assert seen == too


def test_a_run_in_a_terminal_is_followed(shared_workbench: Any, scanner: MakeScanner, gate: Any) -> None:
    """Its page is live, and ends as that of any other."""
    folder = scanner(rather=gate.code)
    terminal = shared_workbench.climb("check", str(folder))
    gate.reached()
    run = run_of(folder)
    page = shared_workbench.browser.read(run)
    with shared_workbench.browser.events(run) as events:
        gate.open()
        last = dict(events)
    terminal.communicate(timeout=30)

    assert "sse-connect" in page
    assert "1 of 10 stages hold" in last["head"]
    assert terminal.returncode == 1
    assert "sse-connect" not in shared_workbench.browser.read(run)


def test_a_closed_page_stops_nothing(browser: Any, scanner: MakeScanner, gate: Any) -> None:
    """The run goes on to its verdict."""
    run = browser.check(scanner(rather=gate.code))
    gate.reached()
    with browser.events(run) as events:
        next(events)
    gate.open()

    assert browser.waits_for(run, "1 of 10 stages hold")


def test_who_waits_is_told_the_place_in_line(browser: Any, scanner: MakeScanner, gate: Any) -> None:
    """The page of the second says that it is next; it becomes the run's page when its turn comes."""
    first = browser.check(scanner("first", rather=gate.code))
    second = browser.check(scanner("second"))
    page = browser.read(second)
    gate.open()

    assert first.startswith("/runs/")
    assert second.startswith("/jobs/")
    assert "In line: number 1." in page
    assert browser.waits_for(second, "1 of 10 stages hold")


def test_who_waits_can_leave_the_line(browser: Any, scanner: MakeScanner, gate: Any) -> None:
    """It never begins, and leaves no run."""
    browser.check(scanner("first", rather=gate.code))
    folder = scanner("second")
    place = browser.check(folder)
    stopped = browser.send(f"{place}/stop")
    gate.open()

    assert stopped.headers["location"] == place
    assert "stopped before it began" in browser.read(place)
    assert not (folder / ".climb").exists()


def test_stop_ends_the_program(browser: Any, scanner: MakeScanner, gate: Any, nothing_lives: Any) -> None:
    """However stubborn it is: afterwards nothing of it lives, and the page says what became of the run."""
    mark = f"stubborn_{uuid.uuid4().hex}"
    run = browser.check(scanner(rather=STUBBORN + gate.code, run=f"env {mark}=1 python3 -I -S program.py"))
    gate.reached()
    (stop,) = re.findall(r'action="(/jobs/[\w-]+/stop)"', browser.read(run))
    browser.send(stop)

    assert nothing_lives(mark)
    assert "cut short" in browser.waits_for(run, "stopped")


def test_a_judge_that_is_killed_leaves_no_program(
    workbench: Any, scanner: MakeScanner, gate: Any, nothing_lives: Any
) -> None:
    """The open page says that the run was cut short and how the judge ended; the program is ended in the judge's place."""
    mark = f"orphan_{uuid.uuid4().hex}"
    folder = scanner(rather=STUBBORN + gate.code, run=f"env {mark}=1 python3 -I -S program.py")
    run = workbench.browser.check(folder)
    gate.reached()
    with workbench.browser.events(run) as events:
        worker_of(workbench).kill()
        last = dict(events)

    assert last["done"] == "cut short"
    assert "cut short" in last["foot"]
    assert "the judge ended with -9" in last["foot"]
    assert nothing_lives(mark)
    assert "cut short" in workbench.browser.read(run)


def test_the_next_run_begins_after_a_judge_was_killed(workbench: Any, scanner: MakeScanner, gate: Any) -> None:
    """One broken judge does not hold up the line."""
    workbench.browser.check(scanner("first", rather=gate.code))
    gate.reached()
    second = workbench.browser.check(scanner("second"))
    worker_of(workbench).kill()

    assert workbench.browser.waits_for(second, "1 of 10 stages hold")


def test_a_replay_judges_the_check_again(browser: Any, scanner: MakeScanner) -> None:
    """With the same seed, in a run of its own."""
    run = browser.check(scanner())
    browser.to_the_end(run)
    again = browser.send(f"{run}/replay", check="2.1").headers["location"]
    last = dict(browser.to_the_end(again))

    assert again != run
    assert again.rpartition("-")[2].partition(".")[0] == run.rpartition("-")[2].partition(".")[0]
    assert "0 of 1 judged stage held." in last["head"]


def test_hints_open_one_at_a_time(browser: Any, scanner: MakeScanner) -> None:
    """The first is shown, the others are not yet."""
    run = browser.check(scanner())
    before = dict(browser.to_the_end(run))["report"]
    asked = browser.send(f"{run}/hint", stage="port-lists")
    after = browser.read(run)

    assert "Hint (3 left)" in before
    assert asked.headers["location"] == f"{run}#hints"
    assert "Hint (2 left)" in after
    assert "What should 80,443,8000-8100 become" in after
    assert "Collect the ports in a set" not in after


@pytest.mark.slow
def test_shrinking_shows_the_smallest_input(browser: Any, scanner: MakeScanner) -> None:
    """The page follows it, and shows what it found."""
    run = browser.check(scanner())
    browser.to_the_end(run)
    asked = browser.send(f"{run}/shrink", check="2.1")
    last = dict(browser.to_the_end(run))

    assert asked.headers["location"] == f"{run}#smallest"
    assert "The smallest input that still fails" in last["report"]
    assert "The smallest input that still fails" in browser.read(run)


def test_a_folder_without_a_manifest_is_told_how_to_get_one(browser: Any, tmp_path: Path) -> None:
    """And nothing stands in line for it."""
    answer = browser.send("/checks", folder=str(tmp_path))

    assert answer.status_code == 400
    assert "has no climb.toml" in answer.text
    assert "climb start scanner" in answer.text


def test_a_broken_manifest_is_shown_with_a_whole_one(browser: Any, scanner: MakeScanner) -> None:
    """The message names the file and the mistake."""
    folder = scanner()
    (folder / "climb.toml").write_text('project = "scanner"\nrun = 3\n', encoding="utf-8")
    answer = browser.send("/checks", folder=str(folder))

    assert answer.status_code == 400
    assert f"{folder}/climb.toml: Expected `str`" in answer.text
    assert "cargo build --release" in answer.text


def test_an_unknown_project_is_answered_with_the_known_ones(browser: Any, scanner: MakeScanner) -> None:
    """As soon as the form is sent."""
    answer = browser.send("/checks", folder=str(scanner(project="teapot")))

    assert answer.status_code == 400
    assert f"there is no project &#39;teapot&#39;; there is: {', '.join(slugs())}" in answer.text
    assert "climb list" in answer.text


def test_an_unknown_stage_is_answered_with_the_known_ones(browser: Any, scanner: MakeScanner) -> None:
    """It leaves no run."""
    folder = scanner()
    answer = browser.send("/checks", folder=str(folder), stage="99")

    assert answer.status_code == 400
    assert "open-port" in answer.text
    assert not (folder / ".climb").exists()


@pytest.mark.parametrize("key", ["run", "build"])
def test_a_missing_tool_is_named_with_what_to_do(browser: Any, scanner: MakeScanner, key: str) -> None:
    """Wherever the learner was sent: the run's page and the job's page both say it."""
    place = browser.check(scanner(**{key: "no-such-tool-here program.py"}))

    assert "install no-such-tool-here" in browser.waits_for(place, "is not installed")


def test_a_build_that_fails_shows_its_last_lines(browser: Any, scanner: MakeScanner) -> None:
    """And says that nothing was judged."""
    run = browser.check(scanner(build="echo not today >&2; exit 3"))
    last = dict(browser.to_the_end(run))

    assert "The build failed, so nothing was judged." in last["head"]
    assert "not today" in last["report"]
    assert "exit code 3" in last["report"]


def test_a_run_whose_folder_was_given_up_still_has_its_page(browser: Any, scanner: MakeScanner) -> None:
    """It can't be judged again, and says so when asked to."""
    folder = scanner()
    run = browser.check(folder)
    browser.to_the_end(run)
    (folder / "climb.toml").write_text("broken", encoding="utf-8")
    page, asked = browser.read(run), browser.send(f"{run}/replay")

    assert "1 of 10 stages hold" in page
    assert "/replay" not in page
    assert asked.status_code == 409


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_workbench_and_all_it_started(
    workbench: Any, scanner: MakeScanner, gate: Any, nothing_lives: Any, number: signal.Signals
) -> None:
    """With a page open on a run of a stubborn program: promptly, with exit code 0, and with nothing left."""
    run = workbench.browser.check(scanner(rather=STUBBORN + gate.code))
    gate.reached()
    with workbench.browser.events(run) as events:
        next(events)
        workbench.process.send_signal(number)
        workbench.process.wait(timeout=10)

    assert workbench.end() == (0, "")
    assert nothing_lives(workbench.mark)


def test_two_signals_leave_nothing_either(workbench: Any, scanner: MakeScanner, gate: Any, nothing_lives: Any) -> None:
    """An impatient second Ctrl-C cuts the wait, not the cleaning up."""
    workbench.browser.check(scanner(rather=STUBBORN + gate.code))
    gate.reached()
    workbench.process.send_signal(signal.SIGINT)
    workbench.process.send_signal(signal.SIGINT)
    code, _ = workbench.end(signal.SIGINT)

    assert code in (0, 130)
    assert nothing_lives(workbench.mark)


def test_a_workbench_that_is_killed_leaves_nothing(
    workbench: Any, scanner: MakeScanner, gate: Any, nothing_lives: Any
) -> None:
    """The kernel tells the judge that its workbench is gone, and the judge ends the program."""
    workbench.browser.check(scanner(rather=STUBBORN + gate.code))
    gate.reached()
    workbench.process.kill()

    assert workbench.end()[0] == -signal.SIGKILL
    assert nothing_lives(workbench.mark)


def test_a_run_outlives_no_restart_but_its_page_does(
    start_workbench: Any, scanner: MakeScanner, gate: Any, tmp_path: Path
) -> None:
    """A new workbench on the same home shows the run of the old one, and that it was cut short."""
    old = start_workbench()
    run = old.browser.check(scanner(rather=gate.code))
    gate.reached()
    old.end()
    new = start_workbench()

    assert "cut short" in new.browser.read(run)
    assert new.browser.token == old.browser.token
