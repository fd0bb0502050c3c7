"""One check: how its end becomes a result, and who is to blame."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from climb.errors import SetupError, UsageError
from climb.judge import checking
from climb.judge.checking import Checked, run_check
from climb.judge.drivers.command import Command
from climb.judge.evidence import Comparison, Output, Transcript
from climb.judge.expect import CannotTell, expect
from climb.judge.project import Project
from climb.judge.submission import Submission
from climb.judge.verdict import Status
from climb.judge.world import World

MakeSubmission = Callable[..., Submission]
MakeProject = Callable[..., Project]


@pytest.fixture
def judged(project: MakeProject, submission: MakeSubmission) -> Callable[..., Any]:
    """Judges one check function with a program."""

    async def judge(check: Callable[..., Any], source: str = "", seed: str = "41c2", **options: Any) -> Checked:
        made = project([check])
        program = options.pop("program", None) or submission(source)
        return await run_check(made, made.stages[0], made.stages[0].checks[0], program, seed, **options)

    return judge


async def test_a_claim_that_holds_passes(judged: Callable[..., Any]) -> None:
    """A check that raises nothing has passed, with its number, time and draws."""

    async def it_holds(command: Command, world: World) -> None:
        """It holds."""
        world.draw.integer(0, 9)
        await command()

    checked = await judged(it_holds)

    assert checked.result.status is Status.PASSED
    assert (checked.result.id, checked.result.number, checked.result.claim) == ("it-holds", "1.1", "It holds.")
    assert len(checked.result.choices) == 1
    assert checked.result.evidence == ()
    assert checked.subject is None


async def test_a_broken_claim_fails_with_evidence_and_the_last_call(judged: Callable[..., Any]) -> None:
    """The comparison comes first, then the transcript of the last call."""

    async def it_adds(command: Command, _world: World) -> None:
        """It adds."""
        await command("1")
        expect((await command("2")).stdout, "the sum").equals("3\n", why="two and one")

    checked = await judged(it_adds, "import sys; print(sys.argv[1])")

    comparison, transcript = checked.result.evidence
    assert checked.result.status is Status.FAILED
    assert checked.subject == "the sum"
    assert isinstance(comparison, Comparison)
    assert isinstance(transcript, Transcript)
    assert (transcript.number, transcript.stdout, transcript.ended) == (2, "2\n", "exit code 0")
    assert {trace.name for trace in checked.traces} >= {"1.argv", "1.stdout", "2.argv", "2.stdout"}


@pytest.mark.parametrize(
    "error", [RuntimeError("ours"), KeyError("tls"), TimeoutError(), ExceptionGroup("g", [ValueError()])]
)
async def test_a_check_that_raises_is_our_mistake(judged: Callable[..., Any], error: Exception) -> None:
    """Whatever a check raises by mistake is never held against the program, and shows its traceback."""

    async def broken(_command: Command, _world: World) -> None:
        """It raises."""
        raise error

    checked = await judged(broken)

    (evidence,) = checked.result.evidence
    assert checked.result.status is Status.JUDGE_ERROR
    assert isinstance(evidence, Output)
    assert type(error).__name__ in "\n".join(evidence.lines)
    assert "the judge's own mistake" in evidence.title


async def test_a_broken_script_of_the_world_is_our_mistake(judged: Callable[..., Any]) -> None:
    """A server's script that raises outweighs what the check then finds wrong with the program."""

    async def served(_command: Command, world: World) -> None:
        """It is served."""

        async def fall_over() -> None:
            raise RuntimeError("a script of ours")

        await asyncio.wait([world.start(fall_over, "a script")])
        expect(1, "it").equals(2, why="it would look like the program's fault")

    checked = await judged(served)

    assert checked.result.status is Status.JUDGE_ERROR


@pytest.mark.parametrize("error", [CannotTell("the machine was too busy"), SetupError("no IPv6 here")])
async def test_what_can_not_be_judged_is_unknown(judged: Callable[..., Any], error: Exception) -> None:
    """The reason is told, and nobody is blamed."""

    async def unclear(_command: Command, _world: World) -> None:
        """It can't be told."""
        raise error

    checked = await judged(unclear)

    (evidence,) = checked.result.evidence
    assert checked.result.status is Status.UNKNOWN
    assert isinstance(evidence, Output)
    assert evidence.lines == (str(error),)


async def test_a_check_that_hangs_is_our_mistake(judged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A check has a deadline of its own; its program goes with it."""
    monkeypatch.setattr(checking, "CHECK_DEADLINE_S", 0.3)

    async def hanging(command: Command, _world: World) -> None:
        """It waits."""
        async with command.started():
            await asyncio.Event().wait()

    checked = await judged(hanging, "import time; time.sleep(600)")

    assert checked.result.status is Status.JUDGE_ERROR


async def test_the_same_seed_gives_the_same_inputs(judged: Callable[..., Any]) -> None:
    """Draws depend on the seed, the stage and the check alone, not on what ran before."""

    async def drawing(command: Command, world: World) -> None:
        """It draws."""
        given.append((await command(*map(str, world.draw.sample(range(1000), 5)))).args)

    given: list[tuple[str, ...]] = []
    first, again, other = await judged(drawing), await judged(drawing), await judged(drawing, seed="41c3")

    assert given[0] == given[1]
    assert first.result.choices == again.result.choices
    assert other.result.choices != first.result.choices


async def test_forced_draws_take_the_place_of_the_seed(judged: Callable[..., Any]) -> None:
    """What shrinking found is drawn, and recorded as it was used."""

    async def drawing(_command: Command, world: World) -> None:
        """It draws."""
        assert (world.draw.integer(0, 9), world.draw.integer(0, 9)) == (7, 0)

    checked = await judged(drawing, forced=(7,))

    assert checked.result.choices == (7, 0)


async def test_a_missing_interpreter_passes_through(judged: Callable[..., Any], submission: MakeSubmission) -> None:
    """It is no verdict on the program: the command ends with exit code 3."""

    async def never(_command: Command, _world: World) -> None:
        """Never runs."""

    with pytest.raises(SetupError, match="no-such-python"):
        await judged(never, program=submission(run="no-such-python program.py"))
    with pytest.raises(UsageError, match="no such file"):
        await judged(never, program=submission(run="./no-such-file"))
