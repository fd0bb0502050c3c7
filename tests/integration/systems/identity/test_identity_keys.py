"""Keys that change, seen by two instances."""

import asyncio
import time
from collections.abc import Callable

import httpx
import jwt
import pytest
from identity_service import Service, bearer, logged_in

pytestmark = pytest.mark.slow

SIGNS_EVERYWHERE_S = 2  # the contract, "Keys change"
SHOWN_LONGER_S = 10


async def shown(client: httpx.AsyncClient) -> list[str]:
    return [key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]]


def kid(tokens: dict[str, str]) -> str:
    return jwt.get_unverified_header(tokens["access_token"])["kid"]


async def both(start: Callable[..., Service], **environment: str) -> tuple[Service, Service]:
    """Two instances that were started at the same moment on an empty database."""
    one, other = start(**environment), start(**environment)
    await asyncio.gather(one.wait_for(), other.wait_for())
    return one, other


async def test_two_that_start_together_have_the_same_key(start: Callable[..., Service]) -> None:
    """One makes it, and both show it; there is one admin."""
    one, other = await both(start)
    async with one.client() as client, other.client() as beside:
        keys = await shown(client), await shown(beside)

    assert keys[0] == keys[1]
    assert len(keys[0]) == 1
    assert len(await one.rows("SELECT FROM users")) == 1


async def test_a_token_of_a_new_key_is_good_everywhere_at_once(start: Callable[..., Service]) -> None:
    """Also where the key is not known yet; the other instance signs with it within two seconds; the old one's tokens stay good."""
    one, other = await both(start)
    async with one.client() as client, other.client() as beside:
        before = await logged_in(client)
        for _ in range(3):
            made = (await client.post("/v1/keys", headers=bearer(before))).json()["kid"]
            tokens = await logged_in(client)
            there = await beside.get("/v1/users/me", headers=bearer(tokens))

            assert (kid(tokens), there.status_code) == (made, 200)

        began = time.monotonic()
        while kid(await logged_in(beside)) != made:
            assert time.monotonic() - began < SIGNS_EVERYWHERE_S
        old = await beside.get("/v1/users/me", headers=bearer(before))

    assert old.status_code == 200


async def test_an_old_key_goes_when_its_tokens_have_run_out(start: Callable[..., Service]) -> None:
    """It is shown as long as a token of it is good, and not ten seconds longer."""
    service = start(ACCESS_S="3")
    await service.wait_for()
    async with service.client() as client:
        tokens = await logged_in(client)
        ends_at = time.time() + 3
        await client.post("/v1/keys", headers=bearer(tokens))
        seen_at = 0.0
        while kid(tokens) in await shown(client):
            seen_at = time.time()
            assert seen_at < ends_at + SHOWN_LONGER_S
            await asyncio.sleep(0.05)
        kept = [row["kid"] for row in await service.rows("SELECT kid FROM signing_keys")]

    assert seen_at >= ends_at - 0.1
    assert len(kept) <= 2


async def test_a_restart_keeps_the_keys(start: Callable[..., Service]) -> None:
    """A token from before is good after."""
    service = start()
    await service.wait_for()
    async with service.client() as client:
        tokens = await logged_in(client)
    service.kill()
    again = start()
    await again.wait_for()
    async with again.client() as client:
        answer = await client.get("/v1/users/me", headers=bearer(tokens))

    assert answer.status_code == 200
