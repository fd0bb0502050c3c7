"""Other programs (OAuth clients) as a check makes them: known to the service, and given codes and tokens in somebody's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from climb.projects.identity.rules.pkce import challenge, verifier
from climb.projects.identity.rules.redirects import returned

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws
    from climb.projects.identity.driver.running import Running

__all__ = ["Code", "Granted", "Program", "Programs", "granted"]

_CODE_GRANTS = ("authorization_code", "refresh_token")
_NEEDED = ("access_token", "token_type", "expires_in", "scope")
_SHOWN = 300


class Program(msgspec.Struct, frozen=True):
    """A client that the service knows. ``secret`` is None if it is not confidential."""

    id: str
    secret: str | None
    redirect_uris: tuple[str, ...]
    grants: tuple[str, ...]
    scopes: tuple[str, ...]

    @property
    def redirect_uri(self) -> str:
        """The first of its addresses."""
        return self.redirect_uris[0]

    def named(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A form as the program itself sends it: with Basic if it is confidential, else with its id in it."""
        if self.secret is None:
            return {"form": {**form, "client_id": self.id}}
        return {"form": dict(form), "basic": (self.id, self.secret)}


class Code(msgspec.Struct, frozen=True):
    """An authorization code, and what belongs to it."""

    code: str
    verifier: str
    redirect_uri: str

    def form(self, **changes: str | None) -> dict[str, str]:
        """What it is exchanged with; a change to None leaves the field out."""
        given = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}


class Granted(msgspec.Struct, frozen=True):
    """What the token endpoint gave."""

    access: str
    expires_in: int
    scope: str
    refresh: str | None


class Programs:
    """Makes programs known to a service, in an administrator's name, and speaks for them."""

    def __init__(self, running: Running, draw: Draws, admin: str) -> None:
        self.running = running
        self._draw = draw
        self._admin = admin

    async def make(
        self,
        *,
        grants: Sequence[str] = _CODE_GRANTS,
        scopes: Sequence[str] | None = None,
        redirect_uris: Sequence[str] | None = None,
        confidential: bool = True,
    ) -> Program:
        """A new one; with names, addresses and scopes of its own unless some are given."""
        addresses = list(self.addresses() if redirect_uris is None else redirect_uris)
        named = list(self.scopes() if scopes is None else scopes)
        wanted = {
            "name": self._draw.word(),
            "redirect_uris": addresses,
            "grants": list(grants),
            "scopes": named,
            "confidential": confidential,
        }
        answer = await self.running.ask("POST", "/v1/clients", json=wanted, token=self._admin, status=201)
        given = answer.json()
        secret = given.get("client_secret") if isinstance(given, dict) else None
        if not isinstance(given, dict) or not isinstance(given.get("client_id"), str):
            answer.blame('{"client_id": text, …}', answer.text[:_SHOWN], "Everyone speaks of a client by its id.")
        if isinstance(secret, str) is not confidential:
            answer.blame(
                '"client_secret": text' if confidential else '"client_secret": null',
                answer.text[:_SHOWN],
                "A confidential client proves who it is by its secret; any other could keep none.",
            )
        return Program(given["client_id"], secret, tuple(addresses), tuple(grants), tuple(named))

    def addresses(self, count: int = 2) -> list[str]:
        """Addresses to be sent back to, as programs have them, all different: on the web, or on the user's own machine."""
        hosts = ("https://{}.example.org", "http://127.0.0.1:8{}", "https://{}.example:8443", "http://localhost")
        return [
            f"{self._draw.choice(hosts).format(number)}/{self._draw.word()}/{number}{self._draw.choice(('', '?from=here'))}"
            for number in range(1, count + 1)
        ]

    def scopes(self, count: int = 3) -> list[str]:
        """Names of things that a program may do, all different."""
        return [f"{self._draw.word()}.{number}" for number in range(1, count + 1)]

    # --- codes ---

    async def authorize(self, program: Program, token: str | None, **changes: str | None) -> tuple[Answer, Code]:
        """The answer to a request for a code, whatever it is, and the code that belongs to it if it holds one.

        ``changes`` are parameters of the query; None leaves one out.
        """
        secret = verifier(self._draw.source(), self._draw.integer(43, 128))
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": program.id,
            "redirect_uri": program.redirect_uri,
            "code_challenge": challenge(secret),
            "code_challenge_method": "S256",
            **changes,
        }
        sent = {name: value for name, value in query.items() if value is not None}
        answer = await self.running.ask("GET", f"/oauth/authorize?{urlencode(sent)}", token=token, status=None)
        address = sent.get("redirect_uri", "")
        code = returned(answer.headers.get("location", ""), address).parameters.get("code", "")
        return answer, Code(code, secret, address)

    async def code(self, program: Program, token: str, **changes: str | None) -> Code:
        """A code in the name of the token's owner; fails the check without one."""
        answer, code = await self.authorize(program, token, **changes)
        if answer.status != 303 or not code.code:
            answer.blame(
                "303 to the redirect_uri, with code in its query",
                f"{answer.line}   {answer.headers.get('location', answer.text[:_SHOWN])}",
                "The owner is logged in, and the program is known with this address.",
            )
        return code

    # --- tokens ---

    async def token(self, program: Program, form: Mapping[str, str], **given: Any) -> Answer:
        """The answer of the token endpoint to this program; any status is taken unless one is given."""
        return await self.running.ask("POST", "/oauth/token", **{"status": None, **program.named(form), **given})

    async def exchanged(self, program: Program, code: Code, **given: Any) -> Granted:
        """The tokens that a code is exchanged for."""
        return granted(await self.token(program, code.form(), **{"status": 200, **given}))

    async def granted(self, program: Program, token: str, **changes: str | None) -> Granted:
        """The tokens of a new family of the program's, in the name of the token's owner."""
        return await self.exchanged(program, await self.code(program, token, **changes))

    async def refresh(self, program: Program, refresh: str | None, *, scope: str | None = None, **given: Any) -> Answer:
        """The answer to a refresh; any status is taken unless one is given."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh or ""}
        if scope is not None:
            form["scope"] = scope
        return await self.token(program, form, **given)

    async def revoke(self, program: Program, token: str | None, **given: Any) -> Answer:
        """The answer to a revocation; fails the check if it is not 200, unless another status is given."""
        form = program.named({"token": token or ""})
        why = "The client wants this token to be good for nothing, and now it is, or was before (RFC 7009, 2.2)."
        return await self.running.ask("POST", "/oauth/revoke", **{"status": 200, "why": why, **form, **given})


def granted(answer: Answer) -> Granted:
    """The tokens in an answer; fails the check if it has another form."""
    given = answer.json()
    if not isinstance(given, dict) or any(name not in given for name in _NEEDED):
        answer.blame(
            '{"access_token": text, "token_type": "Bearer", "expires_in": whole number, "scope": text, …}',
            answer.text[:_SHOWN],
            "A client reads these members of every answer with a token (RFC 6749, 5.1).",
        )
    refresh = given.get("refresh_token")
    return Granted(
        str(given["access_token"]),
        given["expires_in"],
        str(given["scope"]),
        refresh if isinstance(refresh, str) else None,
    )
