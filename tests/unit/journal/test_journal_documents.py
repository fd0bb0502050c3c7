"""An entry's file as text: what is changed changes, and all else stays to the byte."""

import datetime as dt
import tomllib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from climb.journal.document import Document, Unreadable, new_document, parse

BY_HAND = b"""\
+++
# my own notes
title = "Old"  # to be found again
"quoted key" = [
  1, # one
  2,
]
about = [
  "climb:concept/sockets",
]
long = '''
title = "not a key"
'''

[mine]
title = "of the table"
+++


    code first

Text.\x20\x20
"""

texts = st.text(st.characters(exclude_categories=("Cs",)))
keys = st.sampled_from(["title", "module", "prompt", "about", "created", "own"])
values = (
    texts
    | st.lists(texts, max_size=3)
    | st.datetimes(timezones=st.just(dt.UTC)).map(lambda at: at.replace(microsecond=0))
)


@given(st.binary())
def test_a_file_is_the_sum_of_its_pieces(data: bytes) -> None:
    """What can be read is written again as it was."""
    try:
        document = parse(data)
    except Unreadable:
        return

    assert document.data == data


@given(st.dictionaries(keys, values), texts)
def test_what_is_put_in_is_found_again(front: dict[str, Any], text: str) -> None:
    """Any values and any text survive the way through a file."""
    document = parse(new_document(front, text).data)

    assert document.values == front
    assert document.text == Document(body=text).text


@given(st.dictionaries(keys, values), st.dictionaries(keys, values | st.none()), texts)
def test_changed_keys_change_and_others_stay(before: dict[str, Any], changes: dict[str, Any], text: str) -> None:
    """Keys are set, replaced and removed, whatever stood there."""
    document = parse(new_document(before, text).with_values(changes).data)

    assert document.values == {key: value for key, value in {**before, **changes}.items() if value is not None}
    assert document.text == Document(body=text).text


@given(texts, texts)
def test_a_text_without_front_matter_stays_one(first: str, second: str) -> None:
    """Even a text that begins like front matter is read again as the text that it was."""
    document = parse(Document(body="").with_text(first).with_text(second).data)

    assert document.text == Document(body=second).text


def test_the_same_values_and_text_change_no_byte() -> None:
    """A save without a change is none."""
    document = parse(BY_HAND)

    same = document.with_values({"title": "Old", "about": ("climb:concept/sockets",)}).with_text(document.text)

    assert same.data == BY_HAND


def test_only_the_statement_of_a_key_changes() -> None:
    """Comments, order, layout, unknown keys and tables with keys of the same name stay."""
    document = parse(BY_HAND).with_values({"title": "New", "module": "1.1"})

    assert document.data == BY_HAND.replace(b'"Old"', b'"New"').replace(b"\n[mine]", b'\nmodule = "1.1"\n[mine]')


def test_a_removed_key_takes_its_comment_along() -> None:
    """A key set to None is gone, the rest stays."""
    document = parse(BY_HAND).with_values({"title": None})

    assert document.data == BY_HAND.replace(b'title = "Old"  # to be found again\n', b"")


def test_another_text_keeps_the_space_around_it() -> None:
    """Blank lines before the text and the white space after it are the author's."""
    document = parse(BY_HAND)

    assert document.text.startswith("    code first")
    assert document.with_text("Other").data == BY_HAND.replace(b"    code first\n\nText.", b"Other")


def test_windows_line_ends_stay() -> None:
    """A file with CRLF gets its new lines with CRLF, and its text is read with plain ones."""
    document = parse(BY_HAND.replace(b"\n", b"\r\n"))
    changed = document.with_values({"title": "New", "module": "1.1"}).with_text("one\ntwo")

    assert "\r" not in document.text
    assert changed.data.count(b"\n") == changed.data.count(b"\r\n") > 0
    assert changed.values["module"] == "1.1"


def test_a_byte_order_mark_stays() -> None:
    """Editors that write one find it again."""
    document = parse("\ufeffHello\n".encode()).with_values({"title": "T"})

    assert document.data == '\ufeff+++\ntitle = "T"\n+++\n\nHello\n'.encode()


def test_front_matter_that_we_added_can_go_again() -> None:
    """A key that is added and removed leaves a file without front matter as it was."""
    document = parse(b"\n\nHello").with_values({"draft_base": "x"}).with_values({"draft_base": None})

    assert document.data == b"\n\nHello"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"+++\ntitle = 1\n", "never closed"),
        (b"+++\n\ntitle = \n+++\n", "at line 3"),
        (b"caf\xe9", "not UTF-8: byte 4"),
    ],
)
def test_what_can_not_be_read_says_why(data: bytes, reason: str) -> None:
    """The reason names the place, counted as in the file."""
    with pytest.raises(Unreadable, match=reason):
        _ = parse(data).values


def test_a_lone_surrogate_costs_nothing_else() -> None:
    """A broken character of a browser becomes a question mark."""
    data = new_document({"title": "a\ud800b"}, "c\ud800d").data

    assert tomllib.loads(parse(data).front) == {"title": "a?b"}
    assert parse(data).text == "c?d"
