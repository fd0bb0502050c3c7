"""Sets of keys, of one instance and of several, and tokens that are made while they change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from climb.judge.expect import fail
from climb.judge.together import together
from climb.projects.identity.rules.jws import parts
from climb.projects.identity.stages.claimed import claims_of

if TYPE_CHECKING:
    from climb.projects.identity.driver import Running

__all__ = ["demand_agreement", "demand_good_everywhere", "key_set", "kids", "made_key", "signed_by"]

_POLL_S = 0.05
_PAUSE_S = 0.3
_WRITERS = 4
_CHECKED = 5  # of so many tokens one is checked with the keys, too
_SHOWN = 200


async def key_set(running: Running) -> dict[str, Any]:
    """The set that an instance shows now."""
    answer = await running.ask("GET", "/.well-known/jwks.json")
    found = answer.json()
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        answer.blame('{"keys": [{…}, …]}', answer.text[:_SHOWN], "This is the form of a set of keys (RFC 7517, 5).")
    return found


def kids(found: dict[str, Any]) -> list[str]:
    """The names of its keys."""
    return [str(key.get("kid")) for key in found["keys"]]


async def made_key(running: Running, admin: str) -> str:
    """The kid of a new key."""
    answer = await running.ask("POST", "/v1/keys", token=admin, status=201)
    found = answer.json()
    if not isinstance(found, dict) or not isinstance(found.get("kid"), str):
        answer.blame('{"kid": text}', answer.text[:_SHOWN], "The new key is known by this name.")
    return str(found["kid"])


def signed_by(token: str) -> str:
    """Which key a token names."""
    return str(parts(token).header.get("kid"))


async def demand_agreement(running: Running, other: Running, made: list[str], within_s: float) -> None:
    """In time both instances show all these keys, and sign with the same one of them."""
    families = [await each.admin() for each in (running, other)]
    began = running.now()
    while True:
        asked = running.now()
        shown = [kids(await key_set(each)) for each in (running, other)]
        families = [
            await each.refreshed(family.refresh) for each, family in zip((running, other), families, strict=True)
        ]
        signing = [signed_by(family.access) for family in families]
        if signing[0] == signing[1] and signing[0] in made and all(set(made) <= set(each) for each in shown):
            return
        if asked - began > within_s:
            fail(
                "the keys of two instances",
                expected=f"both show {', '.join(made)}, and sign with the same one of {'it' if len(made) == 1 else 'them'}, within 2 s",
                received=f"after {asked - began:.1f} s one shows {', '.join(shown[0])} and signs with {signing[0]}; the other shows {', '.join(shown[1])} and signs with {signing[1]}",
                why="Instances behave as one service: whoever takes the keys from one has to be able to check the tokens of the other.",
            )
        await asyncio.sleep(_POLL_S)


async def demand_good_everywhere(running: Running, other: Running, *, rounds: int) -> None:
    """While keys are made, each new token of one instance is used at the other at once."""
    families = [await running.admin() for _ in range(_WRITERS)]
    boss = (await running.admin()).access
    done = asyncio.Event()

    async def makes() -> None:
        for number in range(rounds):
            await made_key((running, other)[number % 2], boss)
            await asyncio.sleep(_PAUSE_S)
        done.set()

    async def uses(number: int) -> None:
        at, beside = (running, other) if number % 2 else (other, running)
        mine, count = families[number], 0
        while not done.is_set():
            mine = await at.refreshed(mine.refresh)
            await beside.ask(
                "GET",
                "/v1/users/me",
                token=mine.access,
                why=f"The other instance has this moment signed it, with the key {signed_by(mine.access)}. It is good at all of them at once, also if this one has not heard of the key yet.",
            )
            count += 1
            if count % _CHECKED == 0:
                await claims_of(at, mine.access, "an access token, checked with the keys that its own instance shows")

    await together(makes(), *(uses(number) for number in range(_WRITERS)))
