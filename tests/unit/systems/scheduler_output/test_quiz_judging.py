"""A quiz: questions that can be done by hand, the first moment at which a prediction parts from the rule, and why."""

import pytest
from hypothesis import given, settings, strategies as st

from climb.systems.scheduler import schedule
from climb.systems.scheduler.model import POLICIES, Options, Policy, Task, Workload
from climb.systems.scheduler.quiz import reason
from climb.systems.scheduler.quiz.judging import part, rows_said, ticks_of, wrong_numbers
from climb.systems.scheduler.quiz.moment import State, moment_at
from climb.systems.scheduler.quiz.question import LEVELS, LONGEST, Question, draw, random_numbers

A_B = Workload(tasks=(Task(id="A", bursts=(5,)), Task(id="B", bursts=(2, 3, 1), arrival=1)))
LEVEL = st.integers(1, LEVELS)
SEED = st.integers(1, 999_999)
POLICY = st.sampled_from(POLICIES)


def asked(workload: Workload, policy: Policy, **options: int) -> Question:
    return Question(1, 1, workload, Options(policy=policy, **options))


def why(workload: Workload, policy: Policy, said: str, **options: int) -> tuple[int, str]:
    """Where a prediction, a letter a tick, parts from the rule, and the sentence."""
    question = asked(workload, policy, **options)
    found = part(question, question.answer(), [[None if letter == "." else letter for letter in said]])
    assert found is not None
    return found.tick, found.why


def two(**given: tuple[int, int]) -> Workload:
    """Two tasks of four ticks, A from 0 and B from 1, with values for A and B."""
    return Workload(
        tasks=(
            Task(id="A", bursts=(4,), **{name: values[0] for name, values in given.items()}),
            Task(id="B", bursts=(4,), arrival=1, **{name: values[1] for name, values in given.items()}),
        )
    )


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("level", range(1, LEVELS + 1))
def test_there_is_a_question_for_everything(policy: Policy, level: int) -> None:
    """Short enough to write down, with somebody who waits; the same seed asks the same."""
    question = draw(7, level, policy)
    answer = question.answer()

    assert question == draw(7, level, policy)
    assert question.options.policy == policy
    assert answer.summary.makespan <= LONGEST
    assert any(task.waiting for task in answer.tasks.values())
    assert question.workload.cpus == (2 if level == LEVELS else 1)


@given(SEED, LEVEL, st.one_of(st.none(), POLICY))
@settings(max_examples=60, deadline=None)
def test_every_seed_has_its_question(seed: int, level: int, policy: Policy | None) -> None:
    """And the truth never parts from itself."""
    question = draw(seed, level, policy)
    truth = question.answer()

    assert part(question, truth, ticks_of(truth, question.workload.cpus)) is None


@given(SEED, LEVEL, POLICY, st.data())
@settings(max_examples=60, deadline=None)
def test_the_first_wrong_tick_is_found(seed: int, level: int, policy: Policy, data: st.DataObject) -> None:
    """Wherever a prediction is changed, that tick is named, with a sentence about both tasks."""
    question = draw(seed, level, policy)
    truth = question.answer()
    lanes = ticks_of(truth, question.workload.cpus)
    tick = data.draw(st.integers(0, len(lanes[0]) - 1))
    others = {lane[tick] for lane in lanes if tick < len(lane)}
    names = [task.id for task in question.workload.tasks]
    wrong = data.draw(
        st.sampled_from([name for name in [*names, None] if name not in others or (name is None and lanes[0][tick])])
    )
    said = [list(lane) for lane in lanes]
    said[0][tick] = wrong

    found = part(question, truth, said)

    assert found is not None
    assert (found.tick, found.said, found.right) == (tick, wrong, lanes[0][tick])
    assert found.why.startswith(f"At tick {tick} ")
    assert all(name in found.why for name in (found.said, found.right) if name)


def test_which_processor_does_not_matter() -> None:
    """A prediction with the processors the other way round is right."""
    question = draw(3, LEVELS, "rr")
    truth = question.answer()

    assert part(question, truth, ticks_of(truth, 2)[::-1]) is None


def test_a_prediction_that_stops_early_or_goes_on_parts_there() -> None:
    """What is not written is idle."""
    assert why(A_B, "fcfs", "AAAA") == (
        4,
        "At tick 4 A has the processor, and 1 tick of its burst left; no processor idles while a task is ready.",
    )
    assert why(A_B, "fcfs", "AAAAABB...BB") == (
        11,
        "At tick 11 B is done already. Nobody is ready, so the processor idles.",
    )


SENTENCES = [
    (two(), "fcfs", {}, "AB", "A still has the processor, since 0, until its burst ends at 4; B waits."),
    (two(), "rr", {"quantum": 2}, "AAA", "B has been ready since 1, A since 2."),
    (two(), "rr", {"quantum": 2}, "AB", "A still has the processor, since 0, until its slice ends at 2; B waits."),
    (two(priority=(1, 0)), "priority", {}, "AA", "B has rank 0, A has rank 1."),
    (two(tickets=(100, 50)), "stride", {"quantum": 2}, "AABA", "B still has the processor, since 2, until its slice ends at 4; A waits."),
    (two(tickets=(50, 100)), "stride", {"quantum": 1}, "ABA", "B has pass 10,485, A has pass 20,971."),
    (two(), "mlfq", {"quantum": 2}, "AAA", "B has level 0, A has level 1."),
    (two(), "cfs", {"latency": 2, "granularity": 1}, "AAA", "B has virtual runtime 0, A has virtual runtime 8,388,608."),
    (two(deadline=(9, 5)), "edf", {}, "AA", "B has deadline 6, A has deadline 9."),
    (two(), "srtf", {}, "AB", "A has 3 ticks left, B has 4 ticks left."),
    (two(), "sjf", {}, "AAAABBBA", "B still has the processor"),
]  # fmt: skip


