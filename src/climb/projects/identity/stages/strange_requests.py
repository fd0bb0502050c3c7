"""Requests for a code that are wrong in one way each: addresses that resemble the right one, and parameters that are not as they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from climb.projects.identity.rules.pkce import challenge, verifier

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws
    from climb.projects.identity.driver.programs import Program

__all__ = ["Broken", "broken_requests", "other_addresses"]


class Broken(msgspec.Struct, frozen=True):
    """Parameters, in order, those of a name maybe twice; which error they lead to, and why."""

    program: Program
    pairs: tuple[tuple[str, str], ...]
    error: str
    why: str

    def query(self, state: str) -> str:
        """As it is sent."""
        return urlencode([*self.pairs, ("state", state)])


def other_addresses(address: str, draw: Draws) -> Iterator[tuple[str | None, str]]:
    """Addresses that somebody might take for this one, each with what it is; the first is none at all."""
    split = urlsplit(address)
    host, path = split.netloc, split.path
    evil = f"{draw.word()}.example.com"
    yield None, "none"
    yield f"{address}/", "the same with a / behind it"
    yield f"{address}/{draw.word()}", "one below it"
    yield address[:-1], "the beginning of it"
    yield f"{address}?{draw.word()}=1", "the same with a query"
    yield f"{address}#{draw.word()}", "the same with a fragment"
    yield f"{address}%2f..", "the same with a way out of it"
    yield f"https://{host}{path[: path.rindex('/')]}/./back", "another spelling of it"
    yield f"https://{host}:443{path}", "the same with a port"
    yield f"https://{host.upper()}{path}", "the same with another case"
    yield f"http://{host}{path}", "the same without TLS"
    yield f"https://{evil}{path}", "that of somebody else"
    yield f"https://{host}@{evil}{path}", "that of somebody else, with the right host as a user's name"
    yield f"https://{host}.{evil}{path}", "that of somebody else, whose name begins with the right host"
    yield f"https://{evil}/?{address}", "that of somebody else, with the right one in its query"
    yield f" {address}", "the same behind a space"


def broken_requests(program: Program, barred: Program, draw: Draws) -> Iterator[Broken]:
    """Requests whose client and address are right, and something else is not."""
    proof = challenge(verifier(draw.source()))
    right = {
        "response_type": "code",
        "client_id": program.id,
        "redirect_uri": program.redirect_uri,
        "scope": program.scopes[0],
        "code_challenge": proof,
        "code_challenge_method": "S256",
    }

    def changed(error: str, why: str, **changes: str | None) -> Broken:
        return Broken(program, _pairs({**right, **changes}), error, why)

    yield changed("invalid_request", "There is no response_type.", response_type=None)
    yield changed(
        "unsupported_response_type", "Tokens never travel through a browser (OAuth 2.1, 10.1).", response_type="token"
    )
    why = "Without a challenge anyone who sees the code can use it (RFC 7636, 1)."
    yield changed("invalid_request", why, code_challenge=None)
    yield changed(
        "invalid_request", f"{why} It is the challenge itself that is missing here, not its name.", code_challenge=""
    )
    yield changed(
        "invalid_request", "A challenge is 43 characters long: the SHA-256 of the verifier.", code_challenge=proof[:-1]
    )
    why = "With plain the challenge is the verifier, and who sees the one has the other. plain is also what is meant without a method (RFC 7636, 4.3)."
    yield changed("invalid_request", why, code_challenge_method="plain")
    yield changed("invalid_request", why, code_challenge_method=None)
    why = "The client does not have this scope."
    yield changed("invalid_scope", why, scope=f"{draw.word()}.of-nobody")
    yield changed(
        "invalid_scope",
        f"{why} One of two that it has does not make the other its own.",
        scope=f"{program.scopes[0]} of-nobody",
    )
    name = draw.choice(("scope", "response_type", "code_challenge", "code_challenge_method"))
    yield Broken(
        program,
        (*_pairs(right), (name, right[name])),
        "invalid_request",
        f"{name} stands there twice (RFC 6749, 3.1). Of two readers one takes the first, and one the last.",
    )
    yield Broken(
        barred,
        _pairs({**right, "client_id": barred.id, "redirect_uri": barred.redirect_uri, "scope": barred.scopes[0]}),
        "unauthorized_client",
        "The client was not registered for codes.",
    )


def _pairs(given: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in given.items() if value is not None)
