"""Entity tags and conditional requests (RFC 9110, 13)."""

import pytest
from starlette.requests import Request

from climb.stack.http.conditions import demand_match, not_modified, tag
from climb.stack.http.problems import Problem

NOW = tag("links", "spring", 3)
THEN = tag("links", "spring", 2)


def asked(*fields: tuple[str, str]) -> Request:
    return Request(
        {"type": "http", "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields]}
    )


def test_a_tag_is_the_same_for_the_same_state_only() -> None:
    """Also a state whose parts only look alike is another."""
    assert tag("a", 1) == tag("a", 1)
    assert len({tag("a", 1), tag("a", "1"), tag("a1"), tag("a", 1, None)}) == 4


@pytest.mark.parametrize("field", [NOW, f"W/{NOW}", "*", f'"x", {NOW}', f'"a,b",{THEN} , W/{NOW}'])
def test_who_knows_the_state_gets_304(field: str) -> None:
    """Lists, weak tags and the star count (13.1.2)."""
    response = not_modified(asked(("If-None-Match", field)), NOW)

    assert response is not None
    assert (response.status_code, response.headers["etag"], response.body) == (304, NOW, b"")


@pytest.mark.parametrize("field", [THEN, '"x"', "", NOW.strip('"'), f"x{NOW}"])
def test_who_does_not_gets_an_answer(field: str) -> None:
    """Another tag, none, or what is no tag."""
    assert not_modified(asked(("If-None-Match", field)), NOW) is None


def test_fields_that_are_there_twice_are_one_list() -> None:
    """As everywhere in HTTP (5.3)."""
    assert not_modified(asked(("If-None-Match", THEN), ("If-None-Match", NOW)), NOW) is not None


@pytest.mark.parametrize("field", [NOW, "*", f"{THEN}, {NOW}"])
def test_a_change_of_the_state_that_is_known_goes_on(field: str) -> None:
    """As does one that does not ask."""
    demand_match(asked(("If-Match", field)), NOW)
    demand_match(asked(), NOW)


@pytest.mark.parametrize(("field", "current"), [(THEN, NOW), (f"W/{NOW}", NOW), ("*", None), (NOW, None)])
def test_a_change_of_another_state_is_412(field: str, current: str | None) -> None:
    """If-Match compares strongly: a weak tag never matches (13.1.1)."""
    with pytest.raises(Problem) as raised:
        demand_match(asked(("If-Match", field)), current)

    assert raised.value.status == 412


def test_what_must_not_be_there_yet_is_412_if_it_is() -> None:
    """If-None-Match with a star guards a creation."""
    demand_match(asked(("If-None-Match", "*")), None)
    with pytest.raises(Problem) as raised:
        demand_match(asked(("If-None-Match", "*")), NOW)

    assert raised.value.status == 412
