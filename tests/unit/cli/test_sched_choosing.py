"""What ``climb sched`` is given: workloads by name, file and number, options, and files to write."""

import io
import json
import stat
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from climb.cli.main import climb, run
from climb.cli.sched import SUBCOMMANDS, sched
from climb.cli.sched_options import whole
from climb.cli.sched_output import output_to
from climb.cli.sched_workload import Chosen, choose
from climb.errors import UsageError
from climb.systems.scheduler.imports import read_sample
from climb.systems.scheduler.model import POLICIES
from climb.systems.scheduler.named import NAMED, named_workload
from climb.systems.scheduler.random_workloads import random_workload

DOCUMENT = b'{"tasks": [{"id": "A", "bursts": [3]}]}'


def chosen(word: str | None, **given: int) -> Chosen:
    return choose(word, **{"draw": 1, "tasks": 8, "cpus": None, "switch_cost": None, "migration_cost": None, **given})


class Bytes(io.TextIOWrapper):
    """Standard input that is no terminal."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_a_workload_of_ours(name: str) -> None:
    """With a word about what it shows; the draw gives another variant."""
    assert chosen(name).workload == named_workload(name)
    assert chosen(name).shows == NAMED[name].shows
    assert chosen(name, draw=7).workload == named_workload(name, 7)


def test_random_is_drawn_from_its_number() -> None:
    """So many tasks for so many processors."""
    assert chosen("random", draw=5, tasks=3, cpus=2).workload == random_workload(5, tasks=3, cpus=2)


def test_a_file_is_read(tmp_path: Path) -> None:
    """Its name is the workload's."""
    path = tmp_path / "work.json"
    path.write_bytes(DOCUMENT)

    assert chosen(str(path)).name == "work.json"
    assert [task.id for task in chosen(str(path)).workload.tasks] == ["A"]


@pytest.mark.parametrize("word", [None, "-"])
def test_standard_input_is_read(word: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is no terminal, it need not be asked for."""
    monkeypatch.setattr(sys, "stdin", Bytes(DOCUMENT))

    assert chosen(word).name == "standard input"


def test_the_machine_can_be_another_one() -> None:
    """Options take the place of what the workload says."""
    found = chosen("crowd", cpus=2, switch_cost=9, migration_cost=0).workload

    assert (found.cpus, found.switch_cost, found.migration_cost) == (2, 9, 0)
    assert found.tasks == named_workload("crowd").tasks


def test_a_word_that_means_nothing_is_explained(tmp_path: Path) -> None:
    """What there is, and the nearest of it as the next command."""
    with pytest.raises(UsageError) as caught:
        chosen("convoi")

    assert "'convoi' is no file, and no workload of ours: interactive, batch" in str(caught.value)
    assert caught.value.next_step == "climb sched run convoy --policy rr"
    with pytest.raises(UsageError, match="directory"):
        chosen(str(tmp_path))


def test_the_recording_is_a_workload_of_ours() -> None:
    """In ticks of 100 microseconds, as the workbench shows it."""
    assert chosen("recording").workload == read_sample(tick_us=100).workload


def test_a_fault_in_a_document_has_its_place(tmp_path: Path) -> None:
    """The file, then the path inside it."""
    path = tmp_path / "work.json"
    path.write_bytes(b'{"tasks": [{"id": "A", "bursts": [0]}]}')

    with pytest.raises(UsageError) as caught:
        chosen(str(path))

    assert str(caught.value).startswith(f"{path}: tasks[0].bursts[0]: must be a whole number from 1 to 1000000000")


@pytest.mark.parametrize("value", ["0", "11", "x", "1.5", "", "1e3"])
def test_a_number_out_of_bounds_is_refused_with_them(value: str) -> None:
    """In the words of the contract."""
    with pytest.raises(click.BadParameter, match=f"must be a whole number from 1 to 10, not '{value}'"):
        whole(1, 10).convert(value, None, None)


def test_the_list_of_commands_loads_none_of_them() -> None:
    """Help is there at once, and each of them is where the table says."""
    before = set(sys.modules)
    text = sched.get_help(click.Context(sched, info_name="sched"))

    assert all(entry.name in text and entry.summary in text for entry in SUBCOMMANDS)
    assert not {name for name in set(sys.modules) - before if name.startswith("climb.cli.sched_")}
    for entry in SUBCOMMANDS:
        command = sched.get_command(click.Context(sched), entry.name)
        assert command is not None
        assert command.help


def test_a_mistyped_command_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest is proposed."""
    assert run(["sched", "compar"]) == 2
    assert "Did you mean climb sched compare?" in capsys.readouterr().err


def test_the_help_has_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Each policy is explained by its own sentence, within 80 columns."""
    from climb.systems.scheduler.policies import POLICY

    assert run(["sched", "run", "--help"]) == 0
    text = capsys.readouterr().out
    words = " ".join(text.split())
    assert all(POLICY[name].rule in words for name in POLICIES)
    assert max(map(len, text.splitlines())) <= 80


def test_a_shell_is_offered_our_workloads() -> None:
    """And our policies."""
    complete = ShellComplete(climb, {}, "climb", "_CLIMB_COMPLETE")
    words = [item.value for item in complete.get_completions(["sched", "run"], "con")]
    policies = [item.value for item in complete.get_completions(["sched", "run", "--policy"], "e")]

    assert words == ["convoy", "control", "con"]
    assert policies == ["eevdf", "edf"]


def test_a_file_is_complete_or_not_there(tmp_path: Path) -> None:
    """Whoever interrupts leaves what was there before, and nothing beside it."""
    path = tmp_path / "out.svg"
    path.write_bytes(b"before")

    def interrupted() -> None:
        with output_to(str(path)) as out:
            out.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"before"]
    with output_to(str(path)) as out:
        out.write(b"whole")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"whole"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    """With the reason."""

    def write() -> None:
        with output_to(str(tmp_path / "none" / "out.svg")) as out:
            out.write(b"")

    with pytest.raises(UsageError, match=r"--output-file .*none/out\.svg: No such file or directory"):
        write()


def test_a_device_is_written_to_as_it_is() -> None:
    """It can't be replaced by a file."""
    with output_to("/dev/null") as out:
        out.write(b"gone")

    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(("name", "compared"), [("mixed", False), ("control", True)])
def test_policies_for_deadlines_compete_where_there_are_some(
    name: str, compared: bool, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Elsewhere they do as fcfs, which is no news."""
    assert run(["sched", "compare", name, "--json"]) == 0

    found = {each["options"]["policy"] for each in json.loads(capfdbinary.readouterr().out)["policies"]}
    assert ({"edf", "rm"} <= found) is compared
    assert len(found) == len(POLICIES) - (0 if compared else 2)
