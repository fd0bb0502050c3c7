"""The page of search, as it is served."""

import re

import pytest

from climb.journal import entries as journal


def results(page: str) -> list[tuple[str, str]]:
    """The address and title of each result."""
    return re.findall(r'<h2><a href="([^"]+)">([^<]*)</a>', page)


def test_results_say_what_they_are(browser) -> None:
    """Title, kind, and the words marked in their surroundings; the number of results in words."""
    page = browser.read("/search?q=tcp-handshake")

    assert results(page)[0] == ("/concepts/sockets", "Sockets and the TCP handshake")
    assert '<span class="kind">concept</span>' in page
    assert "<mark>" in page
    assert re.search(r'<p id="found" role="status">(One result|\d+ results) for “tcp-handshake”\.</p>', page)


def test_the_words_stay_in_the_field(browser) -> None:
    """The form works without scripts: it sends the words, and gets them back."""
    page = browser.read("/search?q=page+cache")

    assert '<form class="search-form" role="search" aria-label="Everything" action="/search">' in page
    assert 'name="q" value="page cache"' in page


def test_nothing_asked_suggests_something(browser) -> None:
    """Examples to follow, and the command that lists what can be read."""
    page = browser.read("/search")

    assert results(page) == []
    assert 'href="/search?q=handshake"' in page
    assert "<code>climb read</code>" in page


def test_nothing_found_suggests_what_has_a_similar_name(browser) -> None:
    """And says that nothing was found."""
    page = browser.read("/search?q=sokets")

    assert "Nothing for “sokets”." in page
    assert '<li><a href="/concepts/sockets">' in page


@pytest.mark.parametrize(
    "query",
    ["%3Cscript%3Ealert(1)%3C/script%3E", "%22%20onfocus=%22x", "%00%02%1b[2J", "%F0%9F%8E%89", "%ff", "x" * 9000],
)
def test_what_was_typed_is_only_text(browser, query: str) -> None:
    """Markup, control characters, broken UTF-8 and very long words are shown, not obeyed."""
    page = browser.read(f"/search?q={query}")

    assert "<script>alert" not in page
    assert '" onfocus=' not in page
    assert not set("\x00\x02\x1b") & set(page)


def test_an_entry_is_only_text(browser, shared_workbench) -> None:
    """What stands in the journal is shown as it is, in its title and in its excerpt."""
    journal.create(shared_workbench.home, title="<b>xyzzyplugh</b>", text="`<img src=x>` xyzzyplugh \u202e")

    page = browser.read("/search?q=xyzzyplugh")

    assert "&lt;b&gt;xyzzyplugh&lt;/b&gt;" in page
    assert "&lt;img src=x&gt;" in page
    assert "<mark>xyzzyplugh</mark>" in page
    assert "\u202e" not in page
    assert '<span class="kind">journal entry</span>' in page
