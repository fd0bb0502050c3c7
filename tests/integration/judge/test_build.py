"""A build is run once per change, and what changed is told by content."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from climb.errors import SetupError
from climb.judge.build import Build, build, fingerprints, sources
from climb.judge.submission import Submission

MakeSubmission = Callable[..., Submission]

# Each build appends a line outside of the folder, so that builds can be counted.
COUNTED = "echo built >> {log} && cp program.py product.bin"


@pytest.fixture
def builds(tmp_path: Path) -> Callable[[], int]:
    """How many builds have run."""
    log = tmp_path / "log"
    return lambda: len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def built(submission: MakeSubmission, tmp_path: Path) -> Submission:
    """A submission whose build is counted."""
    return submission("print(1)", run="./product.bin", build=COUNTED.format(log=tmp_path / "log"))


async def made(submission: Submission) -> Build:
    found = await build(submission)
    assert found is not None
    return found


async def test_without_a_build_there_is_nothing_to_do(submission: MakeSubmission) -> None:
    """Interpreted languages need none."""
    assert await build(submission()) is None


async def test_the_first_build_runs_and_the_second_does_not(built: Submission, builds: Callable[[], int]) -> None:
    """Products of the build are no change."""
    first, second = await made(built), await made(built)

    assert (first.ok, first.cached, second.ok, second.cached) == (True, False, True, True)
    assert first.outcome is not None
    assert second.outcome is None
    assert builds() == 1


async def test_one_that_always_builds_does(built: Submission, builds: Callable[[], int]) -> None:
    """What our own systems are made of is not in their folder, so their builds look themselves."""
    always = structs.replace(built, always_builds=True)

    assert [(await made(always)).cached for _ in range(2)] == [False, False]
    assert builds() == 2


async def test_a_new_time_on_an_old_file_is_no_change(built: Submission, builds: Callable[[], int]) -> None:
    """Content counts: touching, or checking out the same again, builds nothing."""
    await made(built)
    os.utime(built.folder / "program.py", (1, 1))
    os.utime(built.folder / "product.bin", (2, 2))

    await made(built)

    assert builds() == 1


async def test_a_changed_source_is_built_though_its_time_is_old(built: Submission, builds: Callable[[], int]) -> None:
    """A change with an older time, as from an archive, is a change."""
    await made(built)
    (built.folder / "program.py").write_text("print(2)")
    os.utime(built.folder / "program.py", (1, 1))

    await made(built)

    assert builds() == 2
    assert (built.folder / "product.bin").read_text() == "print(2)"


@pytest.mark.parametrize("change", ["new", "deleted", "climb.toml"])
async def test_other_changes_are_built(built: Submission, builds: Callable[[], int], change: str) -> None:
    """A new source, a deleted one, another setting."""
    (built.folder / "deleted").write_text("old")
    await made(built)
    if change == "deleted":
        (built.folder / "deleted").unlink()
    else:
        (built.folder / change).write_text("# new")

    await made(built)

    assert builds() == 2


async def test_another_command_is_built(built: Submission, submission: MakeSubmission, tmp_path: Path) -> None:
    """The build's own text is part of what it depends on."""
    await made(built)
    other = COUNTED.format(log=tmp_path / "log") + " && true"

    again = await made(submission("print(1)", run="./product.bin", build=other))

    assert not again.cached


@pytest.mark.parametrize("harm", ["deleted", "changed"])
async def test_a_product_that_is_not_as_it_was_built_is_built(
    built: Submission, builds: Callable[[], int], harm: str
) -> None:
    """A deleted or overwritten product is no product of these sources."""
    await made(built)
    product = built.folder / "product.bin"
    product.unlink() if harm == "deleted" else product.write_text("something else")

    await made(built)

    assert builds() == 2
    assert product.read_text() == "print(1)"


