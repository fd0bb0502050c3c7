"""The audit log."""

from database import EVENTS, lock
from pages import page, read_page, wrong_parameter
from times import shown

NAMES = (
    "registered login login_failed login_throttled refreshed refresh_replayed logout password_changed "
    "password_reset roles_changed user_deleted client_created key_created token_issued"
).split()


async def tell(sql, ask, event: str, user_id: str | None, by: str | None = None):
    """Last in its transaction: events are in order, so nobody else's comes between this and the commit."""
    await lock(sql, EVENTS)
    await sql.execute(
        "INSERT INTO events (event, user_id, by, client_address, request_id) VALUES ($1, $2, $3, $4, $5)",
        event,
        user_id,
        by,
        ask.address,
        ask.id,
    )


async def list_events(ask):
    await ask.admin()
    limit, after = read_page(ask)
    event, user_id = ask.parameter("event"), ask.parameter("user_id")
    if event is not None and event not in NAMES:
        raise wrong_parameter("event", "is no event")
    async with ask.database.transaction() as sql:
        rows = await sql.fetch(
            "SELECT * FROM events WHERE seq > $1 AND ($2::text IS NULL OR event = $2)"
            " AND ($3::text IS NULL OR user_id = $3) ORDER BY seq LIMIT $4",
            after,
            event,
            user_id,
            limit + 1,
        )
    return page(rows, limit, as_item)


def as_item(row) -> dict:
    return {
        "id": str(row["seq"]),
        "at": shown(row["at"]),
        "event": row["event"],
        "user_id": row["user_id"],
        "by": row["by"],
        "client_address": row["client_address"],
        "request_id": row["request_id"],
    }
