"""Accounts, and what administrators do with them."""

from access import FIRST_PARTY, NoGoodToken
from answers import answer
from database import LAST_ADMIN, STARTING, lock
from events import tell
from fields import roles
from pages import page, read_page
from problem import Problem
from secret import new_id
from times import shown


def as_account(row) -> dict:
    return {
        "id": row["id"],
        "email": row["email"],
        "roles": sorted(row["roles"], reverse=True),
        "created_at": shown(row["created_at"]),
    }


def tag(row) -> str:
    return f'"{row["id"]}.{row["version"]}"'


def with_tag(row):
    return answer(200, as_account(row), {"ETag": tag(row)})


async def make_admin(app):
    """Whoever is there stays as they are."""
    email, password = app.settings.admin_email, app.settings.admin_password
    if email is None:
        return
    async with app.database.transaction() as sql:
        if await sql.fetchval("SELECT 1 FROM accounts WHERE email = $1", email):
            return
    password_hash = await app.line.hash(password)
    async with app.database.transaction() as sql:
        await lock(sql, STARTING)
        await sql.execute(
            "INSERT INTO accounts (id, email, password_hash, roles) VALUES ($1, $2, $3, '{user,admin}')"
            " ON CONFLICT (email) DO NOTHING",
            new_id(),
            email,
            password_hash,
        )


async def show_own(ask):
    who = await ask.anyone()
    async with ask.database.transaction() as sql:
        row = await sql.fetchrow("SELECT * FROM accounts WHERE id = $1", who.id)
    if row is None and who.client_id != FIRST_PARTY:
        raise Problem(403, "The token is in nobody's name.")
    if row is None:
        raise NoGoodToken("The account was deleted.", given=True)
    return with_tag(row)


async def list_accounts(ask):
    await ask.admin()
    limit, after = read_page(ask)
    async with ask.database.transaction() as sql:
        rows = await sql.fetch("SELECT * FROM accounts WHERE seq > $1 ORDER BY seq LIMIT $2", after, limit + 1)
    return page(rows, limit, as_account)


async def show_account(ask):
    await ask.admin()
    async with ask.database.transaction() as sql:
        row = await sql.fetchrow("SELECT * FROM accounts WHERE id = $1", ask.path["id"])
    if row is None:
        raise Problem(404, "There is no such account.")
    return with_tag(row)


async def change_roles(ask):
    who = await ask.admin()
    wanted = (await ask.fields(roles=roles))["roles"]
    async with ask.database.transaction() as sql:
        row = await find_to_change(sql, ask.path["id"])
        if not matches(ask.request.headers.get("if-match"), tag(row)):
            raise Problem(412, "The account has changed since.")
        if "admin" not in wanted:
            await demand_another_admin(sql, row)
        row = await sql.fetchrow(
            "UPDATE accounts SET roles = $2, version = version + 1 WHERE id = $1 RETURNING *", row["id"], wanted
        )
        await tell(sql, ask, "roles_changed", row["id"], who.id)
    return with_tag(row)


async def delete_account(ask):
    who = await ask.admin()
    async with ask.database.transaction() as sql:
        row = await find_to_change(sql, ask.path["id"])
        await demand_another_admin(sql, row)
        await sql.execute("DELETE FROM accounts WHERE id = $1", row["id"])
        await sql.execute("DELETE FROM messages WHERE email = $1", row["email"])
        await tell(sql, ask, "user_deleted", row["id"], who.id)
    return answer(204)


async def find_to_change(sql, account_id: str):
    """Nobody else changes it, or any administrator, until the transaction ends."""
    await lock(sql, LAST_ADMIN)
    row = await sql.fetchrow("SELECT * FROM accounts WHERE id = $1 FOR UPDATE", account_id)
    if row is None:
        raise Problem(404, "There is no such account.")
    return row


async def demand_another_admin(sql, row):
    if "admin" in row["roles"] and not await sql.fetchval(
        "SELECT count(*) FROM accounts WHERE 'admin' = ANY(roles) AND id <> $1", row["id"]
    ):
        raise Problem(409, "This is the last administrator.")


def matches(condition: str | None, current: str) -> bool:
    """If-Match (RFC 9110, 13.1.1)."""
    return condition is None or condition.strip() == "*" or current in [each.strip() for each in condition.split(",")]
