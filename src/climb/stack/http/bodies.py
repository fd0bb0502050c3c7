"""What a request carries, typed: a JSON object, a form, or the parameters of its query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from climb.stack.http.fields import converted
from climb.stack.http.problems import FieldError, Problem, invalid

__all__ = ["demand_type", "pairs", "read_form", "read_json", "read_query"]

T = TypeVar("T", bound=msgspec.Struct)

_MOST_FIELDS = 200  # no form or query of ours has a tenth of that


async def read_json(request: Request, kind: type[T]) -> T:
    """The body as ``kind``: 415 for another media type, 400 for what is no JSON object, 422 with all fields that are wrong."""
    demand_type(request, "application/json")
    return converted(json_object(await request.body()), kind)


async def read_form(request: Request, kind: type[T]) -> T:
    """The form as ``kind``; 415, 400 and 422 as for JSON."""
    demand_type(request, "application/x-www-form-urlencoded")
    return converted(_once(pairs(await request.body(), "the form")), kind, texts=True)


def read_query(request: Request, kind: type[T]) -> T:
    """The parameters behind the ``?`` as ``kind``, else 422; a parameter that ``kind`` does not have is passed over."""
    return converted(_once(pairs(request.scope["query_string"], "the query")), kind, texts=True)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is, else a 400."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "the body is no JSON") from None
    if not isinstance(document, dict):
        raise Problem(400, "the body is no JSON object")
    return document


def pairs(encoded: bytes, name: str) -> list[tuple[str, str]]:
    """The fields of a form or a query as they were sent, also twice and unknown; 400, naming what it is, if it can't be read."""
    try:
        return parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # not ASCII, not UTF-8 behind the percent signs, or too many
        raise Problem(400, f"{name} can't be read") from None


def _once(found: Sequence[tuple[str, str]]) -> dict[str, str]:
    _demand_once(found)
    return dict(found)


def _demand_once(found: Sequence[tuple[str, str]]) -> None:
    twice = [field for field, times in Counter(field for field, _ in found).items() if times > 1]
    if twice:
        raise invalid(*(FieldError(field, "given more than once") for field in twice))


def demand_type(request: Request, expected: str) -> None:
    """415 for a body of another media type."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        raise Problem(415, f"expected a body of the type {expected}", headers={"Accept": expected})
