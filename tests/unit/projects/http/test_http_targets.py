"""How the judge reads targets, types, methods and dates: the rules that its checks compare with."""

from __future__ import annotations

import pytest

from climb.projects.http.rules.counting import lines
from climb.projects.http.rules.media import media_type, type_of
from climb.projects.http.rules.now import imf_date
from climb.projects.http.rules.resources import ECHO, allowed, not_had
from climb.projects.http.rules.targets import encoded, read_target


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/mirror/a%20b?x=1&y", "/mirror/a b", "x=1&y"),
        ("/mirror", "/mirror", ""),
        ("/mirror?", "/mirror", ""),
        ("/mirror/?a?b=/c%20", "/mirror/", "a?b=/c%20"),
        ("/mirror/100%2525+1", "/mirror/100%25+1", ""),
        ("/mirror/%c3%A9", "/mirror/é", ""),
        ("http://h", "/", ""),
        ("http://h?x=/y", "/", "x=/y"),
        ("http://h:80/mirror/%2F?x", "/mirror//", "x"),
    ],
)
def test_a_target_is_read(target: str, path: str, query: str) -> None:
    """The path is decoded once, the query is kept, and a whole URL has the path behind its host."""
    assert read_target(target) == (path, query)


@pytest.mark.parametrize("text", ["a b", "100%", "%41", "é/中?#", "a+b", "\x01\x7f🙂"])
def test_what_is_encoded_is_read_again(text: str) -> None:
    """An encoded text is plain ASCII, and means the text."""
    target = "/" + encoded(text)

    assert target.isascii()
    assert read_target(target).path == "/" + text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("archive.tar.gz", "application/octet-stream"),
        ("a.txt.html", "text/html"),
        ("html", "application/octet-stream"),
        ("a.js", "text/javascript"),
    ],
)
def test_a_file_has_the_type_of_its_last_extension(name: str, kind: str) -> None:
    """What follows the last dot of a name says what the file is; without a dot nothing does."""
    assert type_of(name) == kind


def test_a_charset_does_not_change_the_type() -> None:
    """Types are compared in lower case and without what follows them."""
    assert media_type(" Text/Plain ; charset=utf-8") == "text/plain"


def test_allow_is_a_list() -> None:
    """White space and empty members of a list mean nothing, nor does its order."""
    assert allowed(" PUT ,,POST\t") == ["POST", "PUT"]
    assert not_had(ECHO) == ("GET", "HEAD", "PATCH", "DELETE")


def test_lines_are_numbers() -> None:
    """Each line ends with LF, and none is there for 0."""
    assert lines(3) == b"1\n2\n3\n"
    assert lines(0) == b""


def test_a_date_is_read() -> None:
    """The example of RFC 9110, 5.6.7 is the second that it names."""
    assert imf_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Wed, 30 Feb 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 GMT",
    ],
)
def test_what_a_server_may_not_write_is_no_date(text: str) -> None:
    """Another form, another zone, a day that there is not, or the wrong day of the week is none."""
    assert imf_date(text) is None
