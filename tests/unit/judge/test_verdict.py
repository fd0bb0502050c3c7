"""What the parts of a verdict add up to."""

import pytest

from climb.judge.verdict import CheckResult, StageResult, Status, Verdict, stages_held, worst

P, F, U, S, E = Status.PASSED, Status.FAILED, Status.UNKNOWN, Status.SKIPPED, Status.JUDGE_ERROR


def stages(*statuses: Status) -> tuple[StageResult, ...]:
    return tuple(
        StageResult(
            id=f"s{number}",
            number=number,
            title="",
            status=status,
            checks=(CheckResult(id="c", number=f"{number}.1", status=status, claim=""),),
        )
        for number, status in enumerate(statuses, 1)
    )


def verdict(*statuses: Status, build: Status | None = None) -> Verdict:
    held = stages(*statuses)
    return Verdict(
        project="p",
        submission="/s",
        language="python",
        seed="41c2",
        judge="0",
        run="r",
        started_at="",
        build_seconds=None,
        stages=held,
        passed=stages_held(held),
        total=len(held),
        build=build and CheckResult(id="build", number="0.1", status=build, claim=""),
    )


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([P, P], P),
        ([P, S], S),
        ([P, U, S], U),
        ([U, F, P], F),
        ([F, E], E),
        ([], S),
    ],
)
def test_the_worst_part_decides(parts: list[Status], whole: Status) -> None:
    """Our own error is worse than a failure, that than an unknown, that than a skipped part."""
    assert worst(parts) is whole


@pytest.mark.parametrize(
    ("statuses", "held"), [((P, P, P), 3), ((P, F, P), 1), ((F, P, P), 0), ((P, P, S), 2), ((P, U, S), 1)]
)
def test_a_stage_counts_only_with_all_the_earlier_ones(statuses: tuple[Status, ...], held: int) -> None:
    """The first stage that does not hold ends the count."""
    assert stages_held(stages(*statuses)) == held


@pytest.mark.parametrize(
    ("statuses", "code"),
    [((P, P), 0), ((P, S), 0), ((P, F), 1), ((P, U), 4), ((F, U), 1), ((F, E), 4), ((P, E), 4)],
)
def test_the_exit_code_of_stages(statuses: tuple[Status, ...], code: int) -> None:
    """0 all held, 1 the program failed, 4 the judge could not tell or is at fault."""
    assert verdict(*statuses).exit_code == code


def test_a_failed_build_is_the_programs_failure() -> None:
    """A build that fails exits with 1, though no stage was judged."""
    assert verdict(S, S, build=F).exit_code == 1


def test_the_first_failure_is_the_earliest_stage() -> None:
    """Failures are told from the lowest stage up, whatever was judged first."""
    found = verdict(P, F, F).first_failure

    assert found is not None
    assert found[0].number == 2


def test_skipped_is_no_failure() -> None:
    """A check that did not run has not failed."""
    assert verdict(P, S).first_failure is None


@pytest.mark.parametrize(
    ("statuses", "build", "whole"),
    [
        ((P, F, S), None, True),
        ((P, P, P), None, True),
        ((F, S, S), None, True),
        ((P, S, S), None, False),  # --stage 1
        ((S, P, S), None, False),  # --stage 2
        ((S, S, S), None, False),  # one check replayed
        ((S, S, S), F, False),
    ],
)
def test_a_part_alone_does_not_tell_how_far_a_program_is(
    statuses: tuple[Status, ...], build: Status | None, whole: bool
) -> None:
    """Only a run that judged the stage after the last one that holds is a whole run."""
    assert verdict(*statuses, build=build).whole is whole
