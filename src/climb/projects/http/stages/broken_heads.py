"""Tables of heads that are no heads: each row is broken in one place and good everywhere else."""

from __future__ import annotations

from collections.abc import Iterator

from climb.judge.world.draws import Draws
from climb.projects.http.stages.cases import BEGIN, Case, marked

__all__ = ["all_heads", "bare_line_ends", "broken_fields", "broken_request_lines", "hosts", "other_versions"]

_DELIMITERS = '(),/:;<=>?@[\\]{}"'  # RFC 9110, 5.6.2: the delimiters, which no token has
_CONTROLS = "".join(map(chr, (*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)))
_BAD_PERCENT = ("%", "%4", "%zz", "%g1", "%1g", "%+1", "%-1", "%0x", "%%4")
_NO_UTF_8 = ("%ff", "%C3%28", "%c0%af", "%ed%a0%80", "%f5%80%80%80", "%e2%82", "%80", "%c3")
_BAD_VERSIONS = (
    ("HTTP/1.10", "two digits behind the dot"),
    ("HTTP/11", "no dot"),
    ("HTTP/1.", "nothing behind the dot"),
    ("HTTP/.1", "nothing before the dot"),
    ("HTTP/1", "no minor number"),
    ("HTTP/1.a", "a letter for a number"),
    ("HTTP/1,1", "a comma for the dot"),
    ("HTTP/+1.1", "a sign"),
    ("HTTP/1.1x", "something behind it"),
    ("http/1.1", "small letters"),
    ("HTP/1.1", "another name"),
    ("HTTP1.1", "no slash"),
)
_BAD_HOSTS = ("a b", "a/b", "a?b", "a#b", "user@a", "a:b", "a:80:80", "a:-1", "[::1", "::1", "[::1]x", "a\\b", "<a>", 'a"b', "a%zz", "a^b", "{a}", "http://a", "a|b", "a\xc3\xa9")  # fmt: skip
_GOOD_HOSTS = (
    "",
    "a",
    "EXAMPLE.com:8080",
    "127.0.0.1",
    "[::1]",
    "[::1]:80",
    "a_b.c-d~e",
    "xn--bcher-kva.example.",
    "%61",
    "1.2.3",
)
_LINE = "RFC 9112, 3"
_TARGET = "RFC 9112, 3.2"
_FIELD = "RFC 9112, 5"
_ENDS = "RFC 9112, 2.2"


def all_heads(draw: Draws, host: str) -> list[Case]:
    """Every case of every table that is no request."""
    return [
        *broken_request_lines(draw, host),
        *broken_fields(draw, host),
        *bare_line_ends(draw, host),
        *hosts(host)[0],
        *other_versions(host),
    ]


def broken_request_lines(draw: Draws, host: str) -> list[Case]:
    """Lines that are not a method, a target and a version with one space between each."""
    word = draw.word()
    return [
        _line(name, text.replace("/mirror", f"/mirror/{word}", 1), why, section, host)
        for name, text, why, section in (*_parts(), *_methods(draw), *_targets(draw), *_versions())
    ]


def _parts() -> Iterator[tuple[str, str, str, str]]:
    spaces = "A request line has three parts with one space between each. Who is lenient here reads another target than who is not."
    rows = (
        ("no version", "GET /mirror⟦⟧"),
        ("no target", "GET ⟦⟧HTTP/1.1"),
        ("no method", "⟦⟧/mirror HTTP/1.1"),
        ("an empty method", "⟦ ⟧/mirror HTTP/1.1"),
        ("two spaces behind the method", "GET ⟦ ⟧/mirror HTTP/1.1"),
        ("two spaces behind the target", "GET /mirror ⟦ ⟧HTTP/1.1"),
        ("a space before the method", "⟦ ⟧GET /mirror HTTP/1.1"),
        ("a space behind the version", "GET /mirror HTTP/1.1⟦ ⟧"),
        ("a tab behind the method", "GET⟦\t⟧/mirror HTTP/1.1"),
        ("a tab behind the target", "GET /mirror⟦\t⟧HTTP/1.1"),
        ("four parts", "GET /mirror⟦ ⟧x HTTP/1.1"),
        ("four parts, the last of them a version too", "GET /mirror HTTP/1.1⟦ HTTP/1.1⟧"),
        ("a version as its target", "GET HTTP/1.1⟦⟧"),
    )
    return ((name, text, spaces, _LINE) for name, text in rows)


