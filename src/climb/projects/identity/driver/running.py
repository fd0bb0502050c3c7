"""A service that was started, and what people and administrators do with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from climb.judge.drivers.life import ADDRESS
from climb.judge.drivers.service import Instance, Service, healthy
from climb.judge.expect import fail
from climb.projects.identity.driver.people import Person, Tokens, draw_email, draw_password, tokens
from climb.projects.identity.rules.jws import parts
from climb.projects.identity.rules.tokens import Claims, WrongToken, checked

if TYPE_CHECKING:
    from climb.judge.dependencies import Database
    from climb.judge.drivers.http1 import Answer
    from climb.projects.identity.driver.mailbox import Mailbox

__all__ = ["Running"]

_CONFIRMED = "The token of a confirm message makes the account."


class Running:
    """One instance of the service. All instances of a check share database, mailbox, issuer and administrator."""

    def __init__(
        self,
        service: Service,
        instance: Instance,
        env: Mapping[str, str | None],
        *,
        database: Database,
        mail: Mailbox,
        issuer: str | None,
        administrator: Person | None,
    ) -> None:
        self.instance = instance
        self.database = database
        self.mail = mail
        self.issuer = issuer or f"http://{ADDRESS}:{instance.ports['PORT']}"
        self.administrator = administrator
        self._service = service
        self._env = dict(env)
        self._set_issuer = issuer
        self._client = self.instance.json("PORT")

    def __repr__(self) -> str:
        return f"Running(port {self.port})"

    @property
    def port(self) -> int:
        """The port that it has in this life."""
        return self.instance.ports["PORT"]

    @property
    def base(self) -> str:
        """Where it is, without a path."""
        return f"http://{ADDRESS}:{self.port}"

    def now(self) -> float:
        """Seconds since the check began."""
        return self._service.now()

    # --- asking ---

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        """The answer to one request; what may be given is that of ``JsonClient.ask``: json, form, token, basic, fields, from_address, status, why."""
        return await self._client.ask(method, path, **given)

    # --- people ---

    async def register(self, email: str | None = None, password: str | None = None) -> Person:
        """Somebody with an account: registered, told by a message, confirmed."""
        draw = self._service.world.draw
        wanted = Person(email or draw_email(draw), password or draw_password(draw))
        await self.ask(
            "POST", "/v1/registrations", json={"email": wanted.email, "password": wanted.password}, status=202
        )
        message = await self.mail.message(wanted.email.strip().lower(), "confirm")
        answer = await self.ask("POST", "/v1/confirmations", json={"token": message.token}, status=201, why=_CONFIRMED)
        given = answer.json()
        if not (isinstance(given, dict) and isinstance(given.get("id"), str)):
            answer.blame(
                '{"id": text, …}',
                answer.text[:300],
                "The new account is in the answer, and everyone speaks of it by its id.",
            )
        return msgspec.structs.replace(wanted, email=wanted.email.strip().lower(), id=given["id"])

    async def login(self, person: Person, *, from_address: str | None = None, why: str = "") -> Tokens:
        """The tokens of a new family of this person's."""
        return tokens(await self.tries(person.email, person.password, from_address=from_address, status=200, why=why))

    async def tries(self, email: str, password: str, **given: Any) -> Answer:
        """The answer to a login; any status is taken unless one is given."""
        asked = {"status": None, **given}
        return await self.ask("POST", "/v1/sessions", json={"email": email, "password": password}, **asked)

    async def refreshed(self, refresh_token: str, **given: Any) -> Tokens:
        """The tokens that this refresh token is changed for."""
        return tokens(await self.refreshes(refresh_token, **{"status": 200, **given}))

    async def refreshes(self, refresh_token: str, **given: Any) -> Answer:
        """The answer to a refresh; any status is taken unless one is given."""
        asked = {"status": None, **given}
        return await self.ask("POST", "/v1/sessions/refresh", json={"refresh_token": refresh_token}, **asked)

    async def keys(self) -> Any:
        """The set of public keys as it is now."""
        return (await self.ask("GET", "/.well-known/jwks.json")).json()

    async def claims(self, token: str, *, what: str = "the access token") -> Claims:
        """What this token says, checked with the public keys as they are now; fails the check if it is not as the brief has it."""
        try:
            return checked(token, await self.keys(), self.issuer)
        except WrongToken as wrong:
            fail(what, expected=wrong.expected, received=wrong.received, why=wrong.why, saw=token)

    def payload(self, token: str) -> dict[str, Any]:
        """What this token says, unchecked; fails the check if it is no JWT."""
        try:
            return parts(token).claims
        except ValueError as error:
            fail(
                "the access token",
                expected="a JWT",
                received=f"{token[:80]!r}   ({error})",
                why="Anyone can read and check an access token (RFC 7519, 3).",
            )

    async def me(self, token: str, **given: Any) -> Answer:
        """The answer to GET /v1/users/me in the name of this token's owner; 200 unless another status is given."""
        return await self.ask("GET", "/v1/users/me", token=token, **given)

    async def admin(self) -> Tokens:
        """The tokens of a new family of the administrator's."""
        if self.administrator is None:
            raise ValueError("this service was started without an administrator")
        return await self.login(self.administrator)

    # --- its life ---

    async def restart(self, **changes: str | None) -> None:
        """Kill it (unless it has ended), and start it again on the same database, with these variables changed; it has another port then."""
        if self.instance.running:
            await self.instance.kill()
        self._client.close()
        self._env |= changes
        await self.instance.start(changes)
        self._client = self.instance.json("PORT")

    async def second(self, **changes: str | None) -> Running:
        """Another instance on the same database, with the same variables but for these changes."""
        if self._set_issuer is None:
            raise ValueError("instances of one service have one ISSUER, so it must be set")
        env = {**self._env, **changes}
        instance = await self._service.start(env, ports=("PORT",), ready=healthy("PORT", "/readyz"))
        return Running(
            self._service,
            instance,
            env,
            database=self.database,
            mail=self.mail,
            issuer=env["ISSUER"],
            administrator=self.administrator,
        )
