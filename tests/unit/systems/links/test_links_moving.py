"""What dead processes have left is moved in the order in which it came, and a damaged file holds up nobody."""

import asyncio
import fcntl
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from climb.systems.links.clicks import moving
from climb.systems.links.clicks.journal import Batch, Journal
from climb.systems.links.clicks.moving import Mover
from climb.systems.links.clicks.segment import Counted, Segment


class Recording(Mover):
    """Notes what would be written to the database."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(None, journal)
        self.batches: list[tuple[int, str]] = []
        self.moved = asyncio.Event()

    async def _move(self, batch: Batch, counted: Sequence[Counted]) -> None:
        self.batches += [(batch.number, one.code) for one in counted]
        self.moved.set()


@pytest.fixture
def mover(tmp_path: Path) -> Recording:
    """One with a journal of its own, in which nothing is counted."""
    return Recording(Journal(tmp_path))


def leave(folder: Path, journal: uuid.UUID, number: int, code: str) -> Path:
    """A file of a process that is gone, with one click."""
    path = Batch(journal, number).path(folder)
    segment = Segment(path)
    segment.slot(code, 1).add()
    segment.let_go()
    return path


async def test_a_later_file_waits_for_an_earlier_one(mover: Recording, tmp_path: Path) -> None:
    """While somebody has the first of a process, its second is not moved: it would make the first one count for nothing."""
    theirs = uuid.uuid4()
    first, second = leave(tmp_path, theirs, 1, "spring"), leave(tmp_path, theirs, 2, "summer")
    descriptor = os.open(first, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    await mover._move_abandoned()
    held = list(mover.batches)
    os.close(descriptor)
    await mover._move_abandoned()

    assert held == []
    assert mover.batches == [(1, "spring"), (2, "summer")]
    assert not first.exists()
    assert not second.exists()


@pytest.mark.parametrize(
    ("place", "content"),
    [
        pytest.param(0, bytes(16), id="no-beginning"),
        pytest.param(64 + 12, b"\0\xff\n", id="no-code"),
        pytest.param(64, b"\xff" * 8, id="no-hour"),
    ],
)
async def test_a_damaged_file_holds_up_nobody(mover: Recording, tmp_path: Path, place: int, content: bytes) -> None:
    """Nothing of it is counted, it stays where it is, and what came later is moved."""
    theirs = uuid.uuid4()
    damaged = leave(tmp_path, theirs, 1, "spring")
    leave(tmp_path, theirs, 2, "summer")
    with damaged.open("r+b") as file:
        file.seek(place)
        file.write(content)
    await mover._move_abandoned()

    assert mover.batches == [(2, "summer")]
    assert damaged.exists()


async def test_what_is_unforeseen_does_not_end_the_moving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next round moves what one that failed in an unknown way has left."""
    journal = Journal(tmp_path)
    journal.count("spring", None)
    rounds: list[bool] = []

    class Database:
        async def ready(self) -> None:
            rounds.append(True)
            if len(rounds) == 1:
                raise LookupError("unforeseen")

    mover = Recording(journal)
    mover._database = Database()
    monkeypatch.setattr(moving, "_EVERY_S", 0.001)
    task = asyncio.create_task(mover._go_on())
    async with asyncio.timeout(10):
        await mover.moved.wait()
    task.cancel()
    await asyncio.wait([task])

    assert mover.batches == [(1, "spring")]
