"""Folders for the data of services."""

from pathlib import Path

from climb.judge.scratch import Scratch, _file_system


def test_a_folder_is_new_empty_and_short() -> None:
    """A Unix socket in it must not have too long a path."""
    scratch = Scratch()
    try:
        first, second = scratch.folder("data"), scratch.folder("data")

        assert first != second
        assert list(first.iterdir()) == list(second.iterdir()) == []
        assert len(str(first)) < 60
    finally:
        scratch.remove()

    assert not scratch.root.exists()


def test_what_lies_in_it_is_listed_without_the_logs() -> None:
    """Names and sizes of files; links are not followed."""
    scratch = Scratch()
    try:
        folder = scratch.folder("data")
        (folder / "log").write_bytes(b"1234")
        (folder / "link").symlink_to("/etc/passwd")
        (scratch.logs / "1.stdout").write_bytes(b"words")

        assert scratch.listing().split() == ["4", "data/log"]
    finally:
        scratch.remove()


def test_the_file_system_of_a_path_is_that_of_its_deepest_mount() -> None:
    """/proc is mounted in the root."""
    assert _file_system(Path("/proc/self")) == "proc"
    assert _file_system(Path("/")) not in ("", "proc")
