"""The issuer's keys: fetched when they are needed, not too often, and kept while it is away."""

import time

import pytest

from climb.stack.away import Away
from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import KeySet, SigningKey
from climb.stack.tokens.signing import signed
from climb.stack.tokens.verifying import Refused
from climb.systems.links.keys import Keys

ISSUER = "https://id.example.org"
OLD, NEW = SigningKey.new("old"), SigningKey.new("new")


def token(key: SigningKey) -> str:
    """A good one."""
    now = int(time.time())
    return signed(Claims(iss=ISSUER, sub="anna", aud=ISSUER, iat=now, exp=now + 100), key)


class Issuer:
    """Shows keys, and counts who asks."""

    def __init__(self) -> None:
        self.shown = [OLD]
        self.away = False
        self.asked = 0
        self.now = 1000.0

    async def fetch(self) -> KeySet:
        self.asked += 1
        if self.away:
            raise Away("issuer")
        return KeySet({key.kid: key.public for key in self.shown})

    def keys(self) -> Keys:
        return Keys(ISSUER, self.fetch, clock=lambda: self.now)


@pytest.fixture
def issuer() -> Issuer:
    """One that answers."""
    return Issuer()


async def test_known_keys_are_not_asked_for(issuer: Issuer) -> None:
    """One fetch serves all."""
    keys = issuer.keys()
    for _ in range(3):
        assert (await keys.verified(token(OLD))).sub == "anna"

    assert issuer.asked == 1


async def test_an_unknown_key_is_asked_for_once_in_ten_seconds(issuer: Issuer) -> None:
    """And then taken."""
    keys = issuer.keys()
    await keys.verified(token(OLD))
    issuer.shown = [OLD, NEW]
    issuer.now += 9.9
    with pytest.raises(Refused):
        await keys.verified(token(NEW))
    asked = issuer.asked
    issuer.now += 0.2

    assert asked == 1
    assert (await keys.verified(token(NEW))).sub == "anna"
    assert issuer.asked == 2


async def test_a_key_that_is_gone_is_gone_with_the_next_fetch(issuer: Issuer) -> None:
    """Also for tokens that were good before."""
    keys = issuer.keys()
    await keys.verified(token(OLD))
    issuer.shown = [NEW]
    issuer.now += 11
    await keys.verified(token(NEW))

    with pytest.raises(Refused):
        await keys.verified(token(OLD))


async def test_without_any_keys_there_is_no_answer(issuer: Issuer) -> None:
    """It is asked again a second later, and not before."""
    keys = issuer.keys()
    issuer.away = True
    for _ in range(3):
        with pytest.raises(Away):
            await keys.verified(token(OLD))
    asked, issuer.away = issuer.asked, False
    issuer.now += 1.1

    assert asked == 1
    assert (await keys.verified(token(OLD))).sub == "anna"


async def test_known_keys_go_on_without_the_issuer(issuer: Issuer) -> None:
    """A token with another one is not good then."""
    keys = issuer.keys()
    await keys.verified(token(OLD))
    issuer.away = True
    issuer.now += 20
    with pytest.raises(Refused):
        await keys.verified(token(NEW))

    assert (await keys.verified(token(OLD))).sub == "anna"


async def test_what_is_no_token_asks_nobody(issuer: Issuer) -> None:
    """Once there are keys."""
    keys = issuer.keys()
    await keys.verified(token(OLD))
    issuer.now += 20
    for text in ("", "a.b.c", token(OLD)[:-4] + "AAAA"):
        with pytest.raises(Refused):
            await keys.verified(text)

    assert issuer.asked == 1