@pytest.mark.parametrize(("workload", "policy", "options", "said", "reason"), SENTENCES)
def test_the_reason_has_the_numbers(workload: Workload, policy: Policy, options: dict, said: str, reason: str) -> None:
    """Those by which this policy decided, of both tasks; worked out by hand."""
    if reason != "B still has the processor":
        _, sentence = why(workload, policy, said, **options)

        assert reason in sentence


def test_a_task_that_can_not_run_is_told_from_one_that_waits() -> None:
    """It has not arrived, is in I/O, waits for its next job, or is done."""
    periodic = Workload(until=9, tasks=(Task(id="A", bursts=(1,), period=4), Task(id="B", bursts=(2,))))

    assert why(A_B, "fcfs", "B")[1] == "At tick 0 B is not there yet: it arrives at 1. A runs."
    assert why(A_B, "fcfs", "AAAAABBB") == (
        7,
        "At tick 7 B is in I/O, until 10. Nobody is ready, so the processor idles.",
    )
    assert why(periodic, "rm", "AA")[1] == "At tick 1 A waits for its next job, which is released at 4. B runs."
    assert why(A_B, "srtf", "ABBAAAAA") == (7, "At tick 7 A is done already. B runs.")


def test_a_lottery_names_the_number_and_the_tickets() -> None:
    """From seed 1 the second random number is 182605794; modulo 200 that is 194, which B holds."""
    tick, sentence = why(two(), "lottery", "AAA", quantum=2, seed=1)

    assert tick == 2
    assert (
        "the random number is 182,605,794; modulo the 200 tickets of A 100, B 100 that is ticket 194, which B holds"
        in sentence
    )


def test_numbers_are_reckoned_before_the_eyes() -> None:
    """Only the wrong ones, each with how it comes about."""
    question = asked(A_B, "fcfs")
    truth = schedule(question.workload, question.options)

    (wrong,) = wrong_numbers(question, truth, "waiting", {"A": 0, "B": 1})

    assert (wrong.task, wrong.said, wrong.right) == ("B", 1, 4)
    assert wrong.why == "It completes at 11 and arrives at 1; its bursts take 6 of these 10 ticks."
    (response,) = wrong_numbers(question, truth, "response", {"A": 0, "B": 0})
    assert response.why == "It runs first at 5 and arrives at 1."
    assert wrong_numbers(question, truth, "turnaround", {"A": 5, "B": 10}) == []


def test_both_are_rows_of_one_chart() -> None:
    """Yours above what the rules say."""
    question = asked(A_B, "fcfs")

    rows = rows_said([["A", "A", None, "B"]], question.answer(), 1)

    assert [row.label for row in rows] == ["you", "rules"]
    assert [(span.start, span.end, span.label) for span in rows[0].spans] == [(0, 2, "A"), (3, 4, "B")]


@given(SEED, LEVEL, POLICY, st.integers(0, LONGEST))
@settings(max_examples=60, deadline=None)
def test_the_state_of_a_moment_is_what_the_timeline_says(seed: int, level: int, policy: Policy, tick: int) -> None:
    """Who runs, who is done, and what is left of the burst under way; between decisions as well as at them."""
    question = draw(seed, level, policy)
    truth = question.answer()
    now = moment_at(question.workload, question.options, tick)

    running = {each.task for each in truth.timeline if each.start <= tick < each.end}
    assert {name for name, task in now.tasks.items() if task.state is State.RUNNING} == running
    for task in question.workload.tasks:
        seen = now.tasks[task.id]
        own = [each for each in truth.timeline if each.task == task.id]
        ran = sum(max(0, min(each.end, tick) - each.start) for each in own)
        assert (seen.state is State.DONE) == (truth.tasks[task.id].completion <= tick)
        if task.period is None and seen.state in {State.RUNNING, State.READY}:
            assert seen.left in {sum(task.bursts[0 : number + 1 : 2]) - ran for number in range(0, len(task.bursts), 2)}
        if seen.back is not None:
            assert min(each.start for each in own if each.start >= tick) >= seen.back > tick


def test_who_has_had_more_than_its_share_is_shown_with_the_numbers() -> None:
    """Under eevdf A ran its first quantum and is beyond the queue's virtual time; B, at 0 then, is not."""
    _, sentence = why(two(), "eevdf", "AAA", quantum=2)

    assert "A has had more than its share, since its virtual runtime 8,388,608 is beyond the queue's" in sentence


def test_the_random_numbers_are_those_of_the_contract() -> None:
    """From seed 1, as the brief has them."""
    assert random_numbers(1, 3) == [48271, 182605794, 1291394886]
    assert random_numbers(1, 10_000)[-1] == 399268537


def test_a_policy_that_is_new_is_explained_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word of its own here, the policy's name for the number is said, not the ready order."""
    monkeypatch.delitem(reason._WORDS, "stride")

    _, told = why(two(tickets=(100, 50)), "stride", "AAAAAAAA", quantum=2)

    assert "B has pass 0, A has pass 20,970." in told
