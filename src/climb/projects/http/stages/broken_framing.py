"""Tables of requests whose end can be read in two ways. Behind each comes a good request, which must not be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from climb.judge.world.draws import Draws
from climb.projects.http.stages.cases import BEGIN, Case, marked

__all__ = ["broken_chunks", "broken_codings", "broken_lengths", "two_framings", "two_lengths"]

_BODY = "hello"
_CHUNKS = "5\r\nhello\r\n0\r\n\r\n"
_LENGTH = "RFC 9112, 6.3"
_CODING = "RFC 9112, 6.1"
_CHUNK = "RFC 9112, 7.1"
_CHUNKED = "Transfer-Encoding: chunked"
_NO_LENGTHS = (
    ("", "nothing"),
    ("+5", "a sign"),
    ("-5", "a sign"),
    ("-0", "a sign"),
    ("0x5", "hexadecimal"),
    ("5.0", "a fraction"),
    ("5e0", "an exponent"),
    ("5, 5", "a list"),
    ("5,5", "a list"),
    ("5,", "a list"),
    (",5", "a list"),
    ("5 5", "two numbers"),
    ("5;a=b", "a parameter"),
    ('"5"', "quotation marks"),
    ("0_5", "an underscore"),
    ("five", "a word"),
    ("5\x0b", "a control character"),
    ("\u0665".encode().decode("latin-1"), "a digit of another script"),
)  # fmt: skip
_CODINGS = (
    ("chunked, chunked", 400, "chunks twice"),
    ("chunked\r\nTransfer-Encoding: chunked", 400, "chunks twice"),
    ("gzip", 400, "another coding alone"),
    ("identity", 400, "another coding alone"),
    ("chunked, gzip", 400, "another coding behind chunks"),
    ("chunked\r\nTransfer-Encoding: gzip", 400, "another coding behind chunks"),
    ("chunked, identity", 400, "another coding behind chunks"),
    ("xchunked", 400, "an unknown coding alone"),
    ("chunkedx", 400, "an unknown coding alone"),
    ("\x0bchunked", 400, "a control character before chunks"),
    ("", 400, "no coding"),
    ("gzip, chunked", 501, "another coding before chunks"),
    ("gzip,Chunked", 501, "another coding before chunks"),
    ("gzip\r\nTransfer-Encoding: chunked", 501, "another coding before chunks"),
    ("identity, chunked", 501, "another coding before chunks"),
)
_SIZES = (
    ("⟦⟧\r\nhello\r\n", "no size"),
    ("⟦g⟧\r\nhello\r\n", "a letter that is no digit"),
    ("⟦-5⟧\r\nhello\r\n", "a sign"),
    ("⟦+5⟧\r\nhello\r\n", "a sign"),
    ("⟦0x5⟧\r\nhello\r\n", "0x before the size"),
    ("⟦0_5⟧\r\nhello\r\n", "an underscore"),
    ("⟦ ⟧5\r\nhello\r\n", "white space before the size"),
    ("⟦\t⟧5\r\nhello\r\n", "white space before the size"),
    ("5⟦ ⟧\r\nhello\r\n", "white space behind the size"),
    ("5⟦\t⟧\r\nhello\r\n", "white space behind the size"),
    ("5⟦\x0b⟧\r\nhello\r\n", "a control character behind the size"),
    ("5⟦ 5⟧\r\nhello\r\n", "two sizes"),
    ("⟦00000000000000005⟧\r\nhello\r\n", "17 digits"),
    ("⟦\u0665⟧\r\nhello\r\n".replace("\u0665", "\u0665".encode().decode("latin-1")), "a digit of another script"),
    ("5.0⟦⟧\r\nhello\r\n", "a fraction"),
)  # fmt: skip
_ENDS = (
    ("5⟦\n⟧hello\r\n", "LF alone behind the size"),
    ("5;a=b⟦\n⟧hello\r\n", "LF alone behind an extension"),
    ("5;a⟦\r⟧b\r\nhello\r\n", "CR in an extension"),
    ("5⟦\r⟧hello\r\n", "CR alone behind the size"),
    ("5\r\nhello⟦\n⟧", "LF alone behind a chunk"),
    ("5\r\nhello⟦\r⟧x\r\n", "CR alone behind a chunk"),
    ("5\r\nhello⟦xy⟧", "two other bytes behind a chunk"),
    ("5\r\nhello⟦ ⟧\r\n", "a space behind a chunk"),
    ("4\r\nhell⟦o⟧\r\n", "a chunk that is longer than its size"),
    ("5\r\nhello⟦⟧", "nothing behind a chunk"),
)  # fmt: skip
_TRAILERS = (
    ("⟦no colon⟧\r\n\r\n", "without a colon"),
    ("⟦⟧: a\r\n\r\n", "without a name"),
    ("X⟦ ⟧: a\r\n\r\n", "with a space before the colon"),
    ("X: a\r\n⟦ ⟧b\r\n\r\n", "with a folded line"),
    ("X: a⟦\x01⟧\r\n\r\n", "with a control character"),
    ("X: a⟦\n⟧\r\n", "with LF alone behind one"),
    ("X: a\r\n⟦\n⟧", "with LF alone as the empty line"),
    ("X: a⟦\r⟧b\r\n\r\n", "with CR in a value"),
    ("⟦\n⟧", "with LF alone as the empty line"),
)  # fmt: skip


def two_lengths(draw: Draws, host: str, hidden: int) -> list[Case]:
    """Content-Length twice. ``hidden`` is how many bytes come behind, so that one of two lengths swallows them."""
    both, word = f"{len(_BODY) + hidden}", draw.word()
    rows = (
        ("the same length twice", "Content-Length: 5", "Content-Length: 5"),
        ("two lengths, the second of which is longer", "Content-Length: 5", f"Content-Length: {both}"),
        ("two lengths, the first of which is longer", f"Content-Length: {both}", "Content-Length: 5"),
        ("two lengths, one of them 0", "Content-Length: 0", "Content-Length: 5"),
        ("two lengths, in small and large letters", "content-length: 5", f"CONTENT-LENGTH: {both}"),
        (
            "two lengths with other fields in between",
            f"Content-Length: 5\r\nX-{word}: {word}",
            f"Content-Length: {both}",
        ),
    )
    why = "One program takes the first, the next takes the last. What one of them reads as a body is a request for the other, even if they agree today."
    return _cases(
        draw, host, ((name, f"{first}\r\n⟦{second}⟧", _BODY, 400) for name, first, second in rows), why, _LENGTH
    )


def broken_lengths(draw: Draws, host: str, hidden: int) -> list[Case]:
    """A Content-Length that is anything but digits."""
    rows = [(f"a length that is none: {what}", f"Content-Length: ⟦{value}⟧", _BODY, 400) for value, what in _NO_LENGTHS]
    rows.append(("a length that is none: two of a list", f"Content-Length: ⟦5, {5 + hidden}⟧", _BODY, 400))
    why = "A length is digits and nothing else. A function that reads numbers takes more than that, each another more."
    return _cases(draw, host, rows, why, "RFC 9110, 8.6")


def two_framings(draw: Draws, host: str, hidden: int) -> list[Case]:
    """Chunks and a length at once, and chunks in HTTP/1.0."""
    length = f"Content-Length: {len(_CHUNKS)}"
    rows = [
        ("a length before chunks", f"{length}\r\n⟦{_CHUNKED}⟧", _CHUNKS, 400),
        ("a length behind chunks", f"{_CHUNKED}\r\n⟦{length}⟧", _CHUNKS, 400),
        (
            "chunks and a length that hides what follows",
            f"{_CHUNKED}\r\n⟦Content-Length: {len(_CHUNKS) + hidden}⟧",
            _CHUNKS,
            400,
        ),
        ("chunks and a length of 0", f"{_CHUNKED}\r\n⟦Content-Length: 0⟧", _CHUNKS, 400),
        ("a length and chunks in capitals", f"{length}\r\n⟦TRANSFER-ENCODING: CHUNKED⟧", _CHUNKS, 400),
        ("a length and another coding", f"{length}\r\n⟦Transfer-Encoding: identity⟧", _CHUNKS, 400),
    ]
    why = "One program counts the bytes, the next reads chunks, and they see two ends. A proxy that forwards both is how most requests were smuggled."
    old = [
        ("chunks in HTTP/1.0", f"⟦{_CHUNKED}⟧", _CHUNKS, 400),
        ("chunks and a length in HTTP/1.0", f"{length}\r\n⟦{_CHUNKED}⟧", _CHUNKS, 400),
    ]
    reason = "HTTP/1.0 knows no chunks, so whoever sent this may not have understood what it sent."
    return _cases(draw, host, rows, why, _LENGTH) + _cases(draw, host, old, reason, _CODING, version="1.0")


def broken_codings(draw: Draws, host: str) -> list[Case]:
    """Codings that do not end with chunks, have them twice, or have others before them."""
    rows = [
        (f"a coding that is not understood: {what}", f"Transfer-Encoding: ⟦{value}⟧", _CHUNKS, status)
        for value, status, what in _CODINGS
    ]
    why = "Only chunks as the last coding, once, say where the body ends: anything else is 400. Another coding before them is 501, since the end is clear and the content is not."
    return _cases(draw, host, rows, why, "RFC 9112, 6.1 and 6.3")


def broken_chunks(draw: Draws, host: str) -> list[Case]:
    """Chunks that are none, at the beginning or behind good ones, and trailers that are no fields."""
    good = "".join(f"{len(word):x}\r\n{word}\r\n" for word in draw.some(draw.word, at_most=3, usually=1))
    rows = [(f"a chunk with {what}", _CHUNKED, f"{good}{text}0\r\n\r\n", 400) for text, what in (*_SIZES, *_ENDS)]
    why = "A size is 1 to 16 hexadecimal digits, its line and its chunk end with CRLF. Who is lenient finds another end than who is strict."
    last = [
        ("LF alone behind the last chunk's size", _CHUNKED, f"{good}0⟦\n⟧\r\n", 400),
        ("white space behind the last chunk's size", _CHUNKED, f"{good}0⟦ ⟧\r\n\r\n", 400),
        ("two CR behind the last chunk's size", _CHUNKED, f"{good}0⟦\r⟧\r\n\r\n", 400),
    ]
    ends = [(f"trailers {what}", _CHUNKED, f"{good}0\r\n{text}", 400) for text, what in _TRAILERS]
    reason = "Trailers are fields, as in a head: the same names, values and line ends."
    return _cases(draw, host, [*rows, *last], why, _CHUNK) + _cases(draw, host, ends, reason, "RFC 9112, 7.1.2")


def _cases(
    draw: Draws, host: str, rows: Iterable[tuple[str, str, str, int]], why: str, section: str, *, version: str = "1.1"
) -> list[Case]:
    return list(_each(draw, host, rows, why, section, version))


def _each(
    draw: Draws, host: str, rows: Iterable[tuple[str, str, str, int]], why: str, section: str, version: str
) -> Iterator[Case]:
    for name, fields, body, status in rows:
        line = f"{draw.choice(('POST', 'GET', 'PUT'))} /mirror/{draw.word()} HTTP/{version}"
        text = "\r\n".join([line, f"Host: {host}", fields, "", body])
        before, broken, after = marked(text) if BEGIN in text else (text.encode("latin-1"), b"", b"")
        yield Case(name=name, before=before, broken=broken, after=after, statuses=(status,), section=section, why=why)
