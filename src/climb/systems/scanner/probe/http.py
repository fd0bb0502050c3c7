"""Reading the answer to ``GET /``, whoever wrote it (RFC 9112, with the tolerance that section 2.2 asks for).

The reader takes bytes as they come and never fails: a server that breaks off in the middle leaves what was known by
then. It stops as early as it can, when the title is known or the body is complete.
"""

from __future__ import annotations

import re

from climb.systems.scanner.model import Http
from climb.systems.scanner.probe.title import TitleFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HttpReader", "request"]

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
_PREFIX = b"HTTP/"
_USER_AGENT = "climb-scan"


def request(host_header: str) -> bytes:
    """``GET /`` for one answer, uncompressed, after which the server should close; *host_header* is plain ASCII."""
    return (
        f"GET / HTTP/1.1\r\nHost: {host_header}\r\nUser-Agent: {_USER_AGENT}\r\n"
        "Accept: text/html,*/*;q=0.5\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


class HttpReader:
    """An HTTP/1 response, read far enough for a scan."""

    def __init__(self) -> None:
        self.done = False
        self.is_http: bool | None = None  # None: too few bytes to tell
        self.status: int | None = None
        self._headers: dict[str, str] = {}
        self._last_header = ""
        self._buffer = bytearray()
        self._line_from = 0  # no line ending before this index of the buffer
        self._step: Callable[[], bool] = self._read_status
        self._left = 0  # bytes of the body, or of the chunk, still to come
        self._title = TitleFinder()

    @property
    def http(self) -> Http | None:
        """What is known so far; None if this isn't HTTP."""
        if self.status is None:
            return None
        headers = self._headers
        return Http(
            status=self.status, server=headers.get("server"), title=self._title.title, location=headers.get("location")
        )

    def feed(self, data: bytes) -> None:
        """Read on."""
        self._buffer += data
        if self.is_http is None:
            self._recognise()
        while not self.done and self._step():
            pass

    def end(self) -> None:
        """No more will come: a status line without its ending still counts."""
        if not self.done and self.status is None:
            self._accept_status(bytes(self._buffer))
        self.done = True

    def _recognise(self) -> None:
        start = self._buffer[: len(_PREFIX)]
        if not _PREFIX.startswith(start):
            self.is_http, self.done = False, True

    def _read_status(self) -> bool:
        line = self._line()
        if line is None:
            return False
        self._accept_status(line)
        self._step = self._read_header
        return not self.done

    def _accept_status(self, line: bytes) -> None:
        match = _STATUS.match(line)
        if match is None:
            self.is_http, self.done = False, True
        else:
            self.is_http, self.status = True, int(match[1])

    def _read_header(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if line:
            self._keep_header(line)
        else:
            self._begin_body()
        return True

    def _keep_header(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        if text[0] in " \t":  # obs-fold: the value goes on (RFC 9112, 5.2)
            if self._last_header:
                self._headers[self._last_header] += " " + text.strip(" \t")
            return
        name, colon, value = text.partition(":")
        self._last_header = ""
        key = name.strip(" \t").lower()
        if colon and key not in self._headers:
            self._headers[key] = value.strip(" \t")
            self._last_header = key

    def _begin_body(self) -> None:
        assert self.status is not None
        if 100 <= self.status < 200:  # an interim answer: the real one follows
            self._headers.clear()
            self._step = self._read_status
        elif "chunked" in self._headers.get("transfer-encoding", "").lower():
            self._step = self._read_chunk_size
        elif self.status in (204, 304):
            self.done = True
        else:
            length = self._headers.get("content-length", "")
            known = length.isascii() and length.isdigit() and len(length) < 19
            self._left = int(length) if known else -1
            self._step = self._read_body

    def _read_body(self) -> bool:
        """The rest of the body, whether counted or up to the end of the connection."""
        counted = self._left >= 0
        data = self._take(self._left if counted else len(self._buffer))
        self._left -= len(data) if counted else 0
        self.done = self._title.feed(data) or self._left == 0
        return False

    def _read_chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = line.partition(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            self._left = 0
        self.done = self._left <= 0  # the last chunk, or nonsense, after which nothing can be trusted
        self._step = self._read_chunk
        return not self.done

    def _read_chunk(self) -> bool:
        data = self._take(self._left)
        self._left -= len(data)
        self.done = self._title.feed(data)
        if self._left == 0:
            self._step = self._read_chunk_end
        return self._left == 0

    def _read_chunk_end(self) -> bool:
        if self._line() is None:
            return False
        self._step = self._read_chunk_size
        return True

    def _line(self) -> bytes | None:
        """The next line without its ending, or None if it isn't complete."""
        end = self._buffer.find(b"\n", self._line_from)
        if end < 0:
            self._line_from = len(self._buffer)
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        self._line_from = 0
        return line

    def _take(self, most: int) -> bytes:
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        self._line_from = 0
        return data
