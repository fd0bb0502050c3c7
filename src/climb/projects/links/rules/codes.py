"""What a code may be, and whether random ones look random."""

from __future__ import annotations

import string
from collections.abc import Sequence

__all__ = ["ALPHABET", "RANDOM_ALPHABET", "RESERVED", "guessable"]

RANDOM_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ALPHABET = RANDOM_ALPHABET + "_-"
RESERVED = ("healthz", "readyz", "metrics", "docs")

_LENGTH = 7
_ENOUGH = 24  # codes for which the bounds below hold with any alphabet of 30 or more: a random one breaks them once in a billion runs
_LEAST_IN_ALL = 25  # different characters among all codes; 16 are hexadecimal digits
_LEAST_AT_A_PLACE = 7


def guessable(codes: Sequence[str]) -> str | None:
    """Why codes made one after the other do not look random, in words; None if they do. There must be at least 24."""
    if len(codes) < _ENOUGH:
        raise ValueError(f"{len(codes)} codes tell nothing, {_ENOUGH} are needed")
    for code in codes:
        if len(code) != _LENGTH or any(one not in RANDOM_ALPHABET for one in code):
            return f"{code!r} is not 7 characters of 0-9A-Za-z"
    if len(set(codes)) < len(codes):
        return "one was given twice"
    places = [len(set(place)) for place in zip(*codes, strict=True)]
    if min(places) < _LEAST_AT_A_PLACE:
        at = places.index(min(places)) + 1
        return f"{len(codes)} codes have only {min(places)} different characters at place {at}"
    if len(set("".join(codes))) < _LEAST_IN_ALL:
        return f"{len(codes)} codes are made of only {len(set(''.join(codes)))} different characters"
    return None
