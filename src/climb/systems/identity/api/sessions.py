"""Logging in, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.answers import answer, nothing
from climb.stack.http.bodies import read_json
from climb.stack.http.problems import Problem
from climb.systems.identity.api.bearer import NOT_LOGGED_IN, demand_there, family_of, not_good
from climb.systems.identity.asker import Asker
from climb.systems.identity.given import sought_address
from climb.systems.identity.random_texts import digest, new_id, new_secret
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["NO_STORE", "Sessions"]

NO_STORE = {"Cache-Control": "no-store"}


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to log in. Any text will do; a wrong one is no account's."""

    email: str
    password: str


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A refresh token to be used up."""

    refresh_token: str


class Sessions:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has them."""
        return [
            Route("/v1/sessions", self.log_in, methods=["POST"]),
            Route("/v1/sessions", self.end_all, methods=["DELETE"]),
            Route("/v1/sessions/current", self.log_out, methods=["DELETE"]),
            Route("/v1/sessions/refresh", self.refresh, methods=["POST"]),
        ]

    async def log_in(self, request: Request) -> Response:
        """Tokens for an address and its password; an unknown address takes the same way as a wrong password."""
        asked = await read_json(request, Login)
        parts, trying, asker = self._parts, self._parts.trying, Asker.of(request)
        async with trying.attempt(sought_address(asked.email), asker) as attempt:
            fits, refresh, granted = await trying.fits(asked.password, attempt), new_secret(), None
            if fits:
                granted = await trying.asked(
                    lambda connection: queries.begin_session(
                        connection,
                        user_id=attempt.standing.user_id,
                        password_hash=attempt.standing.password_hash,
                        family_id=new_id(),
                        current=digest(refresh),
                        refresh_s=parts.settings.refresh_s,
                        address=attempt.address,
                        client_address=asker.client_address,
                        request_id=asker.request_id,
                    )
                )
            if granted is None:  # or the password was changed, or the account deleted, while we looked at it
                await trying.failed(attempt)
                raise Problem(401, "no account has this address and this password", headers=NOT_LOGGED_IN)
        return answer(parts.issuing.for_session(granted, refresh), headers=NO_STORE)

    async def refresh(self, request: Request) -> Response:
        """New tokens for a refresh token; one that was used before ends its family."""
        asked = await read_json(request, Refresh)
        parts, asker, old, new = self._parts, Asker.of(request), digest(asked.refresh_token), new_secret()
        async with parts.database.session() as connection:
            granted = await queries.rotate(
                connection,
                old=old,
                new=digest(new),
                client_id=None,
                wanted=[],
                refresh_s=parts.settings.refresh_s,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
            if granted is None:
                await queries.end_if_replayed(
                    connection,
                    hash=old,
                    client_id=None,
                    client_address=asker.client_address,
                    request_id=asker.request_id,
                )
        if granted is None:
            raise Problem(401, "the refresh token is not good", headers=NOT_LOGGED_IN)
        return answer(parts.issuing.for_session(granted, new), headers=NO_STORE)

    async def log_out(self, request: Request) -> Response:
        """The family of the token ends."""
        claims, asker = await self._parts.bearer.person(request), Asker.of(request)
        async with self._parts.database.session() as connection:
            await demand_there(connection, claims)
            await queries.end_family(
                connection,
                id=family_of(claims),
                user_id=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return nothing()

    async def end_all(self, request: Request) -> Response:
        """All families of the account end, those of other programs included, and the codes that could begin others."""
        claims, asker = await self._parts.bearer.person(request), Asker.of(request)
        async with self._parts.database.transaction() as connection:
            if not await queries.hold_owner(connection, user_id=claims.sub):
                raise not_good()
            await queries.end_families(connection, user_id=claims.sub, but="")
            await queries.drop_codes(
                connection,
                event="logout",
                user_id=claims.sub,
                by=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return nothing()
