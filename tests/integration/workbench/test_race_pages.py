"""Races on their pages: found in the folders of submissions, told as the terminal tells them."""

from pathlib import Path

import pytest

from climb.judge.evidence import Latencies, Percentiles
from climb.labs.plot import Axis, Line, LinePlot, Point
from climb.labs.result import Machine
from climb.labs.statistics import Estimate
from climb.progress.folders import remember
from climb.races import store
from climb.races.document import Heat, Held, Racing, Standing

HEATS = (Heat("yours", 2.0), Heat("ours", 1.0), Heat("ours", 1.1), Heat("yours", 2.1))


def raced(name: str, standing: Standing, says: str, ratio: Estimate | None = None, **more: object) -> Held:
    words = {"title": name.title(), "unit": "ms", "better": "lower", "tells": "What it tells."}
    return Held(id=name, standing=standing, says=says, ratio=ratio, heats=HEATS, **words, **more)  # type: ignore[arg-type]


@pytest.fixture
def race(shared_workbench, scanner) -> str:
    """The address of a race that was held, one that was too noisy, and their evidence."""
    plot = LinePlot(
        title="latency over load",
        alt="Both over load.",
        x=Axis(label="requests a second"),
        y=Axis(label="latency", unit="ms", log=True),
        lines=(Line(label="yours, median", points=(Point(x=1.0, y=2.0), Point(x=2.0, y=3.0))),),
    )
    curve = Percentiles(label="yours", points=((0.0, 1.0), (50.0, 2.0), (99.0, 3.0)))
    latencies = Latencies(subject="latency at 100 requests a second", unit="ms", curves=(curve,))
    held = raced(
        "tail",
        Standing.HELD,
        "ours is 2 times as good",
        Estimate(0.5, 0.45, 0.55),
        plots=(plot,),
        evidence=(latencies,),
    )
    noisy = raced("other", Standing.NOISY, "too noisy: <b>another</b> process used 0.8 of a processor")
    folder: Path = scanner()
    remember(shared_workbench.home, folder)
    racing = Racing(
        project="scanner",
        submission=str(folder),
        language="python",
        seed="41c2",
        judge="0",
        started_at="2026-03-14T15:09:26+00:00",
        machine=Machine(system="", processor="a processor", cores=2, memory_bytes=1, python="3.11"),
        races=(held, noisy),
        seconds=60.0,
    )
    return f"/races/{store.save(folder / '.climb', '20260314T150926', racing).name}"


def test_a_race_is_listed_with_its_ratios(browser, race) -> None:
    """The list has a link to it, the interval of what was held, and says so where there is none."""
    page = browser.read("/races")

    assert f'href="{race}"' in page
    assert "tail 0.5 (0.45 to 0.55)" in page
    assert "other noisy" in page


def test_a_race_shows_the_table_what_it_says_and_its_plots(browser, race) -> None:
    """Table, claim or reason, the heats of both sides, latencies and the plot over load."""
    page = browser.read(race)

    assert "0.5 (0.45 to 0.55)" in page
    assert "ours is 2 times as good" in page
    assert "all heats of tail" in page
    assert "latency over load" in page
    assert "latency at 100 requests a second" in page


def test_what_a_race_says_is_text(browser, race) -> None:
    """Words from a document are shown, not obeyed."""
    page = browser.read(race)

    assert "too noisy: &lt;b&gt;another&lt;/b&gt; process" in page
    assert "<b>another" not in page


@pytest.mark.parametrize("name", ["20260314T150926-dead", "..%2f..", "x" * 500])
def test_a_race_that_there_is_not_is_not_found(browser, name: str) -> None:
    """And nothing but the folders of races is looked at."""
    assert browser.open(f"/races/{name}").status_code == 404


def test_without_a_race_the_page_says_how_to_begin(start_workbench) -> None:
    """A learner who never raced reads the command."""
    assert "climb race" in start_workbench().browser.read("/races")
