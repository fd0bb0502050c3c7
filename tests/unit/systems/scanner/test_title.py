"""Finding the title of a page."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, strategies as st

from climb.systems.scanner.probe.title import TitleFinder


def title(*pieces: bytes) -> str | None:
    finder = TitleFinder()
    for piece in pieces:
        finder.feed(piece)
    return finder.title


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<title>Plain</title>", "Plain"),
        (b"<TITLE lang='en'>\n  Two\t words \r\n</Title >", "Two words"),
        (b"<title></title>", ""),
        (b"<title>a &amp; b &#8211; c</title>", "a & b \u2013 c"),
        (b"<title>first</title><title>second</title>", "first"),
        (b"<title>if a < b</title>", "if a < b"),
        (b"<titles>no</titles><title>yes</title>", "yes"),
        (b"<!-- <title>comment</title> --><title>page</title>", "page"),
        (b"<!--><title>page</title>", "page"),
        (b"<script>var a='<title>script</title>'</script><title>page</title>", "page"),
        (b"<style>/* <title>style</title> */</style><title>page</title>", "page"),
        (b"<scripted><title>page</title>", "page"),
        ("<title>日本 \u00fc</title>".encode(), "日本 ü"),
        (b"<title>\xff</title>", "\ufffd"),
        (b"<title>never closed", None),
        (b"<title", None),
        (b"no markup at all", None),
        (b"", None),
    ],
)
def test_the_first_title_is_found(page: bytes, expected: str | None) -> None:
    """As a browser would see it: not in comments, scripts or styles; entities resolved, white space folded."""
    assert title(page) == expected


@given(st.data())
def test_it_does_not_matter_how_a_page_arrives(data: st.DataObject) -> None:
    """Tags may be cut anywhere."""
    page = b"<html><!-- <title>no</title> --><script>'<title>no'</script><TITLE a=b>yes &lt;</TITLE></html>"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=8)))
    edges = [0, *cuts, len(page)]

    found = title(*(page[first:last] for first, last in itertools.pairwise(edges)))

    assert found == "yes <"


@pytest.mark.parametrize("page", [b"<!--" * 16384, b"<" * 65536, b"<title " * 9000, b"<title>" + b"</titl" * 10000])
def test_a_page_that_means_harm_costs_no_more_than_another(page: bytes) -> None:
    """64 KiB of openings without an end, byte by byte, take a fraction of a second."""
    finder = TitleFinder()
    began = time.process_time()
    for number in range(len(page)):
        finder.feed(page[number : number + 1])

    assert time.process_time() - began < 2
