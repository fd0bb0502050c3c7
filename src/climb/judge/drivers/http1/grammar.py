"""The grammar of RFC 9112 for lines of an answer. Each function reads one line whole, or raises Broken at the byte that breaks a rule."""

from __future__ import annotations

import re

import msgspec

from climb.judge.drivers.http1.violations import Broken

__all__ = ["FieldLine", "chunk_size", "field_line", "status_line", "without_end"]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_STATUS = (  # the parts of a status line, in order, and what each must be
    (re.compile(rb"HTTP/1\.[0-9]"), "HTTP/1.1"),
    (re.compile(rb" "), "one space"),
    (re.compile(rb"[1-5][0-9]{2}(?![^ ])"), "a status of three digits, from 100 to 599"),
    (re.compile(rb" "), "one space, also if no reason follows"),
    (re.compile(rb"[\t \x21-\x7e\x80-\xff]*"), "a reason without control characters"),
)
_NAME = re.compile(_TOKEN + rb"+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_EXTENSION = re.compile(
    rb"[ \t]*;[ \t]*" + _TOKEN + rb"+(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"+|" + _QUOTED + rb"))?"
)  # fmt: skip
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_HEX_DIGITS = 16  # 64 bits: what clients count in


class FieldLine(msgspec.Struct, frozen=True):
    """A field and the line that it was read from: which of the head, from 1, and where on the connection it began."""

    name: str
    value: str
    text: bytes
    line: int = 0
    at: int = 0


def without_end(line: bytes, what: str) -> bytes:
    """A line without its CRLF; ``line`` ends with LF."""
    end = len(line) - 2
    if end < 0 or line[end] != 0x0D:
        raise Broken(
            f"a line of {what} that ends with LF alone",
            expected="CRLF at the end of the line",
            text=line,
            start=end + 1,
            section="RFC 9112, 2.2",
            why="Lines end with CRLF. Some readers forgive LF alone and some do not, so it must never be sent.",
        )
    if (bare := line.find(b"\r", 0, end)) >= 0:
        raise Broken(
            f"a CR within a line of {what}",
            expected="CR nowhere but before LF",
            text=line,
            start=bare,
            section="RFC 9112, 2.2",
            why="To some readers a CR ends the line and to some it does not, so a server must not send one.",
        )
    return line[:end]


def status_line(line: bytes, before: str) -> tuple[str, int, str]:
    """Version, status and reason. ``before`` tells what stood before this line, if anything did."""
    at = 0
    for part, expected in _STATUS:
        found = part.match(line, at)
        if found is None:
            raise _no_status_line(line, at, expected, before)
        at = found.end()
    if at < len(line):
        raise _no_status_line(line, at, _STATUS[-1][1], before)
    return line[5:8].decode(), int(line[9:12]), line[13:].decode(errors="replace")


def begins_status_line(text: bytes, before: str) -> None:
    """Raise Broken if no status line begins like this: nobody need wait for the end of a line to see that."""
    if not b"HTTP/".startswith(text[:5]):
        same = next(at for at, byte in enumerate(text[:5]) if byte != b"HTTP/"[at])
        raise _no_status_line(text, same, "HTTP/1.1", before)


def field_line(line: bytes, what: str) -> FieldLine:
    """Name in lower case, and value without the white space around it."""
    if line[:1] in (b" ", b"\t"):
        raise Broken(
            f"a folded line in {what}",
            expected="the name of a field at the beginning of the line",
            text=line,
            section="RFC 9112, 5.2",
            why="Lines that go on on the next one are obsolete, and a server must not send them.",
        )
    name = _NAME.match(line)
    if name is None or line[name.end() : name.end() + 1] != b":":
        raise _no_name(line, name.end() if name else 0, what)
    if (control := _CONTROL.search(line, name.end())) is not None:
        raise Broken(
            f"a control character in a field of {what}",
            expected="printable characters, spaces and tabs in the value",
            text=line,
            start=control.start(),
            section="RFC 9110, 5.5",
            why="Readers disagree about control characters in values: some cut the value there, some refuse the whole message.",
        )
    value = line[name.end() + 1 :].strip(b" \t")
    return FieldLine(name.group().decode().lower(), value.decode(errors="replace"), line)


def chunk_size(line: bytes) -> int:
    """The size of the chunk that follows. Extensions must be well-formed, and are ignored."""
    digits = _HEX.match(line)
    if digits is None or len(digits.group()) > _HEX_DIGITS:
        raise _no_size(line, 0, f"1 to {_HEX_DIGITS} hexadecimal digits: the size of a chunk")
    at = digits.end()
    while at < len(line):
        extension = _EXTENSION.match(line, at)
        if extension is None:
            raise _no_size(line, at, "the end of the line, or a semicolon and an extension")
        at = extension.end()
    return int(digits.group(), 16)


def _no_status_line(line: bytes, at: int, expected: str, before: str) -> Broken:
    why = "Version, one space, three digits, one space, and a reason, which may be empty."
    return Broken(
        "no status line",
        expected=f"{expected} here, as in HTTP/1.1 200 OK" if at else "a status line, such as HTTP/1.1 200 OK",
        text=line,
        start=at,
        length=max(len(line) - at, 1) if at == 0 else 1,
        section="RFC 9112, 4",
        why=f"{why} {before}".rstrip(),
    )


def _no_name(line: bytes, at: int, what: str) -> Broken:
    why = "A field is a name, which is a token, then a colon at once, and the value."
    if line[at : at + 1] in (b" ", b"\t"):
        why += " White space before the colon has been used to smuggle fields past those who read them otherwise."
    expected = "a colon right behind the name of a field" if at else "the name of a field"
    return Broken(f"no field in {what}", expected=expected, text=line, start=at, section="RFC 9112, 5 and 5.1", why=why)


def _no_size(line: bytes, at: int, expected: str) -> Broken:
    why = "The size says how many bytes follow, so the client would lose its place. Sizes count bytes, without the CRLF around them."
    return Broken(
        "no size of a chunk",
        expected=expected,
        text=line,
        start=at,
        length=max(len(line) - at, 1) if at == 0 else 1,
        section="RFC 9112, 7.1",
        why=why,
    )
