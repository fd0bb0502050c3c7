"""Each race of each project, one block of heats long, between a right program in Python and our own system."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from climb.home import home_folder
from climb.judge.build import build
from climb.judge.project import load as load_project
from climb.judge.reference import reference_submission
from climb.judge.submission import Submission, load
from climb.labs.statistics import Estimate
from climb.races.document import Heat, Held, Standing
from climb.races.known import races_of
from climb.races.race import Race
from climb.races.track import hold

RIGHT = Path(__file__).parents[2] / "right"
PROGRAMS = {
    "http": "python-threads",
    "identity": "python",
    "links": "python",
    "processor": "python",
    "scanner": "python-asyncio",
    "scheduler": "python",
}


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs in Python find those that they use beside the interpreter of the tests."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def every() -> Iterator[object]:
    for slug in PROGRAMS:
        for race in races_of(load_project(slug)):
            yield pytest.param(slug, race, id=f"{slug}-{race.id}")


def right(slug: str, folder: Path) -> Submission:
    copied = shutil.copytree(RIGHT / slug / PROGRAMS[slug], folder / slug, ignore=shutil.ignore_patterns("__pycache__"))
    return load(copied)


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "race"), list(every()))
async def test_two_right_programs_are_raced(slug: str, race: Race, tmp_path: Path) -> None:
    """Neither is told wrong, each has its heats, and there is a ratio or a reason; which of the two, the machine decides. A tail has pictures."""
    ours, project = reference_submission(home_folder(), slug)
    await build(ours)
    told: list[int] = []

    def count(_race: Race, heats: tuple[Heat, ...], _ratio: Estimate | None) -> None:
        told.append(len(heats))

    sides = {"yours": right(slug, tmp_path), "ours": ours}
    held = await hold(race, project, sides, seed="41c2", seconds=0, on_heat=count)  # type: ignore[arg-type]  # the two names

    assert held.standing in (Standing.HELD, Standing.NOISY), (held.says, held.evidence)
    assert told == [0, 1, 2, 3, 4]
    assert len(held.values("yours")) == len(held.values("ours")) == 2
    assert held.noise is not None
    assert (held.standing is Standing.HELD) == (held.ratio is not None)
    if race.id == "tail":
        has_pictures(held)


def has_pictures(held: Held) -> None:
    """Latencies by percentile of both sides, and a plot of both over load: two lines each, from little load to nearly all."""
    (latencies,), (plot,) = held.evidence, held.plots
    assert [curve.label for curve in latencies.curves] == ["yours", "ours"]  # type: ignore[union-attr]  # it is of that kind
    assert [line.label for line in plot.lines] == ["yours, median", "yours, 99 %", "ours, median", "ours, 99 %"]  # type: ignore[union-attr]
    assert all(len(line.points) >= 5 for line in plot.lines)  # type: ignore[union-attr]
    for median, tail in (plot.lines[:2], plot.lines[2:]):  # type: ignore[union-attr]
        assert all(one.y <= other.y for one, other in zip(median.points, tail.points, strict=True))
