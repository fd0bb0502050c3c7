"""What the authorization server's metadata has to say (RFC 8414), as far as the brief names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["metadata_faults"]

_PLACES = {
    "jwks_uri": "/.well-known/jwks.json",
    "token_endpoint": "/oauth/token",
    "authorization_endpoint": "/oauth/authorize",
    "revocation_endpoint": "/oauth/revoke",
}
_LISTS = {
    "response_types_supported": {"code"},
    "grant_types_supported": {"authorization_code", "refresh_token", "client_credentials"},
    "code_challenge_methods_supported": {"S256"},
    "token_endpoint_auth_methods_supported": {"client_secret_basic", "none"},
}


def metadata_faults(given: Mapping[str, Any], issuer: str) -> list[str]:
    """What is wrong with it, in words; nothing if it is right."""
    wanted: dict[str, str] = {"issuer": issuer, **{name: f"{issuer}{path}" for name, path in _PLACES.items()}}
    faults = [
        f"{name} is {given.get(name)!r}, and not {value!r}"
        for name, value in wanted.items()
        if given.get(name) != value
    ]
    for name, values in _LISTS.items():
        found = given.get(name)
        if not isinstance(found, list) or sorted(map(str, found)) != sorted(values):
            faults.append(f"{name} is {found!r}, and not {sorted(values)}")
    return faults
