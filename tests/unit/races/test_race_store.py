"""Where races are kept, and what is read of them."""

from pathlib import Path

import pytest

from climb.errors import UsageError
from climb.labs.plot import Axis, Line, LinePlot, Point
from climb.labs.result import Machine
from climb.labs.statistics import Estimate
from climb.races import store
from climb.races.document import Heat, Held, Racing, Standing

STAMP = "20260314T150926"


def held(standing: Standing = Standing.HELD) -> Held:
    plot = LinePlot(
        title="p",
        alt="p",
        x=Axis(label="x"),
        y=Axis(label="y"),
        lines=(Line(label="l", points=(Point(x=1.0, y=2.0),)),),
    )
    return Held(
        id="range",
        title="A range",
        unit="ports/s",
        better="higher",
        tells="",
        standing=standing,
        says="",
        heats=(Heat("yours", 2.0), Heat("ours", 1.0)),
        ratio=Estimate(2.0, 1.9, 2.1),
        plots=(plot,),
    )


def racing(*standings: Standing) -> Racing:
    return Racing(
        project="scanner",
        submission="/s",
        language="python",
        seed="41c2",
        judge="0",
        started_at="",
        machine=Machine(system="", processor="", cores=2, memory_bytes=1, python="3.11"),
        races=tuple(map(held, standings)),
        seconds=1.0,
    )


def test_what_was_kept_is_read_as_it_was(tmp_path: Path) -> None:
    """A document with heats, an interval and a plot comes back the same."""
    made = racing(Standing.HELD, Standing.NOISY)

    assert store.read(store.save(tmp_path, STAMP, made)) == made


def test_two_of_one_second_do_not_meet(tmp_path: Path) -> None:
    """Each has a folder of its own, and both are listed."""
    folders = {store.save(tmp_path, STAMP, racing(Standing.HELD)) for _ in range(2)}

    assert set(store.newest_first(tmp_path)) == folders
    assert len(folders) == 2


def test_a_folder_holds_the_document_and_nothing_else(tmp_path: Path) -> None:
    """Nothing temporary is left, and git sees nothing of it."""
    store.save(tmp_path, STAMP, racing(Standing.HELD))

    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())

    assert left == [".gitignore", f"races/{STAMP}-41c2/race.json"]


def test_the_newest_fifty_are_kept(tmp_path: Path) -> None:
    """Older ones go."""
    for number in range(53):
        store.save(tmp_path, f"20260314T1509{number:02}", racing(Standing.HELD))

    kept = [folder.name for folder in store.newest_first(tmp_path)]

    assert kept[0] == "20260314T150952-41c2"
    assert kept[-1] == "20260314T150903-41c2"
    assert len(kept) == 50


def test_a_broken_document_is_named(tmp_path: Path) -> None:
    """What can't be read says where it is."""
    folder = store.save(tmp_path, STAMP, racing(Standing.HELD))
    (folder / "race.json").write_text("{")

    with pytest.raises(UsageError, match=r"race\.json can't be read"):
        store.read(folder)


@pytest.mark.parametrize(
    ("standings", "code"),
    [
        ((Standing.HELD, Standing.NOISY), 0),
        ((Standing.NOISY, Standing.UNKNOWN), 0),
        ((Standing.HELD, Standing.WAITING), 0),
        ((Standing.WAITING, Standing.WAITING), 1),
        ((Standing.HELD, Standing.WRONG), 1),
        ((Standing.WRONG, Standing.JUDGE_ERROR), 4),
    ],
)
def test_the_exit_code_says_whether_something_was_wrong(standings: tuple[Standing, ...], code: int) -> None:
    """Noise is no fault; a wrong heat is, and so is a race for which nothing is ready."""
    assert racing(*standings).exit_code == code
