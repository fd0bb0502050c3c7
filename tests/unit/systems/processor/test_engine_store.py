"""What survives: logs that are cut anywhere, snapshots, and another number of workers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from engine_model import Reading
from hypothesis import given, settings, strategies as st

from climb.systems.processor.engine import moving
from climb.systems.processor.engine.columns import READING, Records
from climb.systems.processor.engine.errors import LogError, ShapeError
from climb.systems.processor.engine.log import ADVANCE, READINGS, Log
from climb.systems.processor.engine.partition import Shape
from climb.systems.processor.engine.store import PartitionStore

_SHAPE = Shape(20, 10)
_STEP = st.one_of(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 15), st.integers(0, 90), st.floats(-9, 9)), min_size=1, max_size=6
    ),
    st.integers(0, 100),
    st.sampled_from(["snapshot", "commit", "reopen"]),
)


def _batch(readings: list[Reading]) -> Records:
    return np.array([(sensor, 0, seq, ts, value) for sensor, seq, ts, value in readings], READING)


def _state(store: PartitionStore) -> object:
    """All that can be seen of a store, its open windows too, which this closes."""
    seen = (store.watermark, store.accepted, store.late, [part.tolist() for part in store.highs()])
    closed = store.partition.advance(10_000)
    return seen, store.unpublished().tolist(), closed.tolist()


def _do(store: PartitionStore, step: object) -> None:
    match step:
        case int():
            store.advance(step)
        case list():
            store.take(_batch(step), 1)
        case "snapshot":
            store.snapshot()()
        case "commit":
            store.commit()


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEP, max_size=12))
def test_a_reopened_store_is_what_it_was(steps: list[object]) -> None:
    """However often it was closed and opened, and whenever snapshots were made, a store is as if nothing had happened."""
    with _folder() as folder, _folder() as other:
        store, plain = PartitionStore.open(folder, _SHAPE), PartitionStore.open(other, _SHAPE)
        for step in steps:
            if step == "reopen":
                store.close()
                store = PartitionStore.open(folder, _SHAPE)
            _do(store, step)
            _do(plain, step if not isinstance(step, str) else None)
        store.close()
        store = PartitionStore.open(folder, _SHAPE)

        assert _state(store) == _state(plain)
        store.close()
        plain.close()


class _folder:  # noqa: N801  # tmp_path is one for all examples
    def __enter__(self) -> Path:
        import tempfile

        self._path = Path(tempfile.mkdtemp())
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path)


def test_a_log_cut_at_any_byte_holds_all_whole_frames(tmp_path: Path) -> None:
    """Whatever part of the last write a crash leaves, the log ends behind its last whole frame, and can be appended to."""
    whole = tmp_path / "whole"
    whole.mkdir()
    log = Log(whole)
    assert list(log.frames(0)) == []
    contents = [b"", b"a", b"bcd" * 9, b"e" * 40]
    ends = []
    for content in contents:
        log.append(READINGS, content)
        ends.append(log.size)
    log.commit()
    log.close()
    (segment,) = whole.iterdir()
    data = segment.read_bytes()
    for cut in range(len(data) + 1):
        for tail in (b"", b"\0" * 50):
            folder = tmp_path / f"{cut}-{len(tail)}"
            folder.mkdir()
            (folder / segment.name).write_bytes(data[:cut] + tail)
            kept = sum(end <= cut for end in ends)

            log = Log(folder)
            assert [frame.content for frame in log.frames(0)] == contents[:kept]
            log.append(ADVANCE, b"after")
            log.commit()
            log.close()
            log = Log(folder)
            assert [frame.content for frame in log.frames(0)] == [*contents[:kept], b"after"]
            log.close()
            shutil.rmtree(folder)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    """A log with one byte changed ends before the frame that it is in."""
    with _folder() as folder:
        log = Log(folder)
        list(log.frames(0))
        for content in (b"one", b"two", b"three"):
            log.append(READINGS, content)
        log.commit()
        log.close()
        (segment,) = folder.iterdir()
        content = bytearray(segment.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        segment.write_bytes(content)

        log = Log(folder)
        found = [frame.content for frame in log.frames(0)]
        log.close()

        assert found == [b"one", b"two", b"three"][: at // 27 if at < 54 else 2]


def test_damage_before_the_last_segment_is_an_error(tmp_path: Path) -> None:
    """Only the end of a log can be lost in a crash."""
    log = Log(tmp_path)
    list(log.frames(0))
    log.append(READINGS, b"one")
    log.begin_segment()
    log.append(READINGS, b"two")
    log.commit()
    log.close()
    first, _ = sorted(tmp_path.iterdir())
    first.write_bytes(first.read_bytes()[:-1])

    with pytest.raises(LogError, match="damaged at byte 0"):
        list(Log(tmp_path).frames(0))


def test_nothing_is_told_before_its_commit(tmp_path: Path) -> None:
    """Windows come with the commit that holds their watermark, once, and stay until they are published."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    store.take(_batch([(0, 1, 5, 1.0)]), 1)
    store.advance(40)

    told = [len(store.commit().windows), len(store.commit().windows), len(store.unpublished())]
    store.published(40)
    told.append(len(store.unpublished()))
    store.close()

    assert told == [1, 0, 1, 0]


