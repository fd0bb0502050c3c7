"""Another password: by who knows the old one, or by who reads the account's messages."""

import families
from access import NoGoodToken
from answers import answer
from events import tell
from fields import address, new_password, text
from problem import wrong
from secret import kept


async def change(ask):
    who = await ask.person()
    fields = await ask.fields(current=text, new=new_password)
    async with ask.database.transaction() as sql:
        account = await sql.fetchrow("SELECT * FROM accounts WHERE id = $1", who.id)
    if account is None:
        raise NoGoodToken("The account was deleted.", given=True)
    email = account["email"]
    with ask.line.place():
        async with ask.app.guessing.turn(ask, email):
            good = await ask.line.fits(account["password_hash"], fields["current"])
            password_hash = await ask.line.hash(fields["new"]) if good else None
            async with ask.database.transaction() as sql:
                if not good or not await replace(sql, account, password_hash):
                    good = False
                    await ask.app.guessing.count(sql, ask, email)
                    await tell(sql, ask, "login_failed", who.id, who.id)
                else:
                    await families.end_all(sql, who.id, but=who.family_id)
                    await tell(sql, ask, "password_changed", who.id, who.id)
    if not good:
        raise wrong(current="is not the password")
    return answer(204)


async def replace(sql, account, password_hash: str) -> bool:
    """Whether it was still the same."""
    return await sql.fetchval(
        "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING true",
        account["id"],
        account["password_hash"],
        password_hash,
    )


async def ask_for_reset(ask):
    """The same answer for whatever address."""
    fields = await ask.fields(email=address)
    async with ask.database.transaction() as sql:
        await ask.app.messages.write(sql, "reset", fields["email"])
    ask.app.messages.wake()
    return answer(202, {"message": "If there is an account, a message to it says how to go on."})


async def reset(ask):
    fields = await ask.fields(token=text, new=new_password)
    async with ask.database.transaction() as sql:
        known = await sql.fetchval("SELECT 1 FROM letters WHERE hash = $1 AND kind = 'reset'", kept(fields["token"]))
    if not known:
        raise wrong(token="is not good, or not any more")
    with ask.line.place():
        password_hash = await ask.line.hash(fields["new"])
    async with ask.database.transaction() as sql:
        letter = await sql.fetchrow(
            "DELETE FROM letters WHERE hash = $1 AND kind = 'reset' AND expires_at > now() RETURNING *",
            kept(fields["token"]),
        )
        if letter is None:
            raise wrong(token="is not good, or not any more")
        account_id = letter["account_id"]
        await sql.execute("UPDATE accounts SET password_hash = $2 WHERE id = $1", account_id, password_hash)
        await sql.execute("DELETE FROM letters WHERE account_id = $1", account_id)
        await sql.execute("DELETE FROM messages WHERE email = $1 AND kind = 'reset'", letter["email"])
        await families.end_all(sql, account_id)
        await tell(sql, ask, "password_reset", account_id)
    return answer(204)
