"""The head of a request: from its bytes, which have come whole, to what it asks for."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import msgspec

from climb.systems.http.fields import CHUNKED, Fields, read_fields
from climb.systems.http.grammar import BARE_END, FIELD_LINES, REQUEST_LINE, TOKEN, is_host
from climb.systems.http.refusal import Refusal

__all__ = ["PLAIN", "Head", "plain_head", "read_head"]

_SHAPE = re.compile(REQUEST_LINE.pattern + rb"(" + FIELD_LINES.pattern + rb")\r\n")  # all that is right, in one go
# Nearly all that comes: a path, no percent sign, and the version of everybody. One pattern says that it is right, to its end.
PLAIN = re.compile(
    rb"(" + TOKEN + rb") ((/[!\"$&->@-~]*+)(?:\?([!\"$&-~]*+))?+) HTTP/1\.1\r\n(" + FIELD_LINES.pattern + rb")\r\n"
)
_KNOWN_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")}
_METHOD = re.compile(TOKEN)
_TARGET = re.compile(rb'[!"$-~]++')
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_WHOLE_URL = re.compile(rb"http://([^/?]*+)(.*+)", re.IGNORECASE)


class Head(msgspec.Struct, frozen=True, gc=False):
    """A request's line and fields."""

    method: str
    target: bytes  # as it was sent
    raw_path: bytes  # of the target, still encoded
    query: bytes
    minor: int  # of the version: 0, or 1 for all that came later
    fields: Fields
    length: int  # of the body; CHUNKED if that is still to be seen
    closes: bool  # the connection ends with the answer

    @property
    def path(self) -> str:
        """The path, decoded once."""
        return (
            unquote_to_bytes(self.raw_path).decode("utf-8") if b"%" in self.raw_path else self.raw_path.decode("ascii")
        )

    @property
    def waits(self) -> bool:
        """Tell whether the client waits for ``100 Continue``, or for an answer, before it sends the body."""
        return self.fields.continues and self.minor > 0 and self.length != 0


def plain_head(match: re.Match[bytes]) -> Head:
    """Return the head that :data:`PLAIN` has found, or raise why its fields can't stand."""
    method, target, path, query, block = match.groups()
    fields = read_fields(block)
    if not fields.hosts:
        raise Refusal(400, "no Host")
    if fields.refusal is not None:
        raise Refusal(fields.refusal.status, fields.refusal.why)
    name = _KNOWN_METHODS.get(method) or method.decode("ascii")
    return Head(name, target, path, query or b"", 1, fields, fields.length, fields.closes)


def read_head(raw: bytes) -> Head:
    """Return the head that these bytes are, the empty line at their end included, or raise why they are none."""
    match = _SHAPE.fullmatch(raw)
    if match is None:
        raise _what_is_wrong(raw)
    method, target, major, minor, block = match.groups()
    if major != b"1":
        raise Refusal(505, "only HTTP/1.1 and 1.0 are spoken here")
    old = minor == b"0"
    fields = read_fields(block)
    if not fields.hosts and not old:
        raise Refusal(400, "no Host")
    if fields.length == CHUNKED and old:
        raise Refusal(400, "Transfer-Encoding in a request of HTTP/1.0")
    if fields.refusal is not None:
        raise Refusal(fields.refusal.status, fields.refusal.why)
    path, _, query = (target if target[:1] == b"/" else _of_whole_url(target)).partition(b"?")
    if b"%" in target:
        _hold_percents(target, path)
    name = method.decode("ascii")
    return Head(name, target, path, query, 0 if old else 1, fields, fields.length, old or fields.closes)


def _of_whole_url(target: bytes) -> bytes:
    """Return path and query of ``http://host/path?query``."""
    match = _WHOLE_URL.fullmatch(target)
    if match is None:
        raise Refusal(400, "the target is neither a path nor an http URL")
    if not is_host(match[1]):
        raise Refusal(400, "the target names no host")
    rest: bytes = match[2]
    return rest if rest[:1] == b"/" else b"/" + rest


def _hold_percents(target: bytes, path: bytes) -> None:
    if _BAD_PERCENT.search(target):
        raise Refusal(400, "a % in the target without two hexadecimal digits behind it")
    plain = unquote_to_bytes(path)
    if b"\0" in plain:
        raise Refusal(400, "a zero byte in the path")
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, "the path is not UTF-8") from None


def _what_is_wrong(raw: bytes) -> Refusal:
    """Return the first thing that is wrong with bytes that are no head; line ends come first, as they are seen first."""
    if BARE_END.search(raw):
        return Refusal(400, "a line that does not end with CRLF, or a CR within one")
    line, _, lines = raw.partition(b"\r\n")
    return _wrong_line(line) if REQUEST_LINE.fullmatch(line + b"\r\n") is None else _wrong_field(lines)


def _wrong_line(line: bytes) -> Refusal:
    parts = line.split(b" ")
    if len(parts) != 3:
        return Refusal(400, "the request line is not three parts with one space between each")
    method, target, version = parts
    if not _METHOD.fullmatch(method):
        return Refusal(400, "the method is no token")
    if not _TARGET.fullmatch(target):
        return Refusal(400, "a character that has no place in a target")
    assert not _VERSION.fullmatch(version)
    return Refusal(400, "the version is not HTTP/ digit . digit")


def _wrong_field(lines: bytes) -> Refusal:
    matched = FIELD_LINES.match(lines)
    assert matched is not None  # it may match nothing
    line = lines[matched.end() :].partition(b"\r\n")[0]
    if line[:1] in {b" ", b"\t"}:
        return Refusal(400, "white space at the beginning of a field's line")
    name, colon, _ = line.partition(b":")
    if not colon:
        return Refusal(400, "a field without a colon")
    if not _METHOD.fullmatch(name):
        return Refusal(400, "a field's name is no token")
    return Refusal(400, "a control character in a field's value")
