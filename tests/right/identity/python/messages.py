"""Messages to people: each waits in the database until it was taken, and gets its token when it leaves."""

import asyncio
import contextlib
import json
from urllib.parse import urlsplit

from problem import Unavailable
from secret import kept, new_secret

LOOK_S = 0.4
AT_ONCE = 20
PATIENCE_S = 3  # of one delivery
AGAIN_S = (4, 4, 4, 5, 10)  # after each try; longer than a delivery, so that none is made twice at once
MOST_TRIES = 100


class Messages:
    def __init__(self, database, settings):
        self.database = database
        self.settings = settings
        self.came = asyncio.Event()

    async def write(self, sql, kind: str, email: str, password_hash: str | None = None):
        """It leaves when the transaction is committed, and what it says is decided then."""
        await sql.execute(
            "INSERT INTO messages (kind, email, password_hash) VALUES ($1, $2, $3)", kind, email, password_hash
        )

    def wake(self):
        self.came.set()

    async def post_all(self):
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.came.wait(), LOOK_S)
            self.came.clear()
            try:
                rows = await self.due()
            except Unavailable:
                await asyncio.sleep(LOOK_S)
                continue
            for row in rows:
                task = asyncio.create_task(self.deliver(row))
                UNDER_WAY.add(task)
                task.add_done_callback(UNDER_WAY.discard)
            if len(rows) == AT_ONCE:
                self.wake()

    async def due(self):
        """Some that are to be posted now; no other instance takes the same ones."""
        async with self.database.transaction() as sql:
            rows = await sql.fetch(
                "SELECT * FROM messages WHERE next_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED", AT_ONCE
            )
            for row in rows:
                again_s = AGAIN_S[min(row["tries"], len(AGAIN_S) - 1)]
                await sql.execute(
                    "UPDATE messages SET tries = tries + 1, next_at = now() + $2 * interval '1 second' WHERE id = $1",
                    row["id"],
                    again_s,
                )
        return rows

    async def deliver(self, row):
        with contextlib.suppress(Unavailable):
            message = await self.compose(row)
            if message is None or await post(self.settings.mail_url, message) or row["tries"] >= MOST_TRIES:
                async with self.database.transaction() as sql:
                    await sql.execute("DELETE FROM messages WHERE id = $1", row["id"])

    async def compose(self, row) -> dict | None:
        """What it says, with a token of its own each time; None if there is nothing to say."""
        email = row["email"]
        async with self.database.transaction() as sql:
            account_id = await sql.fetchval("SELECT id FROM accounts WHERE email = $1", email)
            if row["kind"] == "registration" and account_id is not None:
                return {"to": email, "kind": "exists"}
            if row["kind"] == "reset" and account_id is None:
                return None
            kind, token = "confirm" if row["kind"] == "registration" else "reset", new_secret()
            await sql.execute(
                "INSERT INTO letters (hash, message_id, kind, email, password_hash, account_id, expires_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')",
                kept(token),
                row["id"],
                kind,
                email,
                row["password_hash"],
                account_id,
                self.settings.link_s,
            )
        return {"to": email, "kind": kind, "token": token}


UNDER_WAY = set()


async def post(url: str, message: dict) -> bool:
    """Whether it was taken."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return 200 <= await exchange(urlsplit(url), json.dumps(message).encode()) < 300
    except (OSError, TimeoutError, ValueError, EOFError):
        return False


async def exchange(url, body: bytes) -> int:
    """The status that a POST is answered with."""
    secure = url.scheme == "https"
    reader, writer = await asyncio.open_connection(
        url.hostname, url.port or (443 if secure else 80), ssl=secure or None
    )
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {url.netloc.rpartition('@')[2]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return int((await reader.readline()).split(maxsplit=2)[1])
    except IndexError:
        raise ValueError("no status line") from None
    finally:
        writer.close()
