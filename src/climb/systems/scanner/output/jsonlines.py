"""Writes a JSON object a line: the kind that the contract asks for.

Written by hand because it is needed by nearly every scan, and to import an encoder takes longer than to scan a near
host. The alphabet is small: named tuples, text, numbers and null.
"""

from __future__ import annotations

from _json import encode_basestring  # the part of ``json`` that escapes text; the module itself brings parsers along

from climb.systems.scanner.model import Found, Http, State, Summary, Tls
from climb.systems.scanner.output.outlet import Outlet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO, Any

    from climb.systems.scanner.output.writer import Request

__all__ = ["JsonLines"]


class JsonLines:
    """A line for each port as soon as it is known, then one line with the summary."""

    def __init__(self, stream: IO[str], request: Request) -> None:
        self._outlet = Outlet(stream)
        self._show_all = request.show_all

    def found(self, found: Found) -> None:
        if self._show_all or found.state is State.OPEN:
            self._write(_found(found))

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        end = ',"interrupted":true' if interrupted else ""
        self._write(f'{{"summary":{_summary(summary)}{end}}}')

    def _write(self, text: str) -> None:
        try:
            line = text.encode()
        except UnicodeEncodeError:  # a lone surrogate, which UTF-8 can't hold: one odd name must not end a scan
            line = _without_surrogates(text).encode()
        if b"\xc2" in line:
            line = _with_c1_escaped(line)
        self._outlet.write(line + b"\n")


def _object(kind: Any) -> Callable[[tuple[object, ...]], str]:
    """What turns named tuples of this kind into JSON objects, with null for what is absent."""
    members = ",".join(f'"{field}":%s' for field in kind._fields)
    template = f"{{{members}}}"
    return lambda value: template % tuple([_TEXTS[type(part)](part) for part in value])


_TEXTS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: float.__repr__,
    str: encode_basestring,
    State: encode_basestring,
}
_TEXTS[Http] = _object(Http)
_TEXTS[Tls] = _object(Tls)
_found = _object(Found)
_summary = _object(Summary)


def _without_surrogates(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)


def _with_c1_escaped(line: bytes) -> bytes:
    """The control characters U+0080 to U+009F as escapes.

    JSON lets them pass as they are, but some terminals obey them (U+009B begins an escape sequence), and an escaped
    character means the same to a parser.
    """
    import re

    return re.sub(rb"\xc2[\x80-\x9f]", lambda match: b"\\u00%02x" % match[0][1], line)
