"""What ``/mirror`` says: how the server understood a request, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["Mirrored", "mirrored"]

_SHOWN = 400
_FORM = (
    '{"method": text, "target": text, "path": text, "query": text, "version": text, "fields": [[name, value], …], '
    '"body_bytes": whole number, "body_sha256": text, "trailers": [[name, value], …]}'
)
_ALLOWED = "The brief allows this request, and the mirror answers each that it allows with 200."
_WHY = "The mirror is how the judge sees what was read, so its names and types are those of the brief."


class Mirrored(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the server read it."""

    method: str
    target: str
    path: str
    query: str
    version: str
    fields: tuple[tuple[str, str], ...]
    body_bytes: int
    body_sha256: str
    trailers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """The values of the fields of this name, in order."""
        return [value for field, value in self.fields if field == name]


def mirrored(answer: Answer, why: str = "") -> Mirrored:
    """The mirror's document in an answer; fails the check if the answer is none, or has another form. ``why`` says what the brief allows here."""
    if answer.status != 200:
        answer.blame(
            "status 200 and the request as JSON",
            f"status {answer.status}   {answer.text[:_SHOWN]!r}",
            f"{_ALLOWED} {why}".strip(),
        )
    try:
        return msgspec.json.decode(answer.body, type=Mirrored)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer.blame(_FORM, f"{answer.text[:_SHOWN]}   ({error})", _WHY)
