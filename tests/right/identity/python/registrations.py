"""Asking for an account, and making it."""

from accounts import as_account
from answers import answer
from database import ACCOUNTS, lock
from events import tell
from fields import address, new_password, text
from problem import wrong
from secret import kept, new_id


async def register(ask):
    """The same answer whoever asks for whatever address; the message says what is the case."""
    fields = await ask.fields(email=address, password=new_password)
    with ask.line.place():
        password_hash = await ask.line.hash(fields["password"])
    async with ask.database.transaction() as sql:
        await ask.app.messages.write(sql, "registration", fields["email"], password_hash)
    ask.app.messages.wake()
    return answer(202, {"message": "A message to this address says how to go on."})


async def confirm(ask):
    fields = await ask.fields(token=text)
    async with ask.database.transaction() as sql:
        letter = await sql.fetchrow(
            "DELETE FROM letters WHERE hash = $1 AND kind = 'confirm' AND expires_at > now() RETURNING *",
            kept(fields["token"]),
        )
        await lock(sql, ACCOUNTS)  # so that they are listed in the order of their commits
        account = letter and await sql.fetchrow(
            "INSERT INTO accounts (id, email, password_hash, roles) VALUES ($1, $2, $3, '{user}')"
            " ON CONFLICT (email) DO NOTHING RETURNING *",
            new_id(),
            letter["email"],
            letter["password_hash"],
        )
        if account is None:
            raise wrong(token="is not good, or not any more")
        await sql.execute("DELETE FROM letters WHERE email = $1 AND kind = 'confirm'", account["email"])
        await sql.execute("DELETE FROM messages WHERE id = $1", letter["message_id"])
        await tell(sql, ask, "registered", account["id"])
    return answer(201, as_account(account))
