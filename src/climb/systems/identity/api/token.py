"""Tokens for other programs, and their end (RFC 6749, 4.1.3, 4.4, 6; RFC 7009). Errors are those of RFC 6749, 5.2."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.database.connection import Connection
from climb.stack.http.answers import answer
from climb.stack.http.bodies import demand_type, pairs
from climb.stack.http.problems import Problem
from climb.systems.identity.api.clients import named_client
from climb.systems.identity.api.sessions import NO_STORE
from climb.systems.identity.asker import Asker
from climb.systems.identity.issuing import ClientTokens
from climb.systems.identity.oauth import OAuthError, chosen_scopes, single, verifier_fits
from climb.systems.identity.random_texts import digest, new_id, new_secret
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["Tokens"]

_FIELDS = ("grant_type", "client_id", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "token")

Form = Mapping[str, str]


class Tokens:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._grants: dict[str, Callable[[queries.Client, Form, Asker], Awaitable[ClientTokens]]] = {
            "authorization_code": self._for_code,
            "refresh_token": self._for_refresh,
            "client_credentials": self._for_itself,
        }

    def routes(self) -> list[Route]:
        """As the contract has them."""
        return [
            Route("/oauth/token", _told(self.issue), methods=["POST"]),
            Route("/oauth/revoke", _told(self.revoke), methods=["POST"]),
        ]

    async def issue(self, request: Request) -> Response:
        """Tokens for what the program brings."""
        form = await _form(request)
        client = await self._client(request, form)
        grant = _needed(form, "grant_type")
        if grant not in self._grants:
            raise OAuthError("unsupported_grant_type")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client")
        return answer(await self._grants[grant](client, form, Asker.of(request)), headers=NO_STORE)

    async def revoke(self, request: Request) -> Response:
        """The family of a refresh token ends, if it is this program's."""
        form, asker = await _form(request), Asker.of(request)
        client = await self._client(request, form)
        token = _needed(form, "token")
        async with self._parts.database.session() as connection:
            await queries.end_family_of_token(
                connection,
                hash=digest(token),
                client_id=client.id,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return Response(headers=NO_STORE)

    async def _client(self, request: Request, form: Form) -> queries.Client:
        async with self._parts.database.session() as connection:
            return await named_client(request, form, connection)

    async def _for_code(self, client: queries.Client, form: Form, asker: Asker) -> ClientTokens:
        used = digest(_needed(form, "code"))
        uri, verifier = _needed(form, "redirect_uri"), _needed(form, "code_verifier")
        refresh = new_secret() if "refresh_token" in client.grants else None
        async with self._parts.database.transaction() as connection:
            code = await queries.find_code(connection, hash=used)
            if code is None or code.client_id != client.id:
                raise OAuthError("invalid_grant")
            fits = code.lasts and code.redirect_uri == uri and verifier_fits(verifier, code.challenge)
            granted = await self._begun(connection, code, used, refresh, asker) if fits else None
            if granted is None:
                await queries.end_family_of_code(connection, hash=used)  # if it was used before
        if granted is None:
            raise OAuthError("invalid_grant")
        return self._parts.issuing.for_client(client.id, granted, granted.scopes, refresh)

    async def _begun(
        self, connection: Connection, code: queries.Code, used: bytes, refresh: str | None, asker: Asker
    ) -> queries.Granted | None:
        if not await queries.lock_owner(connection, user_id=code.user_id):
            return None
        return await queries.use_code(
            connection,
            hash=used,
            family_id=new_id(),
            current=digest(refresh) if refresh else None,
            refresh_s=self._parts.settings.refresh_s,
            client_address=asker.client_address,
            request_id=asker.request_id,
        )

    async def _for_refresh(self, client: queries.Client, form: Form, asker: Asker) -> ClientTokens:
        old, new = digest(_needed(form, "refresh_token")), new_secret()
        wanted = form["scope"].split(" ") if "scope" in form else []
        async with self._parts.database.session() as connection:
            granted = await queries.rotate(
                connection,
                old=old,
                new=digest(new),
                client_id=client.id,
                wanted=wanted,
                refresh_s=self._parts.settings.refresh_s,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
            if granted is None:
                await self._refuse(connection, old, client, asker)
        assert granted is not None  # else it was refused
        scopes = chosen_scopes(form.get("scope"), granted.scopes)
        return self._parts.issuing.for_client(client.id, granted, scopes, new)

    async def _refuse(self, connection: Connection, old: bytes, client: queries.Client, asker: Asker) -> None:
        """Say why a refresh token was not taken; one that was used before ends its family."""
        if await queries.is_current(connection, hash=old, client_id=client.id):
            raise OAuthError("invalid_scope")  # it is good, and was not used up
        await queries.end_if_replayed(
            connection,
            hash=old,
            client_id=client.id,
            client_address=asker.client_address,
            request_id=asker.request_id,
        )
        raise OAuthError("invalid_grant")

    async def _for_itself(self, client: queries.Client, form: Form, asker: Asker) -> ClientTokens:
        tokens = self._parts.issuing.for_itself(client.id, chosen_scopes(form.get("scope"), client.scopes))
        async with self._parts.database.session() as connection:
            await queries.note_issued(connection, client_address=asker.client_address, request_id=asker.request_id)
        return tokens


async def _form(request: Request) -> Form:
    """The fields that we know, as RFC 6749 has them; 415 for another media type."""
    demand_type(request, "application/x-www-form-urlencoded")
    body = await request.body()
    try:
        return single(pairs(body, "the form"), _FIELDS)
    except Problem as problem:
        raise OAuthError("invalid_request", problem.detail) from None


def _needed(form: Form, name: str) -> str:
    if name not in form:
        raise OAuthError("invalid_request", f"{name} is missing")
    return form[name]


def _told(route: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The route, whose errors are answered as RFC 6749, 5.2 has them."""

    async def told(request: Request) -> Response:
        try:
            return await route(request)
        except OAuthError as error:
            said = {"error": error.error}
            if error.description:
                said["error_description"] = error.description
            if error.error == "invalid_client":
                return answer(said, 401, {**NO_STORE, "WWW-Authenticate": 'Basic realm="clients"'})
            return answer(said, 400, NO_STORE)

    return told
