"""Accounts as their owners see them: made, confirmed, shown, and given another password."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.answers import answer, moment_text, nothing
from climb.stack.http.bodies import read_json
from climb.stack.http.fields import Rule
from climb.stack.http.problems import Problem, invalid
from climb.stack.tokens.claims import Claims
from climb.systems.identity.api.bearer import family_of, not_good
from climb.systems.identity.asker import Asker
from climb.systems.identity.given import new_password, plain_address
from climb.systems.identity.random_texts import digest, new_id
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["Accounts", "ShownAccount", "account_answer", "shown"]

Email = Annotated[str, Rule(plain_address)]
NewPassword = Annotated[str, Rule(new_password)]

_FOLLOWS = {"message": "The rest comes by mail."}


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account that somebody asks for."""

    email: Email
    password: NewPassword


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a message carried."""

    token: str


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password that is, and the one that will be."""

    current: str
    new: NewPassword


class ResetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password is to be reset."""

    email: Email


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a message carried, and the password that will be."""

    token: str
    new: NewPassword


class ShownAccount(msgspec.Struct, frozen=True):
    """An account in an answer."""

    id: str
    email: str
    roles: list[str]
    created_at: str


def shown(account: queries.Account) -> ShownAccount:
    """The account as answers have it."""
    return ShownAccount(account.id, account.email, account.roles, _seconds(account.created_at))


def account_answer(account: queries.Account) -> Response:
    """The account, and the tag that is another one when it has changed."""
    return answer(shown(account), headers={"ETag": account.tag})


class Accounts:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has them."""
        return [
            Route("/v1/registrations", self.register, methods=["POST"]),
            Route("/v1/confirmations", self.confirm, methods=["POST"]),
            Route("/v1/users/me", self.read_own, methods=["GET"]),
            Route("/v1/users/me/password", self.change_password, methods=["PUT"]),
            Route("/v1/password-resets", self.ask_for_reset, methods=["POST"]),
            Route("/v1/password-resets", self.reset_password, methods=["PUT"]),
        ]

    async def register(self, request: Request) -> Response:
        """Leave a message, the same work for each address. Whether there is an account is looked up when the message leaves."""
        asked = await read_json(request, Registration)
        await self._parts.database.ready()  # else nobody need wait in line
        with self._parts.passwords.line.place():
            password_hash = await self._parts.passwords.hashed(asked.password)
        async with self._parts.database.session() as connection:
            await queries.leave_message(connection, to_address=asked.email, kind="confirm", password_hash=password_hash)
        self._parts.outbox.wake()
        return answer(_FOLLOWS, 202)

    async def confirm(self, request: Request) -> Response:
        """The account is made, one after the other, so that the list of them grows only at its end."""
        asked, asker = await read_json(request, Confirmation), Asker.of(request)
        async with self._parts.database.transaction() as connection:
            await queries.take_turn(connection, what=queries.ACCOUNTS)
            account = await queries.confirm(
                connection,
                hash=digest(asked.token),
                id=new_id(),
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        if account is None:
            raise _not_good_token()
        return answer(shown(account), 201)

    async def read_own(self, request: Request) -> Response:
        """The account of the token's owner; the one route below /v1 that takes a token of another program."""
        claims = await self._parts.bearer.claims(request)
        if claims.sub == claims.client_id:
            raise Problem(403, "this token is in no account's name")
        async with self._parts.database.session() as connection:
            account = await queries.find_account(connection, id=claims.sub)
        if account is None:
            raise not_good()
        return account_answer(account)

    async def change_password(self, request: Request) -> Response:
        """Another password; all families but this one end."""
        claims, asker = await self._parts.bearer.person(request), Asker.of(request)
        async with self._parts.database.session() as connection:
            known = await queries.password_of(connection, id=claims.sub)
        if known is None:
            raise not_good()
        asked = await read_json(request, PasswordChange)
        trying = self._parts.trying
        async with trying.attempt(known.email, asker, by=claims.sub) as attempt:
            changed = False
            if await trying.fits(asked.current, attempt):
                new_hash = await self._parts.passwords.hashed(asked.new)
                changed = await self._changed(claims, attempt.standing.password_hash, new_hash, attempt.address, asker)
            if not changed:
                await trying.failed(attempt)
                raise invalid(("current", "is not the password"))
        return nothing()

    async def _changed(
        self, claims: Claims, known_hash: str | None, new_hash: str, address: bytes, asker: Asker
    ) -> bool:
        async with self._parts.database.transaction() as connection:
            if not await queries.change_password(connection, id=claims.sub, known=known_hash, new=new_hash):
                return False
            await queries.forget_failures(connection, client_address=asker.client_address, address=address)
            await queries.end_families(connection, user_id=claims.sub, but=family_of(claims))
            await queries.drop_codes(
                connection,
                event="password_changed",
                user_id=claims.sub,
                by=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return True

    async def ask_for_reset(self, request: Request) -> Response:
        """Leave a message, the same work for each address."""
        asked = await read_json(request, ResetRequest)
        async with self._parts.database.session() as connection:
            await queries.leave_message(connection, to_address=asked.email, kind="reset", password_hash=None)
        self._parts.outbox.wake()
        return answer(_FOLLOWS, 202)

    async def reset_password(self, request: Request) -> Response:
        """Another password for what a message carried; all families end."""
        asked, asker = await read_json(request, Reset), Asker.of(request)
        used = digest(asked.token)
        async with self._parts.database.session() as connection:
            linked = await queries.reset_link(connection, hash=used)
        if linked is None:
            raise _not_good_token()
        with self._parts.passwords.line.place():
            password_hash = await self._parts.passwords.hashed(asked.new)
        async with self._parts.database.transaction() as connection:
            found = await queries.set_password(connection, id=linked.user_id, new=password_hash)
            await queries.drop_resets(connection, user_id=linked.user_id)
            if not found or not await queries.use_reset(connection, user_id=linked.user_id, hash=used):
                raise _not_good_token()  # used, or run out, while we hashed; all is undone
            await queries.end_families(connection, user_id=linked.user_id, but="")
            await queries.drop_codes(
                connection,
                event="password_reset",
                user_id=linked.user_id,
                by=None,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return nothing()


def _not_good_token() -> Problem:
    return invalid(("token", "was used, has run out, or is unknown"))


def _seconds(moment: datetime) -> str:
    return moment_text(moment.replace(microsecond=0))
