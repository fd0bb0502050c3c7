"""E-mail addresses as the brief has them: how one is written in many ways, and what is none."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["LONGEST", "good_addresses", "spelled", "wrong_addresses"]

LONGEST = 254
_LOCAL = string.ascii_lowercase + string.digits + "!#$%&'*+-/=?^_`{|}~."
_WHITE = ("", " ", "\t", "\r\n", "\n ", " \t\r\n")


def spelled(draw: Draws, email: str) -> str:
    """The same address with some letters in upper case, and white space around it."""
    rng = draw.source()
    letters = [letter.upper() if rng.random() < 0.5 else letter for letter in email]
    letters[0] = letters[0].upper()  # so that it is never the same text
    return f"{draw.choice(_WHITE)}{''.join(letters)}{draw.choice(_WHITE)}"


def good_addresses(draw: Draws) -> list[tuple[str, str]]:
    """Addresses that are unusual and allowed, in lower case, each with what is unusual."""
    tail = f"{draw.word(4, 6)}{draw.source().randrange(10**6)}"
    local = "".join(draw.choice(_LOCAL) for _ in range(draw.integer(1, 8)))
    domain = f"@{tail}.example"
    return [
        (f"a{local}{tail}@x.example", "marks before the @"),
        (f"{tail}+shop@x-1.4you.example", "a plus sign, and digits and hyphens behind the @"),
        (f'"q,;:<>[]\\{tail}"@x.example', "quotes and brackets before the @"),
        (f"{tail}@a.b.c.d.e.example", "many names behind the @"),
        ("l" * (LONGEST - len(domain)) + domain, f"{LONGEST} characters"),
    ]


def wrong_addresses(draw: Draws) -> list[tuple[str, str]]:
    """What is no address, each with the rule that it breaks."""
    name, place = draw.word(), f"{draw.word()}.example"
    many = "one @"
    domain = "two or more names of letters, digits and -, with dots between"
    plain = "all printable ASCII without spaces"
    too_long = f"{'l' * (LONGEST + 1 - len(place) - 1)}@{place}"
    return [
        (f"{name}.{place}", many),
        (f"{name}@{name}@{place}", many),
        (f"@{place}", "something before the @"),
        (f"{name}@", domain),
        (f"{name}@localhost", domain),
        (f"{name}@.{place}", domain),
        (f"{name}@{place}.", domain),
        (f"{name}@a..{place}", domain),
        (f"{name}@a_b.{place}", domain),
        (f"{name}@[127.0.0.1]", domain),
        (f"{name} x@{place}", plain),
        (f"{name}@{name} {place}", plain),
        (f"{name}\r\nBcc: x@{place}", plain),
        (f"{name}\u00e9@{place}", plain),
        (f"{name}@b\u00fccher.example", plain),
        (f"\u00a0{name}@{place}", plain),  # a hard space is none of spaces, tabs and line ends
        (too_long, f"at most {LONGEST} characters"),
        ("", "an address"),
    ]
