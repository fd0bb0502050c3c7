"""A lab's run: the prediction is kept first, the measurement is a process that surely ends, and its end is always told."""

import asyncio
import importlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from climb import labs
from climb.errors import SetupError
from climb.labs import lab as labs_lab, running, store
from climb.labs.lab import Lab
from climb.labs.messages import Progress
from climb.labs.result import Predicted, Result

HEAD = """
import os, signal, subprocess, sys, time
from climb.errors import SetupError
from climb.labs.lab import Explanation, Lab, Prediction
from climb.labs.statistics import Estimate

lab = Lab(
    title="Toy", question="How?", about="A toy.", concepts=(),
    prediction=Prediction(ask="How many?", unit="×"), seconds=1,
)

@lab.explain
def explain(result):
    return Explanation(answer=Estimate(1, 1, 1), headline="", text="", plots=())

"""
MakeLab = Callable[[str], Lab]
Gone = Callable[[str], bool]


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """In the environment of every process that the test starts."""
    text = f"climb-lab-{uuid.uuid4().hex}"
    monkeypatch.setenv("CLIMB_TEST_MARK", text)
    return text


@pytest.fixture
def make_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLab]:
    """Makes a lab of a measurement's source, and finds it; processes started by the test find it too."""
    folder = tmp_path / "more-labs"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"import climb.labs\nclimb.labs.__path__.append({str(folder)!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(labs, "__path__", [*labs.__path__, str(folder)])

    def make(body: str) -> Lab:
        name = f"toy_{uuid.uuid4().hex[:8]}"
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (folder / f"{name}.py").write_text(f"{HEAD}\n@lab.measure\ndef measure(knobs, bench):\n{lines}")
        importlib.invalidate_caches()
        labs_lab.slugs.cache_clear()
        return labs_lab.find(name.replace("_", "-"))

    yield make
    labs_lab.slugs.cache_clear()
    labs_lab.find.cache_clear()


def measured(home: Path, lab: Lab, said: Predicted | None = None) -> Result:
    begun = running.begin(home, lab, {}, said)
    return asyncio.run(running.run(home, lab, begun, lambda _progress: None))


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_what_was_measured_is_kept(make_lab: MakeLab, tmp_path: Path) -> None:
    """Samples and facts come back as they were recorded, and are stored so."""
    lab = make_lab('bench.record("a", 1.5, unit="ns")\nbench.record("b", 2.0, unit="ns", at=8)\nbench.fact("x", "y")')

    result = measured(tmp_path, lab)

    assert (result.values("a"), result.series("b"), result.facts) == ((1.5,), {8: (2.0,)}, {"x": "y"})
    assert result.finished
    assert result.failed is None
    assert store.find_result(tmp_path, lab.slug, result.id) == result


def test_machine_and_quiet_are_kept(make_lab: MakeLab, tmp_path: Path) -> None:
    """The result says on which machine it was made, and what else went on."""
    result = measured(tmp_path, make_lab("time.sleep(0.05)"))

    assert result.machine is not None
    assert result.machine.cores >= 1
    assert result.quiet is not None
    assert 0 <= result.quiet.others <= 1


def test_progress_is_told_in_order(make_lab: MakeLab, tmp_path: Path) -> None:
    """Shares lie between 0 and 1 and never fall."""
    lab = make_lab('for _ in bench.rounds(5, "toying"):\n    time.sleep(0.12)')
    told: list[Progress] = []
    begun = running.begin(tmp_path, lab, {}, None)

    asyncio.run(running.run(tmp_path, lab, begun, told.append))

    shares = [progress.share for progress in told]
    assert len(told) > 1
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1
    assert told[0].doing == "toying: 1 of 5"