def test_windows_are_told_with_their_watermark_by_the_commit_that_found_them(tmp_path: Path) -> None:
    """A commit says which watermark it made safe, so a watermark that came while it ran is never taken for answered."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    store.take(_batch([(0, 1, 5, 1.0)]), 1)
    nothing = store.commit()
    store.advance(40)
    store.advance(50)
    waited = store.has_advanced
    told = store.commit()
    after = store.commit()
    store.close()

    assert (nothing.watermark, waited, told.watermark, len(told.windows)) == (None, True, 50, 1)
    assert (after.watermark, len(after.windows), store.has_advanced) == (None, 0, False)


def test_what_was_not_committed_is_gone_after_a_crash(tmp_path: Path) -> None:
    """A store that is left without a commit holds what was committed before."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    store.take(_batch([(0, 1, 5, 1.0)]), 1)
    store.commit()
    store.take(_batch([(0, 2, 5, 1.0)]), 1)

    again = PartitionStore.open(tmp_path, _SHAPE)
    assert again.high_seq(0) == 1
    again.close()


def test_a_snapshot_that_is_not_finished_changes_nothing(tmp_path: Path) -> None:
    """A crash between the two halves of a snapshot leaves the log, on both sides of it."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    store.take(_batch([(0, 1, 5, 1.0)]), 1)
    store.snapshot()
    store.take(_batch([(0, 2, 5, 1.0)]), 1)
    store.commit()

    again = PartitionStore.open(tmp_path, _SHAPE)
    assert (again.high_seq(0), again.accepted) == (2, 2)
    again.close()


def test_a_snapshot_makes_the_log_before_it_superfluous(tmp_path: Path) -> None:
    """After a snapshot one file of each kind is left, and the log begins anew."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    for seq in range(1, 4):
        store.take(_batch([(0, seq, 5, 1.0)]), 1)
        store.snapshot()()
        store.commit()

    assert sorted(path.name for path in tmp_path.iterdir()) == [f"log-{3:020}", f"snapshot-{3:020}"]
    store.close()


# --- another number of workers ---------------------------------------------------------------------------------------


def _filled(data_dir: Path, workers: int) -> None:
    """Two batches with a watermark between them, in partitions of which one has not seen the last watermark."""
    for worker, folder in enumerate(moving.prepare(data_dir, 20, 10, workers)):
        store = PartitionStore.open(folder, Shape(20, 10, worker, workers))
        for begin in (0, 30):
            readings = [
                (sensor, begin + 1, begin + sensor, float(sensor)) for sensor in range(7) if sensor % workers == worker
            ]
            if readings:
                store.take(_batch(readings), 1)
            if begin == 0 or worker != 1:
                store.advance(begin + 22)
        store.close()


def _all_of(folders: list[Path]) -> object:
    """What all partitions hold together."""
    highs, windows, counts = {}, [], np.zeros(3, int)
    for worker, folder in enumerate(folders):
        store = PartitionStore.open(folder, Shape(20, 10, worker, len(folders)))
        counts += (store.accepted, store.late, store.sensors)
        ids, seqs, clocks = store.highs()
        highs |= dict(zip(ids.tolist(), zip(seqs.tolist(), clocks.tolist(), strict=True), strict=True))
        store.advance(1000)
        windows += store.unpublished().tolist()
        store.close()
    return highs, sorted(windows), counts.tolist()


@pytest.mark.parametrize(("old", "new"), [(1, 3), (3, 1), (2, 3), (3, 2), (2, 64)])
def test_another_number_of_workers_holds_the_same(tmp_path: Path, old: int, new: int) -> None:
    """All sensors, open windows, windows not published and counts are there, in partitions of the new number."""
    same, other = tmp_path / "same", tmp_path / "other"
    for folder in (same, other):
        folder.mkdir()
        _filled(folder, old)

    folders = moving.prepare(other, 20, 10, new)

    assert len(folders) == new
    assert _all_of(folders) == _all_of(moving.prepare(same, 20, 10, old))
    assert len(list(other.glob("partitions*"))) == 1


def test_moving_that_was_interrupted_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash before the new folder has its name leaves the old one; a crash after it leaves the new one."""
    _filled(tmp_path, 2)
    shutil.copytree(tmp_path, copy := tmp_path / "copy")
    expected = _all_of(moving.prepare(copy, 20, 10, 2))
    with monkeypatch.context() as patched:
        patched.setattr(moving, "sync_folder", _fails)
        with pytest.raises(KeyboardInterrupt):
            moving.prepare(tmp_path, 20, 10, 3)
    remove = shutil.rmtree
    with monkeypatch.context() as patched:
        patched.setattr(
            shutil, "rmtree", lambda path, **how: _fails(path) if "-2" in path.name else remove(path, **how)
        )
        with pytest.raises(KeyboardInterrupt):
            moving.prepare(tmp_path, 20, 10, 3)

    assert len(list(tmp_path.glob("partitions-*"))) == 2
    assert _all_of(moving.prepare(tmp_path, 20, 10, 3)) == expected


def _fails(_path: Path) -> None:
    raise KeyboardInterrupt


def test_a_snapshot_of_other_windows_is_not_read(tmp_path: Path) -> None:
    """What was kept of windows of another length or slide would be wrong numbers for these."""
    store = PartitionStore.open(tmp_path, _SHAPE)
    store.take(_batch([(1, 1, 5, 2.0)]), 1)
    store.commit()
    store.snapshot()()
    store.close()

    with pytest.raises(ShapeError, match="written with windows of 20/10 ms"):
        PartitionStore.open(tmp_path, Shape(20, 20))
