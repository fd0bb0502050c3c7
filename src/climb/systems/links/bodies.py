"""What requests about links carry, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from climb.stack.http.fields import Rule
from climb.stack.http.problems import FieldError, invalid
from climb.systems.links.codes import RESERVED, code_like

__all__ = ["Bodies", "ClicksQuery", "LinkChange", "ListQuery", "NewLink"]

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z", re.ASCII)


def moment(text: str) -> datetime:
    """The time that a text of RFC 3339 in UTC is."""
    if not _MOMENT.fullmatch(text):
        raise ValueError("expected a time in UTC as in RFC 3339, such as 2027-01-01T00:00:00Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day") from None


def full_hour(text: str) -> datetime:
    """The full hour that a text is."""
    hour = moment(text)
    if hour.minute or hour.second or hour.microsecond:
        raise ValueError("expected a full hour")
    return hour


def _chosen(code: str) -> str:
    if code in RESERVED:
        raise ValueError("is none that a link can have")
    if not code_like(code):
        raise ValueError("expected 3 to 32 characters of 0-9, A-Z, a-z, '_' and '-'")
    return code


class NewLink(msgspec.Struct, frozen=True):
    """A link to be made."""

    url: str
    code: str | None
    expires_at: datetime | None


class ListQuery(msgspec.Struct, frozen=True):
    """Which of the owner's links are asked for."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    after: str | None = None
    q: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ClicksQuery(msgspec.Struct, frozen=True):
    """Which clicks are asked for."""

    start: Annotated[str | None, Rule(full_hour)] = msgspec.field(default=None, name="from")
    end: Annotated[str | None, Rule(full_hour)] = msgspec.field(default=None, name="to")
    by: Literal["hour", "day"] = "day"


class LinkChange(msgspec.Struct, frozen=True):
    """What is to be changed of a link; what is UNSET stays as it is."""

    url: str | UnsetType
    expires_at: datetime | UnsetType | None


class Bodies:
    """Reads links and changes of links; ``target`` returns the address or raises ValueError with what is wrong with it."""

    def __init__(self, target: Callable[[str], str]) -> None:
        self._target = target

    def new(self, document: Mapping[str, Any], now: datetime) -> NewLink:
        """A link to be made; else the problem with all that is wrong."""
        reading = _Reading(document, ("url", "code", "expires_at"))
        url = reading.text("url", self._target)
        code = reading.text("code", _chosen) if "code" in document else None
        expires_at = reading.text("expires_at", lambda text: _later(text, now), or_null=True)
        if "url" not in document:
            reading.errors.append(FieldError("url", "missing"))
        reading.end()
        return NewLink(url, code, expires_at)

    def change(self, document: Mapping[str, Any], now: datetime) -> LinkChange:
        """A change of a link; else the problem with all that is wrong."""
        reading = _Reading(document, ("url", "expires_at"))
        url = reading.text("url", self._target) if "url" in document else UNSET
        expires_at: Any = UNSET
        if "expires_at" in document:
            expires_at = reading.text("expires_at", lambda text: _later(text, now), or_null=True)
        if not document:
            reading.errors.append(FieldError("url", "expected url or expires_at, or both"))
        reading.end()
        return LinkChange(url, expires_at)


class _Reading:
    """The fields of a document and all that is wrong with them. Imports have many, so this is done without much ado."""

    def __init__(self, document: Mapping[str, Any], known: tuple[str, ...]) -> None:
        self._document = document
        self.errors = [FieldError(name, "unknown") for name in document if name not in known]

    def text(self, name: str, read: Callable[[str], Any], *, or_null: bool = False) -> Any:
        """What ``read`` makes of a field, None if it is not there."""
        given = self._document.get(name)
        if given is None and (or_null or name not in self._document):
            return None
        if not isinstance(given, str):
            self.errors.append(FieldError(name, "expected a text" + (" or null" if or_null else "")))
            return None
        try:
            return read(given)
        except ValueError as error:
            self.errors.append(FieldError(name, str(error)))
            return None

    def end(self) -> None:
        """Raise the problem if there is one."""
        if self.errors:
            raise invalid(*self.errors)


def _later(text: str, now: datetime) -> datetime:
    end = moment(text)
    if end <= now:
        raise ValueError("is over already")
    return end