def test_the_prediction_is_kept_before_anything_is_measured(make_lab: MakeLab, tmp_path: Path) -> None:
    """After begin the stored result has the prediction, and is not finished."""
    lab = make_lab("pass")

    begun = running.begin(tmp_path, lab, {}, Predicted(value=3, because="a guess"))

    stored = store.find_result(tmp_path, lab.slug, begun.id)
    assert stored.predicted == Predicted(value=3, because="a guess")
    assert not stored.finished


def test_two_runs_of_one_second_are_two_results(make_lab: MakeLab, tmp_path: Path) -> None:
    """Each begin has an id of its own."""
    lab = make_lab("pass")

    ids = {running.begin(tmp_path, lab, {}, None).id for _ in range(3)}

    assert len(ids) == 3


def test_the_prediction_survives_a_killed_measurement(make_lab: MakeLab, tmp_path: Path) -> None:
    """If the measuring process is killed in the middle, the prediction and the reason are kept, and nothing is finished."""
    lab = make_lab('bench.record("a", 1.0, unit="ns")\nos.kill(os.getpid(), signal.SIGKILL)')

    result = measured(tmp_path, lab, Predicted(value=3))

    stored = store.find_result(tmp_path, lab.slug, result.id)
    assert stored.predicted == Predicted(value=3)
    assert stored.failed is not None
    assert "ended with -9" in stored.failed
    assert store.results(tmp_path, lab.slug) == []


def test_a_killed_starter_takes_the_measurement_along(
    make_lab: MakeLab, tmp_path: Path, mark: str, nothing_lives: Gone
) -> None:
    """If the program that runs the lab is killed, the measurement ends too, and the prediction is on the disk."""
    lab = make_lab(f"open({str(tmp_path / 'ready')!r}, 'w').close()\ntime.sleep(60)")
    script = (
        "import asyncio, sys; from pathlib import Path; from climb.labs import running; "
        "from climb.labs.lab import find; from climb.labs.result import Predicted\n"
        "home, lab = Path(sys.argv[1]), find(sys.argv[2])\n"
        "begun = running.begin(home, lab, {}, Predicted(value=3))\n"
        "asyncio.run(running.run(home, lab, begun, print))"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), lab.slug])
    try:
        wait_for((tmp_path / "ready").exists)
    finally:
        starter.kill()
        starter.wait()

    assert nothing_lives(mark)
    (stored,) = (store.read(path) for path in (tmp_path / "labs" / lab.slug).glob("*.json"))
    assert stored is not None
    assert stored.predicted == Predicted(value=3)


