"""Pages and their cursors."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from climb.stack.http.paging import Cursors
from climb.stack.http.problems import Problem

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
LINKS = Cursors("links", tuple[datetime, str])


@given(st.datetimes(timezones=st.just(UTC)), st.text())
def test_a_cursor_says_what_it_was_made_of(moment: datetime, name: str) -> None:
    """Any key comes back as it was, and the text can stand in an address as it is."""
    text = LINKS.text((moment, name))

    assert LINKS.key(text) == (moment, name)
    assert text.replace("-", "").replace("_", "").isalnum()


def test_without_a_cursor_it_is_the_first_page() -> None:
    """There is no key to begin behind."""
    assert LINKS.key(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "!!!!",
        "a" * 5000,
        Cursors("users", tuple[datetime, str]).text((MOMENT, "a")),
        Cursors("links", tuple[int]).text((1,)),
        Cursors("links", tuple[str, str]).text(("now", "a")),
        LINKS.text((MOMENT, "a"))[:-2],
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused(text: str) -> None:
    """Made up, cut, of another list or of another type: 422 and the name of the parameter."""
    with pytest.raises(Problem) as raised:
        LINKS.key(text)

    assert raised.value.status == 422
    assert [error.field for error in raised.value.errors] == ["after"]


def test_one_item_more_than_fits_means_a_next_page() -> None:
    """It begins behind the last item that was shown."""
    numbers = Cursors("numbers", tuple[int])
    full, last = numbers.page([1, 2, 3], 2, lambda item: (item,)), numbers.page([1, 2], 2, lambda item: (item,))

    assert full.items == [1, 2]
    assert full.next is not None
    assert numbers.key(full.next) == (2,)
    assert (last.items, last.next) == ([1, 2], None)
