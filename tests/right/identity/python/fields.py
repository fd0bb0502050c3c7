"""What the fields of a JSON body may hold: each rule gives back the value that counts, or raises ValueError with what is wrong."""

import re
from urllib.parse import urlsplit

LONGEST_ADDRESS = 254
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 256
WHITE_SPACE = " \t\r\n"
ADDRESS = re.compile(r"[!-?A-~]+@[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+")
SCOPE = re.compile(r"[!#-\[\]-~]+")
COMMON = {
    "password123",
    "1234567890",
    "qwertyuiop",
    "password1234",
    "12345678910",
    "qwerty12345",
    "iloveyou123",
    "1q2w3e4r5t",
}
ROLES = {"user", "admin"}
GRANTS = {"authorization_code", "refresh_token", "client_credentials"}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def text(value) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    if "\0" in value:
        raise ValueError("has a character U+0000")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("has half of a pair of surrogates")
    return value


def spelled(value: str) -> str:
    """An address in the one spelling that counts."""
    return value.strip(WHITE_SPACE).lower()


def address(value) -> str:
    found = spelled(text(value))
    if len(found) > LONGEST_ADDRESS:
        raise ValueError(f"has more than {LONGEST_ADDRESS} characters")
    if not ADDRESS.fullmatch(found):
        raise ValueError("is no address such as ada@example.org")
    return found


def some_address(value) -> str:
    """Of a login: whatever it is, the answer is the same."""
    return spelled(text(value))


def new_password(value) -> str:
    text(value)
    if not SHORTEST_PASSWORD <= len(value) <= LONGEST_PASSWORD:
        raise ValueError(f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if value in COMMON:
        raise ValueError("is one of the passwords that are tried first")
    return value


def flag(value) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def texts(value, allowed=None, what="text") -> list[str]:
    """A list of texts, none of them twice."""
    if not isinstance(value, list):
        raise ValueError("must be a list")
    found = [text(each) for each in value]
    if allowed is not None and not all(allowed(each) for each in found):
        raise ValueError(f"has something in it that is no {what}")
    if len(set(found)) < len(found):
        raise ValueError("has something in it twice")
    return found


def roles(value) -> list[str]:
    found = texts(value, ROLES.__contains__, "role")
    if not found:
        raise ValueError("must have one role or both")
    return sorted(found)


def name(value) -> str:
    if not text(value).strip():
        raise ValueError("is empty")
    return value


def grants(value) -> list[str]:
    found = texts(value, GRANTS.__contains__, "grant")
    if not found:
        raise ValueError("must have a grant")
    return found


def scopes(value) -> list[str]:
    return texts(value, SCOPE.fullmatch, "scope")


def redirect_uris(value) -> list[str]:
    return texts(value, is_redirect_uri, "https address, or http one of this machine, without a fragment")


def is_redirect_uri(value: str) -> bool:
    if "#" in value or not re.fullmatch("[!-~]+", value):
        return False
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    return bool(host) and (url.scheme == "https" or (url.scheme == "http" and host in LOOPBACK))