def _methods(draw: Draws) -> Iterator[tuple[str, str, str, str]]:
    why = "A method is a token: letters, digits and !#$%&'*+-.^_`|~."
    for character in (*_DELIMITERS, draw.choice(_CONTROLS), chr(draw.integer(0x80, 0xFF))):
        place = draw.integer(0, 3)
        yield (
            "a method that is no token",
            f"{'GET'[:place]}⟦{character}⟧{'GET'[place:]} /mirror HTTP/1.1",
            why,
            "RFC 9110, 9.1 and 5.6.2",
        )


def _targets(draw: Draws) -> Iterator[tuple[str, str, str, str]]:
    for character in (draw.choice(_CONTROLS), draw.choice(_CONTROLS), "\x7f", chr(draw.integer(0x80, 0xFF)), "\x00"):
        yield (
            "a byte in its target that is not printable ASCII",
            f"GET /mirror/⟦{character}⟧x HTTP/1.1",
            "Such a byte has to be percent-encoded. Programs behind this one cut, replace or trust it, each in its own way.",
            _TARGET,
        )
    yield (
        "UTF-8 in its target that is not percent-encoded",
        "GET /mirror/⟦\xc3\xa9⟧ HTTP/1.1",
        "A target is ASCII: é is sent as %C3%A9. What bytes mean before they are decoded, each program decides for itself.",
        _TARGET,
    )
    yield (
        "a # in its target",
        "GET /mirror⟦#x⟧ HTTP/1.1",
        "A fragment is the client's own business, and is never sent.",
        _TARGET,
    )
    yield (
        "a # in its query",
        "GET /mirror?a=b⟦#x⟧ HTTP/1.1",
        "A fragment is the client's own business, and is never sent.",
        _TARGET,
    )
    for text in _BAD_PERCENT:
        for before, after in (("/mirror/", ""), ("/mirror/", "/x"), ("/mirror?q=", "")):
            yield (
                "a % that is not followed by two hexadecimal digits",
                f"GET {before}⟦{text}⟧{after} HTTP/1.1",
                "Nobody can say which byte was meant: one server keeps the %, another drops it.",
                "RFC 3986, 2.1",
            )
    for text in _NO_UTF_8:
        yield (
            "a path that is not UTF-8",
            f"GET /mirror/⟦{text}⟧ HTTP/1.1",
            "The path is text. Bytes that are none, overlong forms and halves of surrogates among them, are read differently by each decoder.",
            "RFC 3629, 3 and 10",
        )
    yield (
        "a zero byte in its path",
        "GET /mirror/a⟦%00⟧b HTTP/1.1",
        "In C a string ends there, so two programs see two paths.",
        "RFC 3986, 7.3",
    )
    for target in (
        "mirror",
        "*",
        "x:/mirror",
        "https://a/mirror",
        "http:/mirror",
        "http://",
        "http:///mirror",
        "?mirror",
        "127.0.0.1:80",
    ):
        yield (
            "a target that is neither a path nor http:// with a host",
            f"GET ⟦{target}⟧ HTTP/1.1",
            "The brief takes a path, or a whole URL as clients send it to proxies.",
            _TARGET,
        )


def _versions() -> Iterator[tuple[str, str, str, str]]:
    for version, what in _BAD_VERSIONS:
        yield (
            f"a version that is none: {what}",
            f"GET /mirror ⟦{version}⟧",
            "A version is HTTP/, a digit, a dot and a digit.",
            "RFC 9112, 2.3",
        )


def other_versions(host: str) -> list[Case]:
    """Well-formed versions with another major number."""
    why = "It is well-formed, and no version of HTTP/1. What the rest of it means, this server can't know."
    return [
        _line(f"version {version}", f"GET /mirror ⟦HTTP/{version}⟧", why, "RFC 9110, 15.6.6", host, 505)
        for version in ("2.0", "0.9", "3.0", "2.1", "9.9", "0.0")
    ]


