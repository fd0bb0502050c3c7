"""What an access token has to be: checked with the public keys alone, as every other service does it (RFC 7519, RFC 9068)."""

from __future__ import annotations

from typing import Any

import jwt
import msgspec
from cryptography.exceptions import InvalidSignature

from climb.projects.identity.rules.jws import Parts, parts

__all__ = ["ALGORITHMS", "Claims", "WrongToken", "checked", "key_faults"]

ALGORITHMS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}  # and the kind of key of each
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k", "oth")
_NEEDED = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_RSA_BITS = 2048  # RFC 7518, 3.3


class WrongToken(ValueError):
    """A token, or a set of keys, that is not as it must be: what was expected, what was there, and why."""

    def __init__(self, expected: str, received: str, why: str) -> None:
        super().__init__(f"{received}, and expected was {expected}")
        self.expected = expected
        self.received = received
        self.why = why


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a good token says, and which key signed it."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    iat: int
    exp: int
    jti: str
    client_id: str
    scope: str
    roles: tuple[str, ...]
    kid: str
    alg: str


class _Payload(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    iat: int
    exp: int
    jti: str
    client_id: str
    scope: str
    roles: tuple[str, ...]


def checked(token: str, jwks: Any, issuer: str) -> Claims:
    """The claims of a token whose form, signature, issuer and audience are right; its times are for the caller. Raises WrongToken."""
    try:
        given = parts(token)
    except ValueError as error:
        raise WrongToken(
            "a signed token: header.payload.signature, each in base64url",
            f"{token[:80]!r}   ({error})",
            "An access token is a JWT in compact form (RFC 7515, 7.1), so that anyone can read and check it.",
        ) from None
    key = _key(given, jwks)
    _demand_signature(given, key)
    payload = _payload(given)
    aud = (payload.aud,) if isinstance(payload.aud, str) else payload.aud
    if payload.iss != issuer:
        raise WrongToken(
            f"iss {issuer!r}, which is ISSUER",
            f"iss {payload.iss!r}",
            "By iss a service knows whose keys it has to look for (RFC 9068, 2.2).",
        )
    if issuer not in aud:
        raise WrongToken(
            f"aud with {issuer!r} in it",
            f"aud {payload.aud!r}",
            "A token that was made for somebody else must not be good here (RFC 7519, 4.1.3).",
        )
    return Claims(
        iss=payload.iss,
        sub=payload.sub,
        aud=aud,
        iat=payload.iat,
        exp=payload.exp,
        jti=payload.jti,
        client_id=payload.client_id,
        scope=payload.scope,
        roles=payload.roles,
        kid=given.header["kid"],
        alg=given.header["alg"],
    )


def key_faults(jwks: Any) -> list[str]:
    """What is wrong with a set of keys, in words; nothing if it is right (RFC 7517)."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        return ['no {"keys": [{…}, …]}']
    faults = [] if keys else ["no key in it"]
    for key in keys:
        faults += [f"key {key.get('kid')!r} {fault}" for fault in _faults_of(key)]
    kids = [str(key.get("kid")) for key in keys]
    return faults + [f"two keys have the kid {kid!r}" for kid in sorted({kid for kid in kids if kids.count(kid) > 1})]


def _faults_of(key: dict[str, Any]) -> list[str]:
    faults = []
    kind = ALGORITHMS.get(str(key.get("alg")))
    if not isinstance(key.get("kid"), str) or not key["kid"]:
        faults.append("has no kid")
    if key.get("use") != "sig":
        faults.append(f"has the use {key.get('use')!r}, and not 'sig'")
    if kind is None or key.get("kty") != kind:
        return [*faults, f"has kty {key.get('kty')!r} and alg {key.get('alg')!r}"]
    faults += [f"has no {name}" for name in _NEEDED[kind] if not isinstance(key.get(name), str)]
    faults += [f"has {name}, which is private" for name in _PRIVATE if name in key]
    if kind in _CURVES and key.get("crv") != _CURVES[kind]:
        faults.append(f"has crv {key.get('crv')!r}, and {key.get('alg')} has {_CURVES[kind]}")
    return faults or _unreadable(key)


def _unreadable(key: dict[str, Any]) -> list[str]:
    try:
        read = jwt.PyJWK(key).key
    except (jwt.PyJWTError, ValueError) as error:
        return [f"can't be read ({error})"]
    bits = getattr(read, "key_size", _RSA_BITS)
    return [f"has {bits} bits, and RS256 needs {_RSA_BITS}"] if key["kty"] == "RSA" and bits < _RSA_BITS else []


def _key(given: Parts, jwks: Any) -> jwt.PyJWK:
    """The key that the header names; the header is right then."""
    header = given.header
    if header.get("typ") != "at+jwt":
        raise WrongToken(
            'typ "at+jwt" in the header',
            f"typ {header.get('typ')!r}",
            "By typ an access token is told from other tokens with the same signature (RFC 9068, 2.1).",
        )
    if header.get("alg") not in ALGORITHMS:
        raise WrongToken(
            f"alg {' or '.join(ALGORITHMS)} in the header",
            f"alg {header.get('alg')!r}",
            "Anyone must be able to check a token, and nobody else to make one: so keys come in pairs.",
        )
    if faults := key_faults(jwks):
        raise WrongToken(
            "a set of public keys (RFC 7517) with kid, use and alg",
            "; ".join(faults),
            "Other services check every token with these keys, and anyone may read them.",
        )
    key = next((key for key in jwks["keys"] if key["kid"] == header.get("kid")), None)
    if key is None:
        raise WrongToken(
            f"kid of one of the keys: {', '.join(key['kid'] for key in jwks['keys'])}",
            f"kid {header.get('kid')!r}",
            "There may be several keys at a time, and kid says which one has signed (RFC 7515, 4.1.4).",
        )
    if key["alg"] != header["alg"]:
        raise WrongToken(
            f"alg {key['alg']!r}, as the key has it",
            f"alg {header['alg']!r}",
            "A key is for one algorithm (RFC 8725, 3.1).",
        )
    return jwt.PyJWK(key)


def _demand_signature(given: Parts, key: jwt.PyJWK) -> None:
    try:
        good = key.Algorithm.verify(given.signed, key.key, given.signature)
    except (InvalidSignature, ValueError, TypeError):
        good = False
    if not good:
        raise WrongToken(
            f"a signature by the key {given.header['kid']!r}",
            f"{len(given.signature)} bytes that are none",
            "With the public key of the set, {} does not verify the header and the payload (RFC 7515, 5.2).".format(
                given.header["alg"]
            ),
        )


def _payload(given: Parts) -> _Payload:
    try:
        return msgspec.convert(given.claims, _Payload, strict=True)
    except msgspec.ValidationError as error:
        raise WrongToken(
            "the claims iss, sub, aud, iat, exp, jti, client_id, scope and roles, iat and exp as whole numbers",
            f"{given.claims}   ({error})",
            "RFC 9068, 2.2 and the brief name these; who checks a token counts on them.",
        ) from None
