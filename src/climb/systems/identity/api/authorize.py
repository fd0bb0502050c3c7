"""A code for another program, in the name of somebody who is logged in (RFC 6749, 4.1.1; RFC 7636; RFC 9207)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.bodies import pairs
from climb.stack.http.problems import Problem
from climb.systems.identity.api.bearer import demand_there, family_of, not_good
from climb.systems.identity.api.sessions import NO_STORE
from climb.systems.identity.oauth import OAuthError, challenge_is_right, chosen_scopes, redirected, single
from climb.systems.identity.random_texts import digest, new_secret
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["Authorize"]

_REST = ("response_type", "scope", "state", "code_challenge", "code_challenge_method")


class Authorize:
    """The route."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has it."""
        return [Route("/oauth/authorize", self.authorize, methods=["GET"])]

    async def authorize(self, request: Request) -> Response:
        """Back to the program with a code, or with what is wrong; 400 if it is not sure whose address that is."""
        claims = await self._parts.bearer.person(request)
        given = pairs(request.scope["query_string"], "the query")
        async with self._parts.database.session() as connection:
            await demand_there(connection, claims)
            client = await queries.find_client(connection, id=_only(given, "client_id"))
            if client is None:
                raise Problem(400, "client_id is none that is known")
            uri = _only(given, "redirect_uri")
            if uri not in client.redirect_uris:
                raise Problem(400, "redirect_uri is none of the client's")
            try:
                asked = single(given, _REST)
                scopes = _demand(asked, client)
            except OAuthError as error:
                return self._back(uri, given, {"error": error.error})
            code = new_secret()
            made = await queries.make_code(
                connection,
                hash=digest(code),
                family_id=family_of(claims),
                user_id=claims.sub,
                client_id=client.id,
                redirect_uri=uri,
                scopes=scopes,
                challenge=asked["code_challenge"],
                code_s=self._parts.settings.code_s,
            )
        if not made:
            raise not_good()  # its family has ended
        return self._back(uri, given, {"code": code})

    def _back(self, uri: str, given: Sequence[tuple[str, str]], said: Mapping[str, str]) -> Response:
        state = [(name, value) for name, value in given if name == "state" and value][:1]
        added = {**said, **dict(state), "iss": self._parts.settings.known_as}
        return Response(status_code=303, headers={"Location": redirected(uri, added), **NO_STORE})


def _only(given: Sequence[tuple[str, str]], name: str) -> str:
    """The value of a parameter that decides where we may answer; 400 unless it is there once."""
    values = [value for field, value in given if field == name]
    if len(values) != 1 or "\0" in values[0]:
        raise Problem(400, f"{name} must be there once")
    return values[0]


def _demand(asked: Mapping[str, str], client: queries.Client) -> list[str]:
    """The scopes of a request that is right; else what the program is told."""
    if "response_type" not in asked:
        raise OAuthError("invalid_request")
    if asked["response_type"] != "code":
        raise OAuthError("unsupported_response_type")
    if "authorization_code" not in client.grants:
        raise OAuthError("unauthorized_client")
    if not challenge_is_right(asked.get("code_challenge"), asked.get("code_challenge_method")):
        raise OAuthError("invalid_request")
    return chosen_scopes(asked.get("scope"), client.scopes)
