"""The judge's issuer: tokens that are good, and tokens that are not, to a verifier that is not ours."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import jwt
import msgspec
import pytest

from climb.judge.choices import Choices
from climb.judge.world import World
from climb.projects.links.driver.issuer import Issuer
from climb.projects.links.driver.keys import ALGORITHMS, Algorithm
from climb.projects.links.stages.bad_tokens import bad_tokens, short_lived


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """One with a key of each algorithm."""
    async with World(Choices("tokens")) as world:
        made = await Issuer.open(world, algorithm="RS256")
        made.new_key("EdDSA")
        made.new_key("ES256")
        yield made


def _verified(issuer: Issuer, token: str) -> dict[str, object]:
    """The claims, by the rules of the contract; raises jwt.InvalidTokenError for a token that is not good."""
    header = jwt.get_unverified_header(token)
    keys = {key["kid"]: jwt.PyJWK(key) for key in msgspec.json.decode(issuer.key_set())["keys"]}
    if header.get("typ") != "at+jwt" or header.get("kid") not in keys:
        raise jwt.InvalidTokenError("typ or kid")
    key = keys[header["kid"]]
    return jwt.decode(
        token,
        key.key,
        algorithms=[key.algorithm_name],
        issuer=issuer.url,
        audience=issuer.url,
        options={"require": ["iss", "aud", "exp", "sub"]},
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_tokens_of_each_key_are_good(issuer: Issuer, algorithm: Algorithm) -> None:
    """What the key set shows verifies what its keys have signed."""
    key = next(key for key in issuer.keys if key.algorithm == algorithm)

    assert _verified(issuer, issuer.token("anna", ("admin",), key=key))["roles"] == ["admin"]


async def test_each_bad_token_is_bad(issuer: Issuer) -> None:
    """Each is refused by another verifier, so no check blames a program for refusing a good one, or for taking it."""
    draw = Choices("bad")
    taken = []
    for bad in bad_tokens(issuer, draw):
        scheme, _, token = bad.authorization.partition(" ")
        try:
            assert scheme == "Bearer"
            _verified(issuer, token)
        except (jwt.InvalidTokenError, AssertionError):
            continue
        taken.append(bad.wrong)

    assert taken == []


async def test_a_short_lived_token_is_good_at_first(issuer: Issuer) -> None:
    """Its end is near, and has not come."""
    short = short_lived(issuer)

    assert _verified(issuer, short.token)["exp"] == short.expires
    assert 0 < short.expires - time.time() <= 3


async def test_a_withdrawn_key_is_gone(issuer: Issuer) -> None:
    """The set shows the other keys."""
    gone = issuer.keys[0]
    issuer.withdraw(gone.kid)

    with pytest.raises(jwt.InvalidTokenError):
        _verified(issuer, issuer.token("anna", key=gone))


async def test_keys_of_an_issuer_are_different(issuer: Issuer) -> None:
    """A stranger's key has the same kid, and is another key."""
    kid = issuer.keys[-1].kid
    stranger = issuer.stranger(kid)

    assert stranger.jwk()["kid"] == kid
    assert stranger.jwk() != issuer.keys[-1].jwk()
