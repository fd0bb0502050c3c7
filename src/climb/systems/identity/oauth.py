"""The rules of OAuth 2.1 that need no database: what a program may ask for, and what an answer to it looks like."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

__all__ = [
    "OAuthError",
    "challenge_is_right",
    "chosen_scopes",
    "redirect_uri",
    "redirected",
    "scope_word",
    "single",
    "verifier_fits",
]

_REDIRECT = re.compile(r'(https://[0-9A-Za-z.-]+|http://(127\.0\.0\.1|\[::1\]|localhost))(:[0-9]{1,5})?([/?][!"$-~]*)?')
_LONGEST_REDIRECT = 2048
_SCOPE = re.compile(r"[!#-\[\]-~]{1,64}")  # RFC 6749, 3.3
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{43}")  # RFC 7636, 4.2, for SHA-256
_VERIFIER = re.compile(r"[0-9A-Za-z._~-]{43,128}")  # RFC 7636, 4.1


class OAuthError(Exception):
    """What is wrong, by the names of RFC 6749, 4.1.2.1 and 5.2."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def single(pairs: Sequence[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """The known parameters; one without a value counts as left out (RFC 6749, 3.1), one that is there twice is an error."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            continue
        if name in found:
            raise OAuthError("invalid_request", f"{name} is there twice")
        if "\0" in value:
            raise OAuthError("invalid_request", f"{name} has U+0000")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def redirect_uri(text: str) -> str:
    """An address that codes may be sent to; ValueError if it is none: who listens there must be the client alone."""
    if len(text) > _LONGEST_REDIRECT or not _REDIRECT.fullmatch(text):
        raise ValueError("expected an https address, or an http one of this machine, without a fragment")
    return text


def scope_word(text: str) -> str:
    """A word of a scope; ValueError if it is none."""
    if not _SCOPE.fullmatch(text):
        raise ValueError("expected 1 to 64 characters of printable ASCII without spaces, quotes and backslashes")
    return text


def chosen_scopes(asked: str | None, allowed: Sequence[str]) -> list[str]:
    """The words of a scope, all that are allowed without one; ``invalid_scope`` if one is none of these."""
    if asked is None:
        return list(allowed)
    words = list(dict.fromkeys(asked.split(" ")))
    if not set(words) <= set(allowed):
        raise OAuthError("invalid_scope")
    return words


def challenge_is_right(challenge: str | None, method: str | None) -> bool:
    """Whether a verifier could fit; no method means `plain` (RFC 7636, 4.3), which hides nothing."""
    return method == "S256" and challenge is not None and _CHALLENGE.fullmatch(challenge) is not None


def verifier_fits(verifier: str, challenge: str) -> bool:
    """Whether the challenge was made of this verifier (RFC 7636, 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


def redirected(uri: str, added: Mapping[str, str]) -> str:
    """The address with parameters added to its query."""
    joint = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{joint}{urlencode(added)}"
