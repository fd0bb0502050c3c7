"""Other programs: made by administrators, and named wherever they ask for tokens."""

import base64
import hmac
from urllib.parse import unquote_plus

from answers import answer
from events import tell
from fields import flag, grants, name, redirect_uris, scopes
from problem import Problem
from secret import kept, new_id, new_secret


async def make_client(ask):
    who = await ask.admin()
    fields = await ask.fields(name=name, redirect_uris=redirect_uris, grants=grants, scopes=scopes, confidential=flag)
    errors = {}
    if "authorization_code" in fields["grants"] and not fields["redirect_uris"]:
        errors["redirect_uris"] = "must have one, for the grant authorization_code"
    if "client_credentials" in fields["grants"] and not fields["confidential"]:
        errors["confidential"] = "must be true, for the grant client_credentials"
    if errors:
        raise Problem(422, "Some fields are wrong.", errors)
    client_id, secret = new_id(), new_secret() if fields["confidential"] else None
    async with ask.database.transaction() as sql:
        await sql.execute(
            "INSERT INTO clients (id, secret_hash, name, redirect_uris, grants, scopes) VALUES ($1, $2, $3, $4, $5, $6)",
            client_id,
            secret and kept(secret),
            fields["name"],
            fields["redirect_uris"],
            fields["grants"],
            fields["scopes"],
        )
        await tell(sql, ask, "client_created", None, who.id)
    return answer(201, {"client_id": client_id, "client_secret": secret, **fields}, secret=True)


async def find_client(ask, client_id: str):
    async with ask.database.transaction() as sql:
        return await sql.fetchrow("SELECT * FROM clients WHERE id = $1", client_id)


class OAuthError(Problem):
    """RFC 6749, 5.2."""

    def __init__(self, error: str, status: int = 400):
        super().__init__(status)
        self.error = error

    def response(self):
        headers = {"WWW-Authenticate": 'Basic realm="clients"'} if self.status == 401 else {}
        return answer(self.status, {"error": self.error}, headers, secret=True)


def invalid_client() -> OAuthError:
    return OAuthError("invalid_client", 401)


async def who_asks(ask, form: dict):
    """The client: a confidential one by Basic with its secret, any other by its id in the form."""
    given = ask.request.headers.get("authorization")
    if given is None:
        client = await find_client(ask, form.get("client_id", ""))
        if client is None or client["secret_hash"] is not None:
            raise invalid_client()
        return client
    client_id, secret = read_basic(given)
    client = await find_client(ask, client_id)
    if client is None or client["secret_hash"] is None:
        raise invalid_client()
    if not hmac.compare_digest(kept(secret), client["secret_hash"]):
        raise invalid_client()
    if form.get("client_id", client_id) != client_id:
        raise invalid_client()
    return client


def read_basic(given: str) -> tuple[str, str]:
    scheme, _, coded = given.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(coded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise invalid_client() from None
    if scheme.lower() != "basic" or not colon or "\0" in client_id + secret:
        raise invalid_client()
    return unquote_plus(client_id), unquote_plus(secret)