def test_cancelling_leaves_no_process(make_lab: MakeLab, tmp_path: Path, mark: str, nothing_lives: Gone) -> None:
    """A cancelled run ends the measurement with all that it started, and the stored result says so."""
    ready = tmp_path / "ready"
    lab = make_lab(f"subprocess.Popen(['sleep', '60'])\nopen({str(ready)!r}, 'w').close()\ntime.sleep(60)")
    begun = running.begin(tmp_path, lab, {}, None)

    async def cancelled() -> None:
        task = asyncio.create_task(running.run(tmp_path, lab, begun, lambda _progress: None))
        await asyncio.to_thread(wait_for, ready.exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert nothing_lives(mark)
    assert store.find_result(tmp_path, lab.slug, begun.id).failed == "the run was stopped"


def test_a_crash_is_a_result_with_its_reason(make_lab: MakeLab, tmp_path: Path) -> None:
    """The last lines of the traceback are kept."""
    result = measured(tmp_path, make_lab('raise ValueError("the toy broke")'))

    assert not result.finished
    assert result.failed is not None
    assert result.failed.endswith("ValueError: the toy broke")


def test_what_a_machine_lacks_is_told_without_a_traceback(make_lab: MakeLab, tmp_path: Path) -> None:
    """A SetupError in the measurement leaves its sentence."""
    result = measured(tmp_path, make_lab('raise SetupError("too few descriptors")'))

    assert result.failed is not None
    assert result.failed.endswith("too few descriptors")
    assert "Traceback" not in result.failed


def test_what_a_measurement_prints_does_not_break_the_run(make_lab: MakeLab, tmp_path: Path) -> None:
    """Standard output of the measuring process is for messages; prints go elsewhere."""
    lab = make_lab('print("hello", flush=True)\nos.write(1, b"{}\\n")\nbench.record("a", 1.0, unit="ns")')

    assert measured(tmp_path, lab).values("a") == (1.0,)


def test_a_measurement_that_hangs_is_ended(
    make_lab: MakeLab, tmp_path: Path, mark: str, nothing_lives: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the deadline it is killed, and the result says that it took too long."""
    monkeypatch.setattr(running, "_DEADLINE_LEAST", 1.0)
    monkeypatch.setattr(running, "_DEADLINE_FACTOR", 0)

    result = measured(tmp_path, make_lab("time.sleep(60)"), Predicted(value=3))

    assert result.failed == "the measurement took longer than 1 s and was stopped"
    assert result.predicted == Predicted(value=3)
    assert nothing_lives(mark)


def test_stragglers_of_a_finished_measurement_are_ended(
    make_lab: MakeLab, tmp_path: Path, mark: str, nothing_lives: Gone
) -> None:
    """A process that the measurement forgot does not outlive the run."""
    quiet = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"

    result = measured(tmp_path, make_lab(f"subprocess.Popen(['sleep', '60'], {quiet})"))

    assert result.finished
    assert nothing_lives(mark)


def test_the_bench_runs_a_process_and_ends_it(
    make_lab: MakeLab, tmp_path: Path, mark: str, nothing_lives: Gone
) -> None:
    """A process on the bench answers over its connection and is gone when the block ends."""
    lab = make_lab(
        "def echo(connection):\n"
        "    while True:\n"
        "        connection.send(connection.recv() + 1)\n"
        "with bench.process(echo) as connection:\n"
        "    connection.send(1)\n"
        "    assert connection.poll(10)\n"
        '    bench.record("a", connection.recv(), unit="")\n'
        'bench.fact("children", len(__import__("multiprocessing").active_children()))'
    )

    result = measured(tmp_path, lab)

    assert result.values("a") == (2.0,)
    assert result.facts["children"] == 0
    assert nothing_lives(mark)


def test_the_bench_has_a_folder_that_goes_with_the_run(make_lab: MakeLab, tmp_path: Path) -> None:
    """The folder is beside the results while the lab measures, and gone afterwards, also if the measurement is killed."""
    lab = make_lab(
        'bench.fact("folder", str(bench.folder))\n(bench.folder / "file").write_text("x")\n'
        'assert (bench.folder / "file").exists()'
    )
    killed = make_lab('(bench.folder / "file").write_text("x")\nos.kill(os.getpid(), signal.SIGKILL)')

    result = measured(tmp_path, lab)
    measured(tmp_path, killed)

    assert Path(str(result.facts["folder"])).parent == (tmp_path / "labs" / lab.slug).resolve()
    for slug in (lab.slug, killed.slug):
        assert [path.suffix for path in (tmp_path / "labs" / slug).iterdir()] == [".json"]


def test_a_lab_that_can_not_run_here_is_refused(make_lab: MakeLab, tmp_path: Path) -> None:
    """Begin raises the reason and points to the recording, and keeps nothing."""
    lab = make_lab("pass")
    lab.unless(lambda: "it has no toys")

    with pytest.raises(SetupError, match="it has no toys") as caught:
        running.begin(tmp_path, lab, {}, None)

    assert caught.value.next_step == f"climb lab {lab.slug} --recording"
    assert not (tmp_path / "labs").exists()


def test_interrupts_are_for_the_starter(make_lab: MakeLab, tmp_path: Path) -> None:
    """The measuring process leads a session of its own, so Ctrl-C in the terminal does not reach it."""
    result = measured(tmp_path, make_lab('bench.fact("leads", float(os.getsid(0) == os.getpid()))'))

    assert result.number("leads") == 1
