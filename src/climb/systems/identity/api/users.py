"""What admins do with accounts, and the log of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.database.connection import Connection
from climb.stack.http.answers import answer, moment_text, nothing
from climb.stack.http.bodies import read_json, read_query
from climb.stack.http.conditions import demand_match
from climb.stack.http.fields import Rule
from climb.stack.http.paging import Cursors, Page, PageQuery
from climb.stack.http.problems import Problem
from climb.systems.identity.api.accounts import account_answer, shown
from climb.systems.identity.asker import Asker
from climb.systems.identity.storage import queries

if TYPE_CHECKING:
    from climb.systems.identity.parts import Parts

__all__ = ["Users", "once"]

Event = Literal[
    "registered",
    "login",
    "login_failed",
    "login_throttled",
    "refreshed",
    "refresh_replayed",
    "logout",
    "password_changed",
    "password_reset",
    "roles_changed",
    "user_deleted",
    "client_created",
    "key_created",
    "token_issued",
]

_CURSORS = Cursors("accounts", tuple[int])
_BEFORE_ALL = (0, 0)


def once(values: list[str]) -> list[str]:
    """A list without repetitions; ValueError if it has some."""
    if len(set(values)) < len(values):
        raise ValueError("has something twice")
    return values


class RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account may do."""

    roles: Annotated[list[Literal["user", "admin"]], msgspec.Meta(min_length=1), Rule(once)]


class AuditQuery(PageQuery, frozen=True):
    """Which part of the log."""

    event: Event | None = None
    user_id: str | None = None


class ShownEntry(msgspec.Struct, frozen=True):
    """A line of the log in an answer."""

    id: str
    at: str
    event: str
    user_id: str | None
    by: str | None
    client_address: str
    request_id: str


class Users:
    """The routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """As the contract has them."""
        return [
            Route("/v1/users", self.list, methods=["GET"]),
            Route("/v1/users/{id}", self.read, methods=["GET"]),
            Route("/v1/users/{id}", self.delete, methods=["DELETE"]),
            Route("/v1/users/{id}/roles", self.change_roles, methods=["PUT"]),
            Route("/v1/audit", self.audit, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        """A page of accounts, oldest first."""
        async with self._parts.database.session() as connection:
            await self._parts.bearer.admin(request, connection)
            asked = read_query(request, PageQuery)
            after = _CURSORS.key(asked.after) or (0,)
            found = await queries.list_accounts(connection, after=after[0], most=asked.limit + 1)
        page = _CURSORS.page(found, asked.limit, lambda account: (account.number,))
        return answer(Page([shown(account) for account in page.items], page.next))

    async def read(self, request: Request) -> Response:
        """One account."""
        async with self._parts.database.session() as connection:
            await self._parts.bearer.admin(request, connection)
            account = await queries.find_account(connection, id=request.path_params["id"])
        if account is None:
            raise Problem(404)
        return account_answer(account)

    async def change_roles(self, request: Request) -> Response:
        """Other roles; 412 if the account has changed since, 409 if nobody would be admin any more."""
        asker, id = Asker.of(request), request.path_params["id"]  # noqa: A001 - as the contract has it
        async with self._parts.database.session() as connection:
            claims = await self._parts.bearer.admin(request, connection)
        asked = await read_json(request, RoleChange)
        async with self._parts.database.transaction() as connection:
            account = await self._alone(connection, id)
            demand_match(request, account.tag)
            if "admin" not in asked.roles:
                await _demand_another_admin(connection, account)
            if set(asked.roles) == set(account.roles):
                return account_answer(account)
            changed = await queries.change_roles(
                connection,
                id=id,
                roles=asked.roles,
                by=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
            assert changed is not None  # it is locked
        return account_answer(changed)

    async def delete(self, request: Request) -> Response:
        """The account and all that it had are gone; 409 if nobody would be admin any more."""
        asker, id = Asker.of(request), request.path_params["id"]  # noqa: A001 - as the contract has it
        async with self._parts.database.session() as connection:
            claims = await self._parts.bearer.admin(request, connection)
        async with self._parts.database.transaction() as connection:
            account = await self._alone(connection, id)
            await _demand_another_admin(connection, account)
            await queries.delete_account(
                connection,
                id=id,
                by=claims.sub,
                client_address=asker.client_address,
                request_id=asker.request_id,
            )
        return nothing()

    async def audit(self, request: Request) -> Response:
        """A page of the log, oldest first."""
        async with self._parts.database.session() as connection:
            await self._parts.bearer.admin(request, connection)
            asked = read_query(request, AuditQuery)
            cursors = Cursors(f"audit {asked.event} {asked.user_id}", tuple[int, int])
            after = cursors.key(asked.after) or _BEFORE_ALL
            found = await queries.list_audit(
                connection,
                after_written_by=str(after[0]),
                after_id=after[1],
                event=asked.event,
                user_id=asked.user_id,
                most=asked.limit + 1,
            )
        page = cursors.page(found, asked.limit, lambda entry: (entry.written_by, entry.id))
        return answer(Page([_shown(entry) for entry in page.items], page.next))

    async def _alone(self, connection: Connection, id: str) -> queries.Account:  # noqa: A002 - as the contract has it
        """The account, locked, while nobody else changes who is admin: two could take the role from each other."""
        await queries.take_turn(connection, what=queries.ADMINS)
        account = await queries.lock_account(connection, id=id)
        if account is None:
            raise Problem(404)
        return account


async def _demand_another_admin(connection: Connection, account: queries.Account) -> None:
    if "admin" in account.roles and not await queries.another_admin(connection, id=account.id):
        raise Problem(409, "this is the last admin")


def _shown(entry: queries.Entry) -> ShownEntry:
    return ShownEntry(
        str(entry.id),
        moment_text(entry.at),
        entry.event,
        entry.user_id,
        entry.by_id,
        entry.client_address,
        entry.request_id,
    )
