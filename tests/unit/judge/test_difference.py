"""How two values differ, in words."""

from climb.judge.difference import compare, show


def marked(received: str, mark: tuple[int, int] | None) -> str | None:
    return None if mark is None else received[mark[0] : mark[0] + mark[1]]


def test_values_are_shown_as_json() -> None:
    """What has a JSON form is shown in it."""
    assert show({"a": None, "b": [1, True, "x"]}) == '{"a": null, "b": [1, true, "x"]}'


def test_a_set_is_shown_in_order() -> None:
    """Sets have no order, so their members are sorted; members of different types stand apart."""
    assert show({3, 1, 2}) == "[1, 2, 3]"
    assert show({2, "b", "a", 1}) == '[1, 2, "a", "b"]'


def test_many_members_are_counted() -> None:
    """After twelve members the rest is a number."""
    assert show(range(15)) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … and 3 more]"


def test_what_has_no_json_form_is_shown_as_python_does() -> None:
    """Bytes, complex numbers and integers beyond 64 bits are shown all the same."""
    assert show(b"\xff") == r"b'\xff'"
    assert show(1j) == "1j"
    assert show(10**30) == str(10**30)


def test_the_first_wrong_key_is_pointed_at() -> None:
    """In a mapping the mark covers the value of the first key that differs."""
    found = compare({"port": 1, "state": "filtered"}, {"port": 1, "state": "closed", "rtt_ms": 3})

    assert found.received == '{"port": 1, "state": "closed"}'
    assert marked(found.received, found.mark) == '"closed"'
    assert found.lines == ()


def test_the_other_wrong_keys_have_a_line_each() -> None:
    """The second key that differs is told in words."""
    found = compare({"open": 1, "closed": 2, "filtered": 0}, {"open": 0, "closed": 2, "filtered": 5})

    assert marked(found.received, found.mark) == "0"
    assert found.lines == ("filtered: expected 0, received 5",)


def test_an_absent_key_is_said_to_be_absent() -> None:
    """A missing key is not shown as null."""
    found = compare({"a": 1, "b": None}, {})

    assert found.received == '{"a": (absent), "b": (absent)}'
    assert marked(found.received, found.mark) == "(absent)"
    assert found.lines == ("b: expected null, received nothing: the key is absent",)


def test_sets_name_what_is_missing_and_what_is_too_many() -> None:
    """For sets the two differences are listed."""
    found = compare({1, 2, 3}, {3, 4})

    assert found.lines == ("missing  [1, 2]", "too many [4]")
    assert found.mark is None


def test_lists_name_what_is_missing_and_what_is_too_many() -> None:
    """For lists too, repetitions counted: both may be too long to be shown whole."""
    wanted = list(range(100))

    assert compare(wanted, [*wanted[:98], 50]).lines == ("missing  [98, 99]", "too many [50]")
    assert compare([{"a": 1}], []).lines == ('missing  [{"a": 1}]',)


def test_lists_in_another_order_are_told_so() -> None:
    """The same members in another order are a difference of their own."""
    assert compare([1, 2], [2, 1]).lines == ("the same members in another order",)


def test_other_values_are_marked_whole() -> None:
    """A text or a number is wrong as a whole."""
    found = compare("open", "closed")

    assert (found.expected, found.received) == ('"open"', '"closed"')
    assert marked(found.received, found.mark) == '"closed"'


def test_values_of_different_kinds_can_be_compared() -> None:
    """A program may print anything where an object is due."""
    assert compare({"a": 1}, "text").received == '"text"'
    assert compare({1, 2}, None).received == "null"
