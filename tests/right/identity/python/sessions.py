"""Logging in, refreshing, logging out."""

import families
from answers import answer
from events import tell
from fields import some_address, text
from problem import Problem

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class NoLogin(Problem):
    def __init__(self):
        super().__init__(401, "There is no account with this address and password.", headers=CHALLENGE)


async def log_in(ask):
    fields = await ask.fields(email=some_address, password=text)
    email, password = fields["email"], fields["password"]
    with ask.line.place():
        async with ask.app.guessing.turn(ask, email):
            account = await find_account(ask, email)
            good = await ask.line.fits(account and account["password_hash"], password)
            async with ask.database.transaction() as sql:
                given = await begin(sql, ask, account) if good else None
                if given is None:
                    await ask.app.guessing.count(sql, ask, email)
                    await tell(sql, ask, "login_failed", account and account["id"])
    if given is None:
        raise NoLogin
    return answer(200, given, secret=True)


async def find_account(ask, email: str):
    async with ask.database.transaction() as sql:
        return await sql.fetchrow("SELECT * FROM accounts WHERE email = $1", email)


async def begin(sql, ask, account) -> dict | None:
    """None if the password was changed since it was looked at."""
    account = await sql.fetchrow(
        "SELECT * FROM accounts WHERE id = $1 AND password_hash = $2 FOR SHARE",
        account["id"],
        account["password_hash"],
    )
    if account is None:
        return None
    await ask.app.guessing.forget(sql, ask, account["email"])
    family_id = await families.begin(sql, ask.app, account)
    token = await families.add_refresh_token(sql, ask.app, family_id)
    await tell(sql, ask, "login", account["id"])
    return families.session_tokens(ask.app, account["id"], account["roles"], family_id, token)


async def refresh(ask):
    fields = await ask.fields(refresh_token=text)
    async with ask.database.transaction() as sql:
        family = await families.use_up(sql, ask, fields["refresh_token"], None)
        if family is not None:
            token = await families.add_refresh_token(sql, ask.app, family["id"])
            await tell(sql, ask, "refreshed", family["account_id"])
    if family is None:
        raise Problem(401, "The refresh token is not good.", headers=CHALLENGE)
    given = families.session_tokens(ask.app, family["account_id"], family["roles"], family["id"], token)
    return answer(200, given, secret=True)


async def log_out(ask):
    who = await ask.person()
    async with ask.database.transaction() as sql:
        await families.end(sql, who.family_id)
        await tell(sql, ask, "logout", who.id, who.id)
    return answer(204)


async def log_out_everywhere(ask):
    who = await ask.person()
    async with ask.database.transaction() as sql:
        await families.end_all(sql, who.id)
        await tell(sql, ask, "logout", who.id, who.id)
    return answer(204)
