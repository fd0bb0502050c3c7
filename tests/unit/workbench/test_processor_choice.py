"""What the address of the processor's page asks for."""

import pytest
from starlette.datastructures import QueryParams

from climb.systems.processor.watching.address import USUAL, Address
from climb.workbench.processors.choice import MOST_SENSORS, Choice, read_choice


def test_nothing_asked_is_the_usual_place() -> None:
    """Where climb stream run answers, and sensors that are there."""
    assert read_choice(QueryParams("")) == (Choice(USUAL, ()), {})


def test_sensors_are_parted_by_spaces_or_commas() -> None:
    """Each once."""
    choice, problems = read_choice(QueryParams("at=127.0.0.2:80&sensors=a,b  c;a"))

    assert choice == Choice(Address("127.0.0.2", 80), ("a", "b", "c"))
    assert problems == {}


def test_a_name_that_no_sensor_can_have_is_said() -> None:
    """And the others are drawn."""
    choice, problems = read_choice(QueryParams("sensors=a <b>"))

    assert choice.sensors == ("a",)
    assert "'<b>'" in problems["sensors"]


def test_more_sensors_than_are_drawn_are_said() -> None:
    """The first ones are."""
    choice, problems = read_choice(QueryParams("sensors=" + "+".join("abcdefg")))

    assert len(choice.sensors) == MOST_SENSORS
    assert "sensors" in problems


@pytest.mark.parametrize("at", ["10.0.0.1:80", "example.org", "http://127.0.0.1@10.0.0.1/"])
def test_another_machine_is_a_problem(at: str) -> None:
    """The page does not ask it."""
    choice, problems = read_choice(QueryParams({"at": at}))

    assert choice.address == USUAL
    assert "at" in problems


def test_the_words_of_an_address_ask_for_the_same() -> None:
    """A link to the page is a link to what it shows."""
    choice = Choice(Address("::1", 81), ("a:b", "c"))

    assert read_choice(QueryParams(choice.query)) == (choice, {})
