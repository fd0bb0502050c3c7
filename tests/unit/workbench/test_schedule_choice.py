"""What an address of the scheduler's page asks for."""

from collections.abc import Iterator
from types import CodeType, FunctionType

from starlette.datastructures import QueryParams

from climb.systems.scheduler.policies import POLICY
from climb.workbench.schedules.choice import Choice, options, read_choice
from climb.workbench.schedules.knobs import KNOBS, used

SUGGESTED = {"": ("rr",), "convoy": ("fcfs", "srtf")}


def asked(address: str) -> tuple[Choice, dict[str, str]]:
    return read_choice(QueryParams(address), SUGGESTED)


def test_without_words_the_first_workload_is_shown_as_suggested() -> None:
    """An empty address asks for something that is worth seeing."""
    choice, problems = asked("")

    assert (choice.workload, choice.policies) == ("convoy", ("fcfs", "srtf"))
    assert problems == {}


def test_an_address_says_what_it_asks_for() -> None:
    """Everything that can be chosen survives being written as an address and read again."""
    words = (
        "workload=mixed&draw=3&policy=mlfq&policy=eevdf&quantum=7&boost=90&cpus=2&queues=per-cpu&lanes=cpu&from=5&to=40"
    )
    choice, _ = asked(words)

    assert choice.address() == words
    assert asked(choice.address())[0] == choice


def test_policies_stand_in_the_order_of_the_brief() -> None:
    """The order of the words does not matter, so that equal views have equal addresses."""
    assert asked("policy=eevdf&policy=fcfs")[0].policies == ("fcfs", "eevdf")


def test_at_most_four_policies_are_shown_and_the_others_named() -> None:
    """What is left out is said."""
    choice, problems = asked("policy=fcfs&policy=sjf&policy=srtf&policy=rr&policy=mlfq&policy=rm")

    assert choice.policies == ("fcfs", "sjf", "srtf", "rr")
    assert "left out: mlfq, rm" in problems["policy"]


def test_an_unknown_policy_is_named() -> None:
    """The others are shown."""
    choice, problems = asked("policy=rr&policy=random")

    assert choice.policies == ("rr",)
    assert "'random'" in problems["policy"]


def test_a_number_out_of_range_is_passed_over_and_said() -> None:
    """The default takes its place."""
    choice, problems = asked("quantum=0&boost=x&cpus=65&levels=2")

    assert choice.knobs == {"levels": 2}
    assert choice.machine == {}
    assert problems.keys() == {"quantum", "boost", "cpus"}
    assert problems["quantum"] == "must be a whole number from 1 to 1000000000, not '0'"


def test_defaults_are_not_in_the_address() -> None:
    """A view has one address, whether its defaults were given or not."""
    assert asked("quantum=4&boost=0&draw=1&queues=global")[0].address() == asked("")[0].address()


def test_an_empty_number_is_the_default() -> None:
    """A form without scripts sends every field."""
    choice, problems = asked("quantum=&allotment=")

    assert (choice.knobs, problems) == ({}, {})


def test_a_stretch_of_time_has_a_beginning_before_its_end() -> None:
    """Anything else asks for all of it."""
    assert asked("from=3&to=9")[0].window == (3, 9)
    assert [asked(words)[0].window for words in ("from=9&to=9", "from=3", "from=-1&to=4", "from=1&to=1e9")] == [
        None
    ] * 4


def test_every_option_that_a_policy_uses_has_a_knob() -> None:
    """Options are made of the knobs alone, each under the name that the emulator gives it."""
    choice, _ = asked(
        "policy=mlfq&policy=cfs&quantum=9&levels=5&allotment=6&boost=7&aging=3&seed=8&latency=30&granularity=2"
    )
    (first, second) = options(choice)

    assert (first.policy, first.quantum, first.levels, first.allotment, first.boost) == ("mlfq", 9, 5, 6, 7)
    assert (second.policy, second.aging, second.seed, second.latency, second.granularity) == ("cfs", 3, 8, 30, 2)


def test_a_knob_is_used_by_the_policies_that_look_at_it() -> None:
    """As their own code says: a policy's functions, and those that they call, name the option, or the random numbers."""
    seeds = {"seed": "random"}
    looked_at = {name: set(names_in(name)) for name in POLICY}

    for knob in KNOBS:
        wanted = seeds.get(knob.name, knob.name)
        assert [name for name in POLICY if wanted in looked_at[name]] == list(knob.policies)


def names_in(policy: str) -> Iterator[str]:
    """Every name in the code that a policy adds."""
    module = vars(__import__(POLICY[policy].__module__, fromlist=["*"]))
    own = [value for each in POLICY[policy].__mro__[:-1] for value in vars(each).values()]
    functions = [value.__func__ for value in own if isinstance(value, staticmethod)]
    functions += [value for value in module.values() if isinstance(value, FunctionType)]
    for function in functions:
        if function.__module__ != "climb.systems.scheduler.policies.policy":
            yield from _names(function.__code__)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def test_knobs_are_shown_for_what_is_chosen() -> None:
    """The boost matters to mlfq only."""
    boost = next(knob for knob in KNOBS if knob.name == "boost")

    assert used(boost, ("fcfs", "mlfq"))
    assert not used(boost, ("fcfs", "rr"))


def test_what_a_message_repeats_is_short() -> None:
    """An address may be long, and what is said about it is not."""
    _, problems = asked(f"policy={'x' * 5000}&quantum={'9' * 5000}")

    assert all(len(problem) < 200 for problem in problems.values())
    assert set(problems) == {"policy", "quantum"}
