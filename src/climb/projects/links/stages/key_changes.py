"""The key set over time: there is none yet, there is one, it changes, it can't be asked any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.expect import expect, fail
from climb.projects.links.driver import OWNER, Issuer, Running
from climb.projects.links.stages.judged import demand_retry_after, soon

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = [
    "demand_few_fetches",
    "demand_first_keys",
    "demand_known_keys_go_on",
    "demand_new_keys",
    "demand_unavailable",
]

_AGAIN_S = 10.0  # a set is fetched again for an unknown kid once in this time
_AFTER_FAILURE_S = 1.0
_SLACK_S = 3.0  # for a busy machine, and for how often the judge asks
_FLOOD = 25
_WHY_FETCHES = (
    "A kid is what the sender writes: whoever sends tokens with invented ones could make the service ask its issuer for each. So the set is fetched again once in ten seconds at most, "
    "a second after a fetch that failed."
)


async def demand_unavailable(running: Running) -> None:
    """There never was a key, so no token can be judged; that is the service's trouble, not the client's."""
    for _ in range(_FLOOD):
        why = "The issuer has answered with 503 since the start, so there are no keys and nobody can say whether this token is good."
        answer = await running.ask("GET", "/v1/links", status=503, why=why)
        demand_retry_after(answer, "A client has to know when it makes sense to ask again (RFC 9110, 10.2.3).")
        await asyncio.sleep(0.02)
    seconds = running.now() - running.issuer.fetches[0] if running.issuer.fetches else 0.0
    expect(
        len(running.issuer.fetches), f"fetches of the key set within {seconds:.1f} s, all answered with 503"
    ).at_most(2 + int(seconds / (_AFTER_FAILURE_S - 0.1)), why=_WHY_FETCHES)


async def demand_first_keys(running: Running) -> None:
    """The issuer is well, and soon there are keys."""
    running.issuer.well()
    await soon(
        lambda: running.ask("GET", "/v1/links", status=None),
        lambda answer: answer.status == 200,
        within_s=_AFTER_FAILURE_S + _SLACK_S,
        running=running,
        subject="GET /v1/links with a good token, once the issuer answers again",
        expected="status 200",
        why="A second after a fetch that failed the next one may be made, and this one has the key.",
    )


async def demand_new_keys(running: Running) -> None:
    """A key takes the place of the other: tokens of the new one are good soon, and those of the old one are not from then on."""
    issuer, old = running.issuer, running.issuer.keys[-1]
    new = issuer.new_key()
    issuer.withdraw(old.kid)
    token, former = issuer.token(OWNER, key=new), issuer.token(OWNER, key=old)
    await soon(
        lambda: _ask(running, token),
        lambda answer: answer.status == 200,
        within_s=_AGAIN_S + _SLACK_S,
        running=running,
        subject="GET /v1/links with a token of a new key",
        expected=f"status 200, at the latest {_AGAIN_S:g} s after the fetch before",
        why="An unknown kid is a reason to fetch the set again, once in ten seconds.",
    )
    why = "This key is gone from the set. The set that has the new key does not have it any more, so its tokens are not good: that is how an issuer takes back a key that was stolen."
    await running.ask("GET", "/v1/links", token=former, status=401, why=why)
    for number in range(_FLOOD):
        invented = issuer.token(OWNER, key=new, header={"kid": f"invented-{number}"})
        await running.ask("GET", "/v1/links", token=invented, status=401, why="There is no such key.")


def demand_few_fetches(issuer: Issuer) -> None:
    """Since the issuer is well, at most two fetches are near each other: one that needed a first key, and one for an unknown kid."""
    well = [at for at in issuer.fetches if at >= issuer.well_since]
    for first, third in zip(well, well[2:], strict=False):
        if third - first < _AGAIN_S - 0.5:
            fail(
                "fetches of the key set",
                expected="the first one, and later at most one in ten seconds",
                received=f"{len(well)} in {well[-1] - well[0]:.1f} s, three of them within {third - first:.1f} s",
                why=_WHY_FETCHES,
            )


async def demand_known_keys_go_on(running: Running) -> None:
    """The issuer does not answer any more, and tokens of known keys are as good as before."""
    issuer = running.issuer
    issuer.silent()
    stranger = issuer.token(OWNER, header={"kid": "unknown"})
    for token, status, why in (
        (stranger, {401, 503}, "There is no such key, as far as anyone knows."),
        (
            issuer.token(OWNER),
            {200},
            "The issuer does not answer now, and its keys are known: tokens are checked here, without asking anyone.",
        ),
    ):
        await running.ask("GET", "/v1/links", token=token, status=status, why=why)


async def _ask(running: Running, token: str) -> Answer:
    await asyncio.sleep(0.1)
    return await running.ask("GET", "/v1/links", token=token, status={200, 401}, why="The token is good or not.")