async def test_a_program_in_a_large_folder_is_built_again_when_it_is_gone(
    submission: MakeSubmission, tmp_path: Path, builds: Callable[[], int]
) -> None:
    """target/ is not looked into, but the program that climb.toml runs must be there."""
    command = f"echo built >> {tmp_path / 'log'} && mkdir -p target && cp program.py target/program"
    made_of = submission("print(1)", run="./target/program", build=command)
    await made(made_of)
    await made(made_of)
    shutil.rmtree(made_of.folder / "target")

    await made(made_of)

    assert builds() == 2


async def test_a_build_that_failed_is_run_again(
    submission: MakeSubmission, tmp_path: Path, builds: Callable[[], int]
) -> None:
    """A failure is not remembered as a success, and its exit code and last words are kept."""
    failing = submission(build=f"echo built >> {tmp_path / 'log'}; echo 'program.py:1: error' >&2; exit 3")

    first = await made(failing)
    await made(failing)

    assert not first.ok
    assert first.outcome is not None
    assert (first.outcome.ending.code, first.outcome.stderr) == (3, b"program.py:1: error\n")
    assert builds() == 2


async def test_a_source_that_the_build_formats_is_still_a_source(
    submission: MakeSubmission, tmp_path: Path, builds: Callable[[], int]
) -> None:
    """A build that rewrites a source, as formatters do, does not make later edits of it invisible."""
    formatter = f"echo built >> {tmp_path / 'log'} && tr a-z A-Z < program.py > new && mv new program.py && cp program.py out.bin"
    formatted = submission("print(1)", build=formatter)
    await made(formatted)
    await made(formatted)  # settled: once more, since the first build met other sources than it left
    await made(formatted)
    settled = builds()
    (formatted.folder / "program.py").write_text("print(2)")

    await made(formatted)

    assert settled == 2
    assert (formatted.folder / "out.bin").read_text() == "PRINT(2)"


async def test_a_save_during_the_build_is_built_next_time(
    submission: MakeSubmission, builds: Callable[[], int]
) -> None:
    """The build may have read the file before it was saved, so the next check builds again."""
    saves = 'cp program.py out.bin && if [ ! -e ../saved ]; then touch ../saved; echo "print(2)" > program.py; fi'
    saved = submission("print(1)", build=saves)
    await made(saved)

    await made(saved)

    assert (saved.folder / "out.bin").read_text().strip() == "print(2)"
    assert (await made(saved)).cached


@pytest.mark.parametrize(
    "record", [b"", b"{", b"\xff", b'{"command": 3}', b'{"command": "x", "inputs": {}, "products": []}']
)
async def test_a_damaged_record_means_to_build(built: Submission, builds: Callable[[], int], record: bytes) -> None:
    """What can't be read, or is of another version, is as if nothing had been built."""
    await made(built)
    (built.climb_folder / "build.json").write_bytes(record)

    await made(built)

    assert builds() == 2


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("no-such-cargo build --release", "no-such-cargo"),
        ("true && no-such-npm ci", "no-such-npm"),
        ("bash -c 'no-such-go build'", "no-such-go"),
    ],
)
async def test_a_missing_compiler_is_named(submission: MakeSubmission, command: str, tool: str) -> None:
    """That is a matter of this machine, not of the program: the tool is named, and what can be done."""
    with pytest.raises(SetupError, match=f"'{tool}' is not installed") as refused:
        await build(submission(build=command))

    assert refused.value.exit_code == 3
    assert f"install {tool}" in (refused.value.next_step or "")


async def test_sources_are_what_the_learner_wrote(built: Submission) -> None:
    """Products do not count, unless somebody has changed them since."""
    await made(built)
    as_built = set(sources(built))
    (built.folder / "product.bin").write_text("edited by hand")

    assert as_built == {"climb.toml", "program.py"}
    assert set(sources(built)) == {"climb.toml", "program.py", "product.bin"}


def test_what_can_not_be_read_is_passed_over(tmp_path: Path) -> None:
    """Dangling links, pipes and names that are no text neither stop nor hang the judge."""
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "large").write_text("x")
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("x")

    found = fingerprints(tmp_path)

    assert list(found) == [r"caf\xe9"]
