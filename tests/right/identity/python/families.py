"""Families: all tokens that grew out of one login, of a person or of another program in a person's name."""

from access import FIRST_PARTY, new_access_token
from events import tell
from secret import kept, new_id, new_secret


async def begin(sql, app, account, *, client_id: str | None = None, scope: str = "") -> str:
    family_id = new_id()
    await sql.execute(
        "INSERT INTO families (id, account_id, client_id, scope) VALUES ($1, $2, $3, $4)",
        family_id,
        account["id"],
        client_id,
        scope,
    )
    return family_id


async def add_refresh_token(sql, app, family_id: str) -> str:
    token = new_secret()
    await sql.execute(
        "INSERT INTO refresh_tokens (hash, family_id, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')",
        kept(token),
        family_id,
        app.settings.refresh_s,
    )
    return token


async def find(sql, token: str, client_id: str | None):
    """The token with its family, which nobody else changes meanwhile; None if it is unknown, or another program's."""
    return await sql.fetchrow(
        "SELECT r.used, r.expires_at <= now() AS expired, f.*, a.roles"
        " FROM refresh_tokens r JOIN families f ON f.id = r.family_id JOIN accounts a ON a.id = f.account_id"
        " WHERE r.hash = $1 AND f.client_id IS NOT DISTINCT FROM $2 FOR UPDATE OF f, r",
        kept(token),
        client_id,
    )


async def use_up(sql, ask, token: str, client_id: str | None):
    """The family of a good token, which is used up by that; None for any other. One that was used before ends its family."""
    found = await find(sql, token, client_id)
    if found is None:
        return None
    if found["used"]:
        await end(sql, found["id"])
        await tell(sql, ask, "refresh_replayed", found["account_id"])
        return None
    if found["expired"] or found["ended"]:
        return None
    await sql.execute("UPDATE refresh_tokens SET used = true WHERE hash = $1", kept(token))
    return found


async def end(sql, family_id: str | None):
    await sql.execute("UPDATE families SET ended = true WHERE id = $1", family_id)


async def end_all(sql, account_id: str, but: str | None = None):
    """Of an account, and what would begin more of them."""
    await sql.execute("DELETE FROM codes WHERE account_id = $1", account_id)
    await sql.execute(
        "UPDATE families SET ended = true WHERE account_id = $1 AND id IS DISTINCT FROM $2", account_id, but
    )


def session_tokens(app, account_id: str, roles, family_id: str, refresh_token: str) -> dict:
    return {
        "access_token": new_access_token(app, account_id, roles, client_id=FIRST_PARTY, family_id=family_id),
        "token_type": "Bearer",
        "expires_in": app.settings.access_s,
        "refresh_token": refresh_token,
        "refresh_expires_in": app.settings.refresh_s,
    }