def broken_fields(draw: Draws, host: str) -> list[Case]:
    """Heads with a line that is no field."""
    rows = [
        ("a line without a colon", "⟦X-Tag⟧", "Without a colon there is no name and no value.", _FIELD),
        ("an empty field name", "⟦⟧: value", "A name has one character or more.", _FIELD),
        ("a space before the colon", "X-Tag⟦ ⟧: value", _BEFORE_COLON, "RFC 9112, 5.1"),
        ("a tab before the colon", "X-Tag⟦\t⟧: value", _BEFORE_COLON, "RFC 9112, 5.1"),
        ("a space before the colon of a length", "Content-Length⟦ ⟧: 5", _BEFORE_COLON, "RFC 9112, 5.1"),
        ("a space in a field name", "X⟦ ⟧Tag: value", _NAMES, "RFC 9110, 5.1"),
        ("a folded line, with a space", "X-Tag: one\r\n⟦ ⟧two", _FOLDED, "RFC 9112, 5.2"),
        ("a folded line, with a tab", "X-Tag: one\r\n⟦\t⟧two", _FOLDED, "RFC 9112, 5.2"),
        ("a field that begins with white space", "X-Tag: one\r\n⟦ ⟧X-Two: two", _FOLDED, "RFC 9112, 5.2"),
        ("a line of white space alone", "X-Tag: one\r\n⟦ ⟧", _FOLDED, "RFC 9112, 5.2"),
    ]
    rows += [
        ("a field name that is no token", f"X⟦{character}⟧Tag: value", _NAMES, "RFC 9110, 5.1")
        for character in (*_DELIMITERS.replace(":", ""), draw.choice(_CONTROLS), "\x00", chr(draw.integer(0x80, 0xFF)))
    ]
    for character in ("\x00", "\x01", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", draw.choice(_CONTROLS)):
        place = draw.integer(0, 5)
        rows.append(
            (
                "a control character in a value",
                f"X-Tag: {'value'[:place]}⟦{character}⟧{'value'[place:]}",
                "Only tabs are allowed. A value with others ends early in one program and not in the next.",
                "RFC 9110, 5.5",
            )
        )
    first = f"GET /mirror/{draw.word()} HTTP/1.1\r\n⟦ ⟧Host: {host}\r\n\r\n"
    return [
        _case("white space before the first field", first, _FOLDED, "RFC 9112, 2.2"),
        *(_case(name, _among(draw, host, text), why, section) for name, text, why, section in rows),
    ]


_NAMES = "A field name is a token: letters, digits and !#$%&'*+-.^_`|~."
_BEFORE_COLON = "One program takes the field for the one without white space, the next for another that it does not know, and they differ about where the request ends."
_FOLDED = "Such a line used to continue the one before. One program still reads it so, another as a field of its own."


def bare_line_ends(draw: Draws, host: str) -> list[Case]:
    """Heads with lines that end otherwise than with CRLF."""
    word = draw.word()
    line, second = f"GET /mirror/{word} HTTP/1.1", f"Host: {host}"
    rows = [
        ("LF alone behind the request line", f"{line}⟦\n⟧{second}\r\n\r\n", _LF),
        ("LF alone behind a field", f"{line}\r\n{second}⟦\n⟧X-Tag: a\r\n\r\n", _LF),
        ("LF alone behind the last field", f"{line}\r\n{second}⟦\n⟧\r\n", _LF),
        ("LF alone as the empty line", f"{line}\r\n{second}\r\n⟦\n⟧", _LF),
        ("LF alone behind every line", f"{line}⟦\n⟧{second}\n\n", _LF),
        ("an empty line before it that is LF alone", f"⟦\n⟧{line}\r\n{second}\r\n\r\n", _LF),
        ("LF in a value", f"{line}\r\n{second}\r\nX-Tag: a⟦\n⟧b: c\r\n\r\n", _LF),
        ("CR in the request line", f"GET /mirror/{word}⟦\r⟧ HTTP/1.1\r\n{second}\r\n\r\n", _CR),
        ("CR alone behind the request line", f"{line}⟦\r⟧{second}\r\n\r\n", _CR),
        ("CR in a field name", f"{line}\r\n{second}\r\nX-⟦\r⟧Tag: a\r\n\r\n", _CR),
        ("CR in a value", f"{line}\r\n{second}\r\nX-Tag: a⟦\r⟧b\r\n\r\n", _CR),
        ("CR alone between two fields", f"{line}\r\n{second}\r\nX-Tag: a⟦\r⟧X-Two: b\r\n\r\n", _CR),
        ("two CR at the end of a value", f"{line}\r\n{second}\r\nX-Tag: a⟦\r⟧\r\n\r\n", _CR),
        ("two CR behind the version", f"{line}⟦\r⟧\r\n{second}\r\n\r\n", _CR),
        ("two CR in the empty line", f"{line}\r\n{second}\r\n⟦\r⟧\r\n\r\n", _CR),
        ("CR before the request line", f"⟦\r⟧{line}\r\n{second}\r\n\r\n", _CR),
    ]
    return [_case(name, text, why, _ENDS) for name, text, why in rows]


_LF = (
    "Lines end with CRLF. Where one program sees the end of a head and another does not, a stranger can hide a request."
)
_CR = "CR belongs before LF and nowhere else. Some programs take it for the end of a line, some for white space."


def hosts(host: str) -> tuple[list[Case], list[bytes]]:
    """Requests whose Host is wrong, and good ones, which are to be answered with 200."""
    line, old = "GET /mirror HTTP/1.1\r\n", "GET /mirror HTTP/1.0\r\n"
    rows = [
        ("no Host", f"{line}X-Tag: a\r\n\r\n", _NO_HOST),
        ("no Host, but one in the target", f"GET http://{host}/mirror HTTP/1.1\r\nX-Tag: a\r\n\r\n", _NO_HOST),
        ("two Hosts", f"{line}Host: {host}\r\n⟦Host: other⟧\r\n\r\n", _TWO_HOSTS),
        ("the same Host twice", f"{line}Host: {host}\r\n⟦host: {host}⟧\r\n\r\n", _TWO_HOSTS),
        ("two Hosts, in HTTP/1.0", f"{old}Host: {host}\r\n⟦Host: other⟧\r\n\r\n", _TWO_HOSTS),
        ("an empty Host and another", f"{line}Host:\r\n⟦Host: {host}⟧\r\n\r\n", _TWO_HOSTS),
    ]
    rows += [
        (f"a Host that is none: {bad}".encode("latin-1").decode(), f"{line}Host: ⟦{bad}⟧\r\n\r\n", _BAD_HOST)
        for bad in _BAD_HOSTS
    ]
    good = [f"{line}Host: {each}\r\n\r\n".encode() for each in _GOOD_HOSTS]
    return [_case(name, text, why, "RFC 9112, 3.2") for name, text, why in rows], [*good, f"{old}\r\n".encode()]


_NO_HOST = "One address serves many names, and only Host tells which one is meant."
_TWO_HOSTS = "A proxy may choose by one and a server by the other, and a cache then keeps the wrong page."
_BAD_HOST = "Host is empty, or a name or address with an optional port, and nothing else (RFC 3986, 3.2.2). What it says ends up in links and in cache keys."


def _among(draw: Draws, host: str, text: str) -> str:
    """A head with this line somewhere among good ones."""
    good = [f"Host: {host}", *draw.some(lambda: f"X-{draw.word(1, 4)}: {draw.word(0, 6)}", at_most=3, usually=1)]
    good.insert(draw.integer(1, len(good)), text)
    return "\r\n".join([f"GET /mirror/{draw.word()} HTTP/1.1", *good, "", ""])


def _line(name: str, text: str, why: str, section: str, host: str, status: int = 400) -> Case:
    return _case(name, f"{text}\r\nHost: {host}\r\n\r\n", why, section, status)


def _case(name: str, text: str, why: str, section: str, status: int = 400) -> Case:
    before, broken, after = marked(text) if BEGIN in text else (text.encode("latin-1"), b"", b"")
    return Case(name=name, before=before, broken=broken, after=after, statuses=(status,), section=section, why=why)
