"""Writes a JSON object a line: the kind that the contract asks for."""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any

import msgspec

from climb.systems.scanner.model import State
from climb.systems.scanner.output.outlet import Outlet

if TYPE_CHECKING:
    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.output.writer import Request

__all__ = ["JsonLines"]

# The control characters U+0080 to U+009F in UTF-8. JSON lets them pass as they are, but some terminals obey them (U+009B
# begins an escape sequence), and an escaped character means the same to a parser.
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


class JsonLines:
    """A line for each port as soon as it is known, then one line with the summary."""

    def __init__(self, stream: IO[str], request: Request) -> None:
        self._outlet = Outlet(stream)
        self._show_all = request.show_all
        self._encoder = msgspec.json.Encoder()

    def found(self, found: Found) -> None:
        if self._show_all or found.state is State.OPEN:
            self._write(found)

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        self._write({"summary": summary, "interrupted": True} if interrupted else {"summary": summary})

    def _write(self, value: Any) -> None:
        line = self._encode(value)
        if b"\xc2" in line:
            line = _C1.sub(lambda match: b"\\u00%02x" % match[0][1], line)
        self._outlet.write(line + b"\n")

    def _encode(self, value: Any) -> bytes:
        try:
            return self._encoder.encode(value)
        except UnicodeEncodeError:  # a lone surrogate, which UTF-8 can't hold: one odd name must not end a scan
            text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
            return _SURROGATES.sub("\ufffd", text).encode()
