"""People as a check makes them up, and what they hold after a login."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = ["Person", "Tokens", "draw_email", "draw_password", "draw_person", "tokens"]

_FORM = (
    '{"access_token": text, "token_type": "Bearer", "expires_in": whole number, "refresh_token": text, '
    '"refresh_expires_in": whole number}'
)
_ALPHABET = string.ascii_letters + string.digits + " .,:;!?-_#+*/=%&()"


class Person(msgspec.Struct, frozen=True):
    """Somebody with an address and a password; ``id`` is empty without an account."""

    email: str
    password: str
    id: str = ""

    def __str__(self) -> str:
        return self.email


class Tokens(msgspec.Struct, frozen=True):
    """What a login or a refresh gave."""

    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int


class _Given(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


def draw_email(draw: Draws) -> str:
    """An address that nobody else of the check has, in lower case."""
    number = draw.source().randrange(10**9)
    return f"{draw.word(1, 6)}{number}@{draw.word(1, 6)}.example"


def draw_password(draw: Draws, *, low: int = 12, high: int = 24) -> str:
    """A password of plain characters, of which the first and the last are no spaces."""
    rng = draw.source()
    inner = "".join(rng.choice(_ALPHABET) for _ in range(rng.randint(low, high) - 2))
    return f"{rng.choice(string.ascii_letters)}{inner}{rng.choice(string.ascii_letters)}"


def draw_person(draw: Draws) -> Person:
    """Somebody without an account."""
    return Person(draw_email(draw), draw_password(draw))


def tokens(answer: Answer) -> Tokens:
    """The tokens in an answer; fails the check if it has another form."""
    try:
        given = msgspec.json.decode(answer.body, type=_Given)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        answer.blame(_FORM, f"{answer.text[:300]!r}   ({error})", "The brief gives these names and types for a login.")
    return Tokens(given.access_token, given.refresh_token, given.expires_in, given.refresh_expires_in)
