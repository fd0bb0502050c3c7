"""Where results are kept: whole files, the newest last, and only those that were asked for."""

from pathlib import Path

import msgspec
import pytest

from climb.errors import CourseError, SetupError, UsageError
from climb.labs import store
from climb.labs.result import Predicted, Result, Sample


def made(name: str = "20300101T000000", *, finished: bool = True) -> Result:
    return Result(
        lab="toy",
        id=name,
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"size": 4, "way": "fast"},
        predicted=Predicted(value=3),
        samples=(
            Sample(series="a", unit="ns", values=(1.0, 2.5)),
            Sample(series="b", unit="ns", at=64.0, values=(3.0,)),
            Sample(series="b", unit="ns", at=8.0, values=(4.0,)),
        ),
        facts={"pages": 16.0, "policy": "never"},
        finished=finished,
    )


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    """Saved and read, nothing is lost, and no temporary file stays."""
    path = store.save(tmp_path, made())

    assert store.read(path) == made()
    assert [each.name for each in path.parent.iterdir()] == ["20300101T000000.json"]


def test_a_later_save_replaces_the_earlier(tmp_path: Path) -> None:
    """The finished result takes the place of the announced one."""
    store.save(tmp_path, made(finished=False))
    path = store.save(tmp_path, made())

    found = store.read(path)
    assert found is not None
    assert found.finished


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is a SetupError that names the place."""
    (tmp_path / "labs").write_text("in the way")

    with pytest.raises(SetupError, match=r"can't be kept in .*toy"):
        store.save(tmp_path, made())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"lab": "toy"}'])
def test_a_broken_file_is_no_result(tmp_path: Path, content: bytes) -> None:
    """Whatever a file holds, reading it gives a result or None."""
    path = tmp_path / "broken.json"
    path.write_bytes(content)

    assert store.read(path) is None
    assert store.read(tmp_path / "missing.json") is None


def test_only_finished_runs_are_listed(tmp_path: Path) -> None:
    """Announced and failed runs are kept but not listed, and broken files don't matter."""
    store.save(tmp_path, made("20300101T000000"))
    store.save(tmp_path, made("20300101T000001", finished=False))
    (tmp_path / "labs" / "toy" / "20300101T000002.json").write_text("{")

    assert [result.id for result in store.results(tmp_path, "toy")] == ["20300101T000000"]
    assert store.results(tmp_path, "other") == []


def test_runs_are_listed_by_age(tmp_path: Path) -> None:
    """The newest last, also among runs of the same second, of which there may be more than nine."""
    ids = ["20300101T000000", "20300101T000000.2", "20300101T000000.10", "20300101T000001"]
    for name in reversed(ids):
        store.save(tmp_path, made(name))

    assert [result.id for result in store.results(tmp_path, "toy")] == ids


def test_an_unfinished_run_is_found_by_its_id(tmp_path: Path) -> None:
    """Its prediction can be shown."""
    store.save(tmp_path, made(finished=False))

    assert store.find_result(tmp_path, "toy", "20300101T000000").predicted == Predicted(value=3)


@pytest.mark.parametrize("name", ["20300101T000009", "../toy/20300101T000000", "..", "", "20300101T000000.json"])
def test_an_id_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Unknown runs and names that would lead elsewhere are the same UsageError."""
    store.save(tmp_path, made())

    with pytest.raises(UsageError, match="lab toy has no run"):
        store.find_result(tmp_path, "toy", name)


def test_a_result_that_can_not_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """Its file is named."""
    store.save(tmp_path, made()).write_bytes(b"{")

    with pytest.raises(UsageError, match=r"20300101T000000\.json is broken"):
        store.find_result(tmp_path, "toy", "20300101T000000")


def test_a_lab_without_a_recording_has_none() -> None:
    """None, not an error."""
    assert store.recording("no-such-lab") is None


def test_values_are_found_by_series_and_place() -> None:
    """A series without x values is one sample; one with them is ordered by x."""
    assert made().values("a") == (1.0, 2.5)
    assert made().values("b", 8) == (4.0,)
    assert list(made().series("b")) == [8, 64]


def test_what_is_missing_is_named() -> None:
    """A series or number that the result does not have is our mistake, named."""
    with pytest.raises(CourseError, match="no series 'c'"):
        made().values("c")
    with pytest.raises(CourseError, match="no number 'policy'"):
        made().number("policy")


def test_a_number_is_found_among_the_facts() -> None:
    """Facts that are numbers come back as such."""
    assert made().number("pages") == 16


def test_results_are_readable_files(tmp_path: Path) -> None:
    """JSON with a line for each field, so that people can look."""
    text = store.save(tmp_path, made()).read_text()

    assert text.count("\n") > 10
    assert msgspec.json.decode(text)["facts"] == {"pages": 16.0, "policy": "never"}


def test_results_that_may_not_be_looked_at_are_an_error_of_ours(tmp_path: Path) -> None:
    """To show none would say that the lab was never run. A link to itself is refused as a folder of another user is."""
    folder = tmp_path / "labs" / "toy"
    folder.parent.mkdir()
    folder.symlink_to(folder)

    with pytest.raises(SetupError, match="the results of labs can't be read"):
        store.results(tmp_path, "toy")
