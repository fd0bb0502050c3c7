"""Tokens that are no good, each with what is wrong with it, and a few that are (RFC 7519, RFC 9068; the attacks of RFC 8725)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec

from climb.projects.links.driver import OWNER, Issuer, Running
from climb.projects.links.driver.keys import b64

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws

__all__ = [
    "BadToken",
    "ShortLived",
    "bad_tokens",
    "demand_expired",
    "demand_good_tokens",
    "demand_unauthorized",
    "short_lived",
]

_LIFE_S = 2  # of a token that is to expire while the check goes on


class BadToken(msgspec.Struct, frozen=True):
    """What an Authorization field says, and what is wrong with that."""

    authorization: str
    wrong: str


class ShortLived(msgspec.Struct, frozen=True):
    """A token that is good until a second that is near."""

    token: str
    expires: int


def bad_tokens(issuer: Issuer, draw: Draws) -> list[BadToken]:
    """One of each kind."""
    bearers = [*_claims_wrong(issuer), *_header_wrong(issuer, draw), *_signature_wrong(issuer, draw)]
    others = [
        ("", "There is no token."),
        ("Bearer", "There is no token."),
        ("Bearer x.y.z", "It is no JWT."),
        (f"Basic {b64(b'anna:secret')}", "It is no bearer token."),
        (issuer.token(OWNER), "It is a token without the scheme Bearer (RFC 6750, 2.1)."),
    ]
    return [*(BadToken(f"Bearer {token}", wrong) for token, wrong in bearers), *(BadToken(*each) for each in others)]


def short_lived(issuer: Issuer) -> ShortLived:
    """A token that will expire in a moment."""
    expires = int(time.time()) + _LIFE_S
    return ShortLived(issuer.token(OWNER, exp=expires), expires)


async def demand_good_tokens(running: Running) -> None:
    """Each key of the set signs good tokens, and an audience may be one of several."""
    issuer = running.issuer
    for key in issuer.keys:
        why = f"The token is signed with {key.algorithm}, by a key of the set, and nothing is wrong with it."
        await running.ask("GET", "/v1/links", token=issuer.token(OWNER, key=key), status=200, why=why)
    several = issuer.token(OWNER, aud=["https://other.example", issuer.url])
    await running.ask(
        "GET", "/v1/links", token=several, status=200, why="aud may be a list, and ISSUER is in it (RFC 7519, 4.1.3)."
    )


async def demand_unauthorized(running: Running, bad: BadToken) -> None:
    """The answer is 401, and names the scheme that is wanted."""
    answer = await running.ask(
        "GET",
        "/v1/links",
        owner=None,
        fields=[("Authorization", bad.authorization)] if bad.authorization else [],
        status=401,
        why=bad.wrong,
    )
    _demand_challenge(answer)


async def demand_expired(running: Running, short: ShortLived) -> None:
    """A token that was good before is not good any more from its exp on."""
    await asyncio.sleep(max(short.expires - time.time(), 0) + 0.01)
    why = "This token was good before. Its exp has come, and from then on it is not good (RFC 7519, 4.1.4): what is remembered of a token that was checked has to end with it."
    await running.ask("GET", "/v1/links", token=short.token, status=401, why=why)


def _claims_wrong(issuer: Issuer) -> list[tuple[str, str]]:
    now = int(time.time())
    left_out = Issuer.LEFT_OUT
    changes: list[tuple[dict[str, Any], str]] = [
        ({"iss": "https://other.example"}, "Its iss is another issuer."),
        ({"iss": f"{issuer.url}/"}, "Its iss is not ISSUER, letter by letter (RFC 9068, 4)."),
        ({"iss": left_out}, "It has no iss."),
        (
            {"aud": "https://other.example"},
            "Its aud does not contain ISSUER: it was made for another service, which could use it here.",
        ),
        ({"aud": ["https://other.example", f"{issuer.url}/links"]}, "None of its aud is ISSUER."),
        ({"aud": left_out}, "It has no aud."),
        ({"exp": now - 3600}, "It expired an hour ago."),
        ({"exp": now}, "It expires now, and from exp on it is not good."),
        ({"exp": left_out}, "It has no exp, so it would be good for ever."),
        ({"sub": left_out}, "It has no sub, so nobody would own what is made with it."),
    ]
    return [(issuer.token(OWNER, **change), wrong) for change, wrong in changes]


def _header_wrong(issuer: Issuer, draw: Draws) -> list[tuple[str, str]]:
    kid = issuer.keys[-1].kid
    return [
        (
            issuer.token(OWNER, header={"typ": "JWT"}),
            "Its typ is JWT: it is a token of another kind, such as one that says who logged in (RFC 9068, 4).",
        ),
        (issuer.token(OWNER, header={"typ": Issuer.LEFT_OUT}), "It has no typ."),
        (issuer.token(OWNER, header={"kid": Issuer.LEFT_OUT}), "It has no kid."),
        (issuer.token(OWNER, header={"kid": draw.word()}), "Its kid is not in the key set."),
        (
            issuer.token(OWNER, key=issuer.stranger(kid)),
            "It is signed with another key than the one that its kid names.",
        ),
        (issuer.unsigned(OWNER), "Its alg is none: nobody has signed it (RFC 8725, 2.1)."),
        (
            issuer.signed_with_public_half(OWNER),
            "Its alg is HS256, and the secret is the public key, which everybody knows: the algorithm is that of the key, not that of the header (RFC 8725, 2.1).",
        ),
    ]


def _signature_wrong(issuer: Issuer, draw: Draws) -> list[tuple[str, str]]:
    head, _, signature = issuer.token(OWNER).split(".")
    other = issuer.token(draw.word()).split(".")[1]
    whole = issuer.token(OWNER)
    return [
        (f"{head}.{other}.{signature}", "Its claims were changed after it was signed."),
        (f"{whole.rpartition('.')[0]}.", "Its signature is missing."),
        (whole[: -draw.integer(8, 40)], "Its signature is cut off."),
    ]


def _demand_challenge(answer: Answer) -> None:
    given = answer.headers.get("www-authenticate", "")
    if given.split(" ")[0].lower() != "bearer":
        answer.blame(
            "WWW-Authenticate: Bearer",
            f"WWW-Authenticate: {given}" if given else "no WWW-Authenticate",
            "A 401 says which kind of credentials opens the door (RFC 9110, 11.6.1; RFC 6750, 3).",
        )
