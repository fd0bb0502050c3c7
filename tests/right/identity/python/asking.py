"""A request, and what its handler needs to answer it."""

import re
from urllib.parse import parse_qsl

from access import FIRST_PARTY, NoGoodToken, Who, read_bearer, read_token
from body import read_fields
from problem import Problem
from secret import new_id

ID = re.compile("[0-9A-Za-z_-]{1,64}")


class Ask:
    def __init__(self, app, request):
        self.app = app
        self.settings, self.database, self.keys, self.line = app.settings, app.database, app.keys, app.line
        self.request = request
        self.id = request.scope["request_id"]
        self.address = request.client.host
        self.path = request.path_params

    def parameters(self) -> list[tuple[str, str]]:
        """Of the query, as they came."""
        try:
            pairs = parse_qsl(self.request.url.query, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise Problem(400, "The query is no UTF-8.") from None
        for name, value in pairs:
            if "\0" in value:
                raise Problem(422, "A parameter is wrong.", {name: "has a character U+0000"})
        return pairs

    def parameter(self, name: str) -> str | None:
        return dict(self.parameters()).get(name)

    async def fields(self, **rules) -> dict:
        return await read_fields(self.request, rules)

    # --- in whose name ---

    async def anyone(self) -> Who:
        """Whoever has a good access token, of whatever program."""
        who = await read_token(self.app, read_bearer(self.request))
        if who.id == who.client_id:
            return who  # a program in its own name, which has no account to be deleted
        async with self.database.transaction() as sql:
            if not await sql.fetchval("SELECT 1 FROM accounts WHERE id = $1", who.id):
                raise NoGoodToken("The account was deleted.", given=True)
        return who

    async def person(self) -> Who:
        """Somebody who has logged in here."""
        who = await self.anyone()
        if who.client_id != FIRST_PARTY:
            raise Problem(403, "The token of another program does not allow this.")
        return who

    async def admin(self) -> Who:
        who = await self.person()
        if "admin" not in who.roles:
            raise Problem(403, "This is for administrators.")
        return who


def request_id(headers: list[tuple[bytes, bytes]]) -> str:
    """The request's own, or a new one."""
    given = next((value.decode("latin-1") for name, value in headers if name == b"x-request-id"), "")
    return given if ID.fullmatch(given) else new_id()
