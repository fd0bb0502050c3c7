"""The fields of a head, and what they say of the message itself: where it ends, and whether the connection goes on.

A client sends the same fields with each of its requests, and often so do all clients of one kind. So what was read of a block of
fields is kept, for as many blocks as fit, and read once. Nothing in it depends on the request line.
"""

from __future__ import annotations

from climb.systems.http.grammar import FIELD, is_host
from climb.systems.http.refusal import Refusal

__all__ = ["CHUNKED", "Fields", "Pairs", "known_fields", "pairs_of", "read_fields", "text_of"]

CHUNKED = -1  # instead of a body's length
_LONGEST_LENGTH = 18  # digits: far more than any limit
_WHITE = b" \t"
_KNOWN_BLOCKS = 256
_KNOWN_BYTES = 2048  # a longer block is not kept

Pairs = list[tuple[bytes, bytes]]


class Fields:
    """Names in lower case and values, in the order of their arrival; not to be changed, since requests share it."""

    __slots__ = (
        "closes",
        "conditional",
        "continues",
        "hosts",
        "length",
        "other_expectation",
        "pairs",
        "plain",
        "refusal",
    )

    def __init__(self, pairs: Pairs) -> None:
        """Understand what concerns every request; raise what no version of HTTP allows."""
        self.pairs = pairs
        self.hosts = 0
        self.length = 0  # of the body, or CHUNKED
        self.refusal: Refusal | None = None  # of codings, in a request of HTTP/1.1
        self.closes = False
        self.conditional = False  # it asks for a part, or under conditions
        self.continues = False
        self.other_expectation = False
        lengths: list[bytes] = []
        codings: list[bytes] = []
        for name, value in pairs:
            if name == b"host":
                self._count_host(value)
            elif name == b"connection":
                self.closes = self.closes or b"close" in _words(value)
            elif name == b"content-length":
                lengths.append(value)
            elif name == b"transfer-encoding":
                codings.append(value)
            elif name == b"expect":
                self._expect(value)
            elif name == b"range" or name.startswith(b"if-"):
                self.conditional = True
        if codings:
            self._read_codings(codings, lengths)
        elif lengths:
            self._read_length(lengths)
        # A request of HTTP/1.1 with these fields has no body, and leaves the connection as it is.
        asks_for_more = self.length or self.closes or self.continues or self.other_expectation
        self.plain = self.hosts == 1 and self.refusal is None and not asks_for_more

    def all(self, name: bytes) -> list[bytes]:
        """Return the values of each field with that name, which is given in lower case."""
        return [value for known, value in self.pairs if known == name]

    def first(self, name: bytes) -> bytes | None:
        """Return the value of the first field with that name."""
        return next((value for known, value in self.pairs if known == name), None)

    def _count_host(self, value: bytes) -> None:
        self.hosts += 1
        if self.hosts > 1:
            raise Refusal(400, "more than one Host")
        if value and not is_host(value):
            raise Refusal(400, "Host is no host")

    def _expect(self, value: bytes) -> None:
        if value.lower() == b"100-continue":
            self.continues = True
        else:
            self.other_expectation = True

    def _read_length(self, lengths: list[bytes]) -> None:
        if len(lengths) > 1:
            raise Refusal(400, "more than one Content-Length")
        digits = lengths[0]
        if not digits.isdigit():
            raise Refusal(400, "Content-Length is no number")
        if len(digits) > _LONGEST_LENGTH and len(digits := digits.lstrip(b"0")) > _LONGEST_LENGTH:
            raise Refusal(413, "a body of that length is too long")
        self.length = int(digits or b"0")

    def _read_codings(self, values: list[bytes], lengths: list[bytes]) -> None:
        if lengths:
            raise Refusal(400, "Transfer-Encoding beside Content-Length")
        self.length = CHUNKED
        codings = [word for value in values for word in _words(value)]
        if codings == [b"chunked"]:
            return
        if codings[-1] != b"chunked" or codings.count(b"chunked") > 1 or b"" in codings:
            self.refusal = Refusal(400, "chunked must be the last coding, and once")
        else:
            self.refusal = Refusal(501, "no coding but chunked is known")


def _words(value: bytes) -> list[bytes]:
    return [word.strip(_WHITE).lower() for word in value.split(b",")]


def pairs_of(block: bytes) -> Pairs:
    """Return names in lower case and values of field lines that are known to be some."""
    return [(name.lower(), value.strip(_WHITE)) for name, value in FIELD.findall(block)]


def text_of(value: bytes) -> str:
    """Return a value as text: UTF-8, as nearly everybody means it, or else what HTTP once said, ISO 8859-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


_known: dict[bytes, Fields] = {}


def read_fields(block: bytes) -> Fields:
    """Return the fields of lines that are known to be some."""
    fields = _known.get(block)
    if fields is None:
        fields = Fields(pairs_of(block))
        if len(block) <= _KNOWN_BYTES:
            if len(_known) >= _KNOWN_BLOCKS:
                _known.clear()
            _known[block] = fields
    return fields


def known_fields(block: bytes) -> Fields | None:
    """Return the fields of a block if they were read before; of bytes that are no lines of fields there are none."""
    return _known.get(block)
