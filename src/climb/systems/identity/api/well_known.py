"""What everybody may know: the public keys, and where everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.away import Away
from climb.stack.http.answers import answer
from climb.systems.identity.asker import Asker
from climb.systems.identity.storage.queries import GRANTS

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["WellKnown"]


class WellKnown:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has them."""
        return [
            Route("/.well-known/jwks.json", self.keys, methods=["GET"]),
            Route("/.well-known/oauth-authorization-server", self.metadata, methods=["GET"]),
            Route("/v1/keys", self.make_key, methods=["POST"]),
        ]

    async def keys(self, _request: Request) -> Response:
        """The public keys, whatever the database does now."""
        return answer({"keys": self._parts.keys.shown()})

    async def metadata(self, _request: Request) -> Response:
        """RFC 8414."""
        if not self._parts.keys.is_there:
            raise Away("database", "no keys yet")
        issuer = self._parts.settings.known_as
        return answer(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/.well-known/jwks.json",
                "token_endpoint": f"{issuer}/oauth/token",
                "authorization_endpoint": f"{issuer}/oauth/authorize",
                "revocation_endpoint": f"{issuer}/oauth/revoke",
                "response_types_supported": ["code"],
                "grant_types_supported": list(GRANTS),
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def make_key(self, request: Request) -> Response:
        """A new key, which signs from now on."""
        async with self._parts.database.session() as connection:
            claims = await self._parts.bearer.admin(request, connection)
        kid = await self._parts.keys.make(claims.sub, Asker.of(request))
        return answer({"kid": kid}, 201)
