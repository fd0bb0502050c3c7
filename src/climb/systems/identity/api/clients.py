"""Other programs: made known by an admin, and named by themselves when they ask for something."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.database.connection import Connection
from climb.stack.http.answers import answer
from climb.stack.http.bodies import read_json
from climb.stack.http.fields import Rule
from climb.stack.http.problems import invalid
from climb.systems.identity.api.sessions import NO_STORE
from climb.systems.identity.api.users import once
from climb.systems.identity.asker import Asker
from climb.systems.identity.oauth import OAuthError, redirect_uri, scope_word
from climb.systems.identity.random_texts import digest, new_id, new_secret
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["Clients", "named_client"]

RedirectUri = Annotated[str, Rule(redirect_uri)]
Scope = Annotated[str, Rule(scope_word)]
Grant = Literal["authorization_code", "refresh_token", "client_credentials"]


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that shall be known."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    redirect_uris: Annotated[list[RedirectUri], msgspec.Meta(max_length=20), Rule(once)]
    grants: Annotated[list[Grant], msgspec.Meta(min_length=1), Rule(once)]
    scopes: Annotated[list[Scope], msgspec.Meta(max_length=64), Rule(once)]
    confidential: bool


class ShownClient(msgspec.Struct, frozen=True):
    """A program with its secret, which is shown this once."""

    client_id: str
    client_secret: str | None
    name: str
    redirect_uris: list[str]
    grants: list[Grant]
    scopes: list[str]
    confidential: bool


class Clients:
    """The route."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has it."""
        return [Route("/v1/clients", self.make, methods=["POST"])]

    async def make(self, request: Request) -> Response:
        """Make a program known; only the hash of its secret is kept."""
        asker = Asker.of(request)
        async with self._parts.database.session() as connection:
            claims = await self._parts.bearer.admin(request, connection)
        asked = await read_json(request, NewClient)
        _demand_sense(asked)
        client_id, secret = new_id(), new_secret() if asked.confidential else None
        async with self._parts.database.session() as connection:
            await queries.make_client(
                connection,
                id=client_id,
                name=asked.name,
                secret_hash=digest(secret) if secret else None,
                redirect_uris=asked.redirect_uris,
                grants=asked.grants,
                scopes=asked.scopes,
                by=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        shown = ShownClient(client_id, secret, **msgspec.structs.asdict(asked))
        return answer(shown, 201, NO_STORE)


def _demand_sense(asked: NewClient) -> None:
    wrong = []
    if "authorization_code" in asked.grants and not asked.redirect_uris:
        wrong.append(("redirect_uris", "at least one is needed for authorization_code"))
    if "client_credentials" in asked.grants and not asked.confidential:
        wrong.append(("confidential", "must be true for client_credentials"))
    if wrong:
        raise invalid(*wrong)


async def named_client(request: Request, form: Mapping[str, str], connection: Connection) -> queries.Client:
    """Who asks: by HTTP Basic with its secret, or, without a secret, by ``client_id``; else ``invalid_client``."""
    basic = _basic(request)
    name, secret = basic or (form.get("client_id", ""), None)
    client = await queries.find_client(connection, id=name) if name and "\0" not in name else None
    if client is None:
        raise OAuthError("invalid_client")
    if not hmac.compare_digest(digest(secret) if secret is not None else b"", client.secret_hash or b""):
        raise OAuthError("invalid_client")
    if form.get("client_id", name) != name:
        raise OAuthError("invalid_request", "client_id is another one than that of the Authorization field")
    return client


def _basic(request: Request) -> tuple[str, str] | None:
    """Id and secret, each encoded as in a form (RFC 6749, 2.3.1); None without such a field."""
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, encoded = given[0].partition(" ")
    if scheme.lower() != "basic" or len(given) > 1:
        raise OAuthError("invalid_client")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise OAuthError("invalid_client") from None
    if not colon:
        raise OAuthError("invalid_client")
    return unquote_plus(name), unquote_plus(secret)
