"""Tokens for other programs (RFC 6749, 5; RFC 7009)."""

import base64
import hashlib
import hmac

import families
from access import new_access_token
from answers import answer
from body import read_form
from clients import OAuthError, who_asks
from events import tell
from secret import kept


async def read(ask) -> dict:
    """The form. What stands in it twice is a mistake, and what is not known is passed over."""
    try:
        pairs = await read_form(ask.request)
    except ValueError:
        raise OAuthError("invalid_request") from None
    form = dict(pairs)
    if len(form) < len(pairs) or any("\0" in value for value in form.values()):
        raise OAuthError("invalid_request")
    return form


def need(form: dict, *names: str) -> list[str]:
    if any(name not in form for name in names):
        raise OAuthError("invalid_request")
    return [form[name] for name in names]


async def give_tokens(ask):
    form = await read(ask)
    client = await who_asks(ask, form)
    [grant] = need(form, "grant_type")
    if grant not in GRANTS:
        raise OAuthError("unsupported_grant_type")
    if grant not in client["grants"]:
        raise OAuthError("unauthorized_client")
    return answer(200, await GRANTS[grant](ask, client, form), secret=True)


def tokens(ask, access_token: str, scope: str, refresh_token: str | None = None) -> dict:
    given = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": ask.settings.access_s,
        "scope": scope,
    }
    if refresh_token is not None:
        given["refresh_token"] = refresh_token
    return given


# --- for a code ---


async def by_code(ask, client, form: dict) -> dict:
    need(form, "code", "redirect_uri", "code_verifier")
    async with ask.database.transaction() as sql:
        given = await exchange(sql, ask, client, form)
    if given is None:
        raise OAuthError("invalid_grant")
    return given


async def exchange(sql, ask, client, form: dict) -> dict | None:
    """None if the code is not good; that it was used is kept in any case."""
    code = await sql.fetchrow(
        "SELECT c.*, c.expires_at <= now() AS expired, a.roles FROM codes c JOIN accounts a ON a.id = c.account_id"
        " WHERE c.hash = $1 AND c.client_id = $2 FOR UPDATE OF c",
        kept(form["code"]),
        client["id"],
    )
    if code is None:
        return None
    if code["used"]:
        await families.end(sql, code["family_id"])
        return None
    await sql.execute("UPDATE codes SET used = true WHERE hash = $1", code["hash"])
    if code["expired"]:
        return None
    if code["redirect_uri"] != form["redirect_uri"]:
        return None
    if not hmac.compare_digest(challenge(form["code_verifier"]), code["challenge"]):
        return None
    account = {"id": code["account_id"]}
    family_id = await families.begin(sql, ask.app, account, client_id=client["id"], scope=code["scope"])
    await sql.execute("UPDATE codes SET family_id = $2 WHERE hash = $1", code["hash"], family_id)
    refresh_token = None
    if "refresh_token" in client["grants"]:
        refresh_token = await families.add_refresh_token(sql, ask.app, family_id)
    await tell(sql, ask, "token_issued", code["account_id"])
    access_token = new_access_token(
        ask.app, code["account_id"], code["roles"], client_id=client["id"], scope=code["scope"], family_id=family_id
    )
    return tokens(ask, access_token, code["scope"], refresh_token)


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


# --- for a refresh token ---


async def by_refresh_token(ask, client, form: dict) -> dict:
    [old] = need(form, "refresh_token")
    async with ask.database.transaction() as sql:
        found = await families.find(sql, old, client["id"])
        scope = narrowed(form.get("scope"), found["scope"]) if found else ""
        family = await families.use_up(sql, ask, old, client["id"])
        if family is not None:
            token = await families.add_refresh_token(sql, ask.app, family["id"])
            await tell(sql, ask, "refreshed", family["account_id"])
    if family is None:
        raise OAuthError("invalid_grant")
    access_token = new_access_token(
        ask.app, family["account_id"], family["roles"], client_id=client["id"], scope=scope, family_id=family["id"]
    )
    return tokens(ask, access_token, scope, token)


def narrowed(wanted: str | None, allowed: str) -> str:
    """Some of the scopes that the owner has allowed."""
    if wanted is None:
        return allowed
    if not set(wanted.split()) <= set(allowed.split()):
        raise OAuthError("invalid_scope")
    return " ".join(wanted.split())


# --- for the client itself ---


async def by_credentials(ask, client, form: dict) -> dict:
    scope = narrowed(form.get("scope"), " ".join(client["scopes"]))
    async with ask.database.transaction() as sql:
        await tell(sql, ask, "token_issued", None)
    return tokens(ask, new_access_token(ask.app, client["id"], [], client_id=client["id"], scope=scope), scope)


GRANTS = {
    "authorization_code": by_code,
    "refresh_token": by_refresh_token,
    "client_credentials": by_credentials,
}


async def revoke(ask):
    form = await read(ask)
    client = await who_asks(ask, form)
    [token] = need(form, "token")
    async with ask.database.transaction() as sql:
        found = await families.find(sql, token, client["id"])
        if found is not None:
            await families.end(sql, found["id"])
            await tell(sql, ask, "logout", found["account_id"])
    return answer(200, secret=True)
