"""The answer to an import, read strictly: a line for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from climb.judge.drivers.problems import FieldError

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["Told", "told_in"]

_FORM = '{"line": number, "code": text} or {"line": number, "errors": [{"field": text, "message": text}, …]}'
_SHOWN = 300
_WHY = "Each line of the import has a line of JSON in the answer, in order, so that whoever sent it can put them side by side."


class Told(msgspec.Struct, frozen=True):
    """What became of a line."""

    line: int
    code: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def fields(self) -> list[str] | None:
        """The fields that are wrong; None if a link was made."""
        return sorted({error.field for error in self.errors}) if self.code is None else None


def told_in(answer: Answer, count: int) -> list[Told]:
    """What became of each of so many lines; fails the check for another status than 200, or another form."""
    answer.demand(200)
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-ndjson":
        answer.blame("Content-Type: application/x-ndjson", f"Content-Type: {kind}" if kind else "no Content-Type", _WHY)
    try:
        told = msgspec.json.Decoder(Told).decode_lines(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer.blame(f"lines of the form {_FORM}", f"{answer.text[:_SHOWN]!r}   ({error})", _WHY)
    if [each.line for each in told] != list(range(1, count + 1)):
        answer.blame(
            f"{count} lines, numbered from 1 in order",
            f"{len(told)} lines, numbered {', '.join(str(each.line) for each in told[:6])}, …",
            _WHY,
        )
    odd = next((each for each in told if (each.code is None) == (not each.errors)), None)
    if odd is not None:
        answer.blame(f"a code or errors, and not both: {_FORM}", msgspec.json.encode(odd).decode(), _WHY)
    return told
