"""How the end of an answer's body is told (RFC 9112, 6.3): by no body at all, by chunks, by a length, by the end of the connection."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from climb.judge.drivers.http1.answers import Framing
from climb.judge.drivers.http1.grammar import FieldLine
from climb.judge.drivers.http1.violations import Broken

__all__ = ["Ending", "Misplaced", "ending"]

_LENGTH_DIGITS = 19  # 63 bits: what clients count in


class Ending(msgspec.Struct, frozen=True):
    """How the end is told, and the length if it is told by that."""

    framing: Framing
    length: int = 0


class Misplaced(Exception):
    """A rule was broken by this field of the head."""

    def __init__(self, field: FieldLine, broken: Broken) -> None:
        super().__init__(broken.what)
        self.field = field
        self.broken = broken


def ending(method: str, version: str, status: int, fields: Sequence[FieldLine]) -> Ending:
    """How the body ends; raises Misplaced if the fields contradict each other, the status or the grammar."""
    lengths = [field for field in fields if field.name == "content-length"]
    codings = [field for field in fields if field.name == "transfer-encoding"]
    _demand_none(status, lengths, codings)
    length = _length(lengths)
    _demand_chunks(version, codings)
    if codings and lengths:
        raise _misplaced(
            max(lengths[0], codings[0], key=lambda field: field.line),
            "both Content-Length and Transfer-Encoding",
            "one of the two",
            "RFC 9112, 6.2",
            "With both, two readers can see two different ends of the same answer, and take the rest for another one.",
        )
    if method == "HEAD" or status in (204, 304) or status < 200:
        return Ending("none")
    if codings:
        return Ending("chunks")
    return Ending("close") if length is None else Ending("length", length)


def _demand_none(status: int, lengths: list[FieldLine], codings: list[FieldLine]) -> None:
    """Answers with status 1xx and 204 end with their head, and must not speak of a body."""
    if status >= 200 and status != 204:
        return
    for field, section in [(field, "RFC 9110, 8.6") for field in lengths] + [
        (field, "RFC 9112, 6.1") for field in codings
    ]:
        raise _misplaced(
            field,
            f"{_NAMES[field.name]} in an answer with status {status}",
            f"no {_NAMES[field.name]}",
            section,
            f"An answer with status {status} ends with its head. A reader that believes the field waits for a body that never comes.",
        )


def _length(lengths: list[FieldLine]) -> int | None:
    for field in lengths:
        if not (field.value.isascii() and field.value.isdigit()) or len(field.value) > _LENGTH_DIGITS:
            raise _misplaced(
                field,
                "Content-Length that is no number",
                "digits and nothing else, the number of bytes of the body",
                "RFC 9110, 8.6",
                "Whoever reads it otherwise sees another end of the answer.",
            )
    if len(lengths) > 1:
        raise _misplaced(
            lengths[1],
            "Content-Length twice",
            "Content-Length once",
            "RFC 9110, 5.3 and 8.6",
            "The field is no list, so it must not come twice. Readers that believe one or the other see different ends of the answer.",
        )
    return int(lengths[0].value) if lengths else None


def _demand_chunks(version: str, codings: list[FieldLine]) -> None:
    """The one coding is chunked: all others need a client that asked for them with TE, and the judge never does."""
    for field in codings:
        if version == "1.0":
            why = "HTTP/1.0 knows no Transfer-Encoding, so its readers take the chunks for the body itself."
            raise _misplaced(
                field, "Transfer-Encoding in an answer of HTTP/1.0", "no Transfer-Encoding", "RFC 9112, 6.1", why
            )
        if field.value.lower() != "chunked":
            why = "Any other coding needs a client that names it in TE, and chunked must be the last one."
            raise _misplaced(
                field, "another Transfer-Encoding", "chunked, and nothing else", "RFC 9112, 6.1 and 7", why
            )
    if len(codings) > 1:
        raise _misplaced(
            codings[1], "chunked twice", "chunked once", "RFC 9112, 6.1", "A body must not be put into chunks twice."
        )


_NAMES = {"content-length": "Content-Length", "transfer-encoding": "Transfer-Encoding"}


def _misplaced(field: FieldLine, what: str, expected: str, section: str, why: str) -> Misplaced:
    value = field.text.index(b":") + 1
    start = value + len(field.text[value:]) - len(field.text[value:].lstrip(b" \t"))
    length = max(len(field.text.rstrip(b" \t")) - start, 1)
    broken = Broken(what, expected=expected, text=field.text, start=start, length=length, section=section, why=why)
    return Misplaced(field, broken)
