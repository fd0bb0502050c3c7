"""What people give: e-mail addresses and passwords, and what is right about them."""

from __future__ import annotations

import hashlib
import re

__all__ = ["address_key", "new_password", "plain_address", "sought_address"]

_AROUND = " \t\r\n"
_LONGEST = 254
_ADDRESS = re.compile(r"[!-?A-~]+@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+")
_PRINTABLE = re.compile(r"[!-~]*")
_LEAST, _MOST = 10, 256

# What others have chosen before: the most common of those with ten characters or more in lists of leaked passwords.
_COMMON = frozenset(
    [
        "password123",
        "1234567890",
        "qwertyuiop",
        "12345678910",
        "123456789a",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qwerty123456",
        "password1234",
        "qwerty1234",
        "1234567891",
        "0123456789",
        "9876543210",
        "0987654321",
        "1111111111",
        "0000000000",
        "1234512345",
        "1231231231",
        "123123123123",
        "abcdefghij",
        "abcd123456",
        "asdfghjkl1",
        "zxcvbnm123",
        "q1w2e3r4t5",
        "q1w2e3r4t5y6",
        "1q2w3e4r5t6y",
        "qazwsxedcrfv",
        "iloveyou123",
        "welcome123",
        "password12",
        "password!1",
        "passw0rd123",
        "administrator",
        "letmein123",
        "changeme123",
        "sunshine123",
        "football123",
        "princess123",
        "superman123",
        "liverpool1",
        "michael123",
        "1111111111111",
        "111111111111",
        "123456123456",
        "1029384756",
        "147258369",
        "7777777777",
        "8888888888",
        "9999999999",
        "5555555555",
        "2222222222",
        "qwertyuiop123",
        "qwerty12345",
        "asdfasdfasdf",
        "asdf123456",
        "aaaaaaaaaa",
        "basketball",
        "bismillah1",
        "unbelievable",
        "mypassword",
    ]
)


def sought_address(text: str) -> str:
    """The address that somebody means who logs in, whether it is one or not: without what is around it, and in lower case."""
    within = text.strip(_AROUND)
    return within.lower() if within.isascii() else within  # K, the Kelvin sign, in lower case would be the letter k


def plain_address(text: str) -> str:
    """The address as it is kept; ValueError says what is wrong with it."""
    within = text.strip(_AROUND)
    if len(within) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST} characters")
    if not _PRINTABLE.fullmatch(within):
        raise ValueError("has a character that is none of printable ASCII, or a space within")
    if within.count("@") != 1:
        raise ValueError("has no @" if "@" not in within else "has more than one @")
    if not _ADDRESS.fullmatch(within):
        raise ValueError("is not like name@example.org")
    return within.lower()


def new_password(text: str) -> str:
    """The password as it was given; ValueError says why it can't be one."""
    if len(text) < _LEAST:
        raise ValueError(f"expected {_LEAST} or more characters")
    if len(text) > _MOST:
        raise ValueError(f"expected at most {_MOST} characters")
    if text in _COMMON:
        raise ValueError("is one of those that everybody tries first")
    return text


def address_key(address: str) -> bytes:
    """What stands for an address, of any length, among the failed logins."""
    return hashlib.sha256(address.encode()).digest()
