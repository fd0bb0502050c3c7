"""Where a request ends (RFC 9112, 6)."""

import re
from dataclasses import dataclass

from limits import number
from refused import Refused


@dataclass(frozen=True)
class Framing:
    """How the body comes: so many bytes, or in chunks."""

    length: int = 0
    in_chunks: bool = False

    @property
    def has_body(self) -> bool:
        return self.in_chunks or self.length > 0


def framing_of(request) -> Framing:
    lengths = request.fields.all("content-length")
    codings = request.fields.all("transfer-encoding")
    if codings:
        if lengths:
            raise Refused(400, "Transfer-Encoding beside Content-Length")
        check_codings(request)
        return Framing(in_chunks=True)
    return Framing(length=read_length(lengths)) if lengths else Framing()


def check_codings(request):
    if request.version < (1, 1):
        raise Refused(400, "HTTP/1.0 has no Transfer-Encoding")
    codings = request.fields.words("transfer-encoding")
    if codings[-1:] != ["chunked"]:
        raise Refused(400, "chunked is the last coding")
    if codings.count("chunked") > 1:
        raise Refused(400, "chunked is named once")
    if len(codings) > 1:
        raise Refused(501, "there is no other coding than chunked")


def read_length(lengths) -> int:
    if len(lengths) > 1:
        raise Refused(400, "Content-Length comes once")
    if not re.fullmatch("[0-9]+", lengths[0]):
        raise Refused(400, "Content-Length is digits")
    return number(lengths[0].encode("ascii"))
