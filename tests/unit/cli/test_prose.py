"""The course's Markdown in a terminal."""

import pytest

from climb.cli import prose
from climb.cli.console import Symbols, console
from climb.cli.prose import Prose, command_for, rendered
from climb.cli.side_by_side import SideBySide
from climb.course.loader import course

ASCII = Symbols("+", "x", "?", "-", "-")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console of 100 columns without colours, made anew for each test."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    console.cache_clear()
    yield
    console.cache_clear()


def lines(markdown: str) -> list[str]:
    return rendered(Prose(markdown)).splitlines()


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("concept:sockets", "climb read sockets"),
        ("concept:sockets#the-handshake", "climb read sockets"),
        ("lab:fsync", "climb lab fsync"),
        ("project:scanner", "climb read scanner"),
        ("module:1.1", "climb read 1.1"),
        ("https://example.org", None),
        ("sockets", None),
    ],
)
def test_a_link_into_the_course_is_a_command(address: str, command: str | None) -> None:
    """What is clicked in the browser is typed here."""
    assert command_for(address) == command


def test_a_command_is_shown_where_its_link_first_stands() -> None:
    """The second time the words are enough."""
    text = rendered(Prose("A [queue](concept:accept-queue), and the [same](concept:accept-queue) again."))

    assert text.strip() == "A queue (climb read accept-queue), and the same again."


def test_a_command_is_never_broken_across_lines() -> None:
    """However the words before it fill the line, it can be copied."""
    for filler in range(40, 80):
        text = rendered(Prose("x" * filler + " the [queue](concept:accept-queue) waits"))

        assert "climb read accept-queue" in text


def test_an_address_that_is_its_own_text_stands_once() -> None:
    """As in a list of sources."""
    assert lines("See <https://example.org/a>.") == ["  See https://example.org/a."]


def test_other_links_show_their_address() -> None:
    """There is nothing to click in a terminal."""
    assert lines("The [standard](https://example.org/a).") == ["  The standard (https://example.org/a)."]


def test_a_drawing_is_told_in_words() -> None:
    """Its alternative stands indented between the paragraphs."""
    assert lines("Before.\n\n![Time runs downwards.](sockets.svg)\n\nAfter.") == [
        "  Before.",
        "",
        "      Drawing: Time runs downwards.",
        "",
        "  After.",
    ]


def test_code_is_never_broken() -> None:
    """A line that is too long stays one line, to be copied."""
    code = "print(" + "1 + " * 40 + "1)"

    assert f"      {code}" in lines(f"```python\n{code}\n```")


def test_raw_markup_is_text() -> None:
    """Nothing is dropped because it looks like HTML."""
    assert lines("Give <run> a `<port>` and [x] :smile: [/]") == ["  Give <run> a <port> and [x] :smile: [/]"]


def test_a_table_has_one_empty_line_around_it() -> None:
    """Its own edges are left out."""
    shown = lines("Before.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nAfter.")

    assert shown.count("") == 2


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_no_prose_is_wider_than_the_measure(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """78 columns, or the terminal's where it has less; code is left as it is."""
    monkeypatch.setenv("COLUMNS", columns)
    console.cache_clear()
    shown = [
        line for each in course().concepts.values() for line in lines(each.summary) if not line.startswith(" " * 6)
    ]

    assert max(map(len, shown)) <= min(int(columns), 78)


def test_where_the_locale_has_no_typography_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotation marks, dashes and bullets have stand-ins."""
    monkeypatch.setattr(prose, "symbols", lambda: ASCII)

    text = rendered(Prose("- the kernel’s “queue” – 2 × 3 …\n\n| a |\n| --- |\n| b |"))

    assert text.isascii()
    assert 'the kernel\'s "queue" - 2 x 3 ...' in text


def test_names_in_a_row_stay_whole() -> None:
    """Lines are filled, and no name is broken."""
    names = [f"name-{number}" for number in range(40)]
    shown = rendered(SideBySide(names, indent=4)).splitlines()

    assert ", ".join(line.strip().rstrip(",") for line in shown) == ", ".join(names)
    assert all(line.startswith("      name-") and len(line) <= 78 for line in shown)
    assert len(shown) < 8
