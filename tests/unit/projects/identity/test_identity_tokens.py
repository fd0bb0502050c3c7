"""Access tokens and their forgeries, checked as any other service checks them."""

from __future__ import annotations

import random
import time
from typing import Any

import jwt
import pytest

from climb.projects.identity.rules.forging import Forger, forgeries
from climb.projects.identity.rules.jws import b64, joined, parts, unb64
from climb.projects.identity.rules.tokens import WrongToken, checked, key_faults

ISSUER = "http://id.example"
NOW = int(time.time())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "1",
    "aud": ISSUER,
    "iat": NOW,
    "exp": NOW + 300,
    "jti": "j",
    "client_id": "first-party",
    "scope": "",
    "roles": ["user"],
}
HEADER = {"typ": "at+jwt", "kid": "k"}
SERVICES = {alg: Forger(alg) for alg in ("RS256", "ES256", "EdDSA")}


def made(alg: str = "ES256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    given = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return SERVICES[alg].signed({**HEADER, "alg": alg, **(header or {})}, given)


def key_set(alg: str = "ES256", **changes: Any) -> dict[str, Any]:
    return {"keys": [{**SERVICES[alg].jwk, "kid": "k", **changes}]}


@pytest.mark.parametrize("alg", list(SERVICES))
def test_a_good_token_is_read(alg: str) -> None:
    """Of each of the three algorithms."""
    claims = checked(made(alg), key_set(alg), ISSUER)

    assert (claims.sub, claims.roles, claims.kid, claims.alg) == ("1", ("user",), "k", alg)


@pytest.mark.parametrize("alg", list(SERVICES))
def test_the_library_says_the_same(alg: str) -> None:
    """What we call good, PyJWT's own decoding calls good."""
    key = jwt.PyJWK(key_set(alg)["keys"][0])

    claims = jwt.decode(
        made(alg), key, algorithms=[alg], issuer=ISSUER, audience=ISSUER, leeway=86_400
    )  # the file's tests may have begun long ago

    assert claims["sub"] == "1"


@pytest.mark.parametrize("alg", list(SERVICES))
def test_every_forgery_is_refused(alg: str) -> None:
    """None passes the check that every other service makes."""
    token = made(alg)

    for case in forgeries(token, key_set(alg), {"sub": "2"}, random.Random(1), set_url="http://127.0.0.1/"):
        with pytest.raises(WrongToken):
            checked(case.token, key_set(alg), ISSUER)


def test_every_forgery_carries_what_was_wanted() -> None:
    """But for those that are a good token with another signature: else nobody could tell that it was believed."""
    cases = forgeries(made(), key_set(), {"sub": "2"}, random.Random(1), set_url="http://127.0.0.1/")
    unchanged = {case.name for case in cases if case.token.count(".") == 2 and parts(case.token).claims["sub"] == "1"}

    assert len(cases) == len({case.name for case in cases}) > 15
    assert all("signature" in name for name in unchanged)


@pytest.mark.parametrize(
    ("header", "changes", "told"),
    [
        ({"typ": "JWT"}, {}, "typ"),
        ({"kid": "other"}, {}, "kid 'other'"),
        ({}, {"iss": "http://other.example"}, "iss"),
        ({}, {"aud": ["http://other.example"]}, "aud"),
        ({}, {"exp": float(NOW) + 0.5}, "exp"),
        ({}, {"roles": None}, "roles"),
        ({}, {"scope": ["a"]}, "scope"),
    ],
)
def test_what_is_wrong_is_told(header: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    """By the name of the claim or of the header's member."""
    with pytest.raises(WrongToken) as raised:
        checked(made("ES256", header, **changes), key_set(), ISSUER)

    assert told in raised.value.received


def test_an_audience_may_be_one_of_several() -> None:
    """The issuer among others."""
    assert checked(made(aud=["http://other.example", ISSUER]), key_set(), ISSUER).aud[1] == ISSUER


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"keys": []}, "no key"),
        ({"keys": "k"}, "no {"),
        (key_set(d="x"), "has d, which is private"),
        (key_set(use="enc"), "use"),
        (key_set(kid=""), "no kid"),
        (key_set(kty="RSA"), "kty 'RSA' and alg 'ES256'"),
        (key_set(crv="P-384"), "crv"),
        (key_set(x="AA"), "can't be read"),
        ({"keys": key_set()["keys"] * 2}, "two keys have the kid 'k'"),
    ],
)
def test_faults_of_a_set_of_keys_are_told(keys: dict[str, Any], told: str) -> None:
    """Each in words."""
    assert told in "; ".join(key_faults(keys))


@pytest.mark.parametrize("alg", list(SERVICES))
def test_a_good_set_has_no_faults(alg: str) -> None:
    """Of each kind of key."""
    assert key_faults(key_set(alg)) == []


@pytest.mark.parametrize("text", ["a=", "a", "*", "ab cd"])
def test_base64url_is_read_strictly(text: str) -> None:
    """No padding, and no letters from elsewhere."""
    with pytest.raises(ValueError):
        unb64(text)


def test_a_token_is_put_together_as_it_is_taken_apart() -> None:
    """Header, claims and signature come back."""
    found = parts(joined({"alg": "none"}, {"sub": "é"}, b"\x00\xff"))

    assert (found.header, found.claims, found.signature) == ({"alg": "none"}, {"sub": "é"}, unb64(b64(b"\x00\xff")))
