"""Logging in, refreshing, logging out, changing the password: what holds when several do it at once."""

import asyncio

import asyncpg
import pytest
from identity_service import Service, bearer, logged_in, registered

pytestmark = pytest.mark.slow


async def refreshed(client, token: str) -> tuple[int, dict]:
    answer = await client.post("/v1/sessions/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json()


async def test_a_refresh_token_is_used_once(identity: Service) -> None:
    """Of twenty uses at the same moment at most one succeeds, and the family has ended."""
    async with identity.client() as client:
        tokens = await logged_in(client)
        answers = await asyncio.gather(*(refreshed(client, tokens["refresh_token"]) for _ in range(20)))
        won = [document for status, document in answers if status == 200]
        after = await refreshed(client, won[0]["refresh_token"]) if won else (401, {})

    assert len(won) <= 1
    assert {status for status, _ in answers} <= {200, 401}
    assert after[0] == 401


async def test_a_replay_ends_one_family_only(identity: Service) -> None:
    """The newest token of the family is dead, another login of the same person lives."""
    async with identity.client() as client:
        first, other = await logged_in(client), await logged_in(client)
        _, second = await refreshed(client, first["refresh_token"])
        replayed, _ = await refreshed(client, first["refresh_token"])
        newest, _ = await refreshed(client, second["refresh_token"])
        alive, _ = await refreshed(client, other["refresh_token"])

    assert (replayed, newest, alive) == (401, 401, 200)


async def test_a_new_password_ends_logins_under_way(identity: Service) -> None:
    """Whatever the old password was about to open when it was changed is closed when that is answered."""
    async with identity.client() as client:
        email = await registered(identity, client)
        tokens = await logged_in(client, email)
        body = {"email": email, "password": "correct horse"}
        logins = [asyncio.create_task(client.post("/v1/sessions", json=body)) for _ in range(12)]
        change = {"current": "correct horse", "new": "another horse"}
        changed = await client.put("/v1/users/me/password", json=change, headers=bearer(tokens))
        answers = [login for login in await asyncio.gather(*logins) if login.status_code == 200]
        statuses = {(await refreshed(client, answer.json()["refresh_token"]))[0] for answer in answers}
        own = await refreshed(client, tokens["refresh_token"])

    assert changed.status_code == 204
    assert statuses <= {401}
    assert own[0] == 200


async def test_a_reset_token_is_good_once_at_the_same_moment(identity: Service) -> None:
    """Of two tokens of one account, used at once, one sets the password."""
    async with identity.client() as client:
        email = await registered(identity, client)
        for number in range(2):
            await client.post("/v1/password-resets", json={"email": email})
            await identity.mail.message(email, "reset", after=number)
        tokens = [
            message["token"]
            for message in identity.mail.messages
            if message["to"] == email and message["kind"] == "reset"
        ]
        bodies = [{"token": token, "new": f"horse number {number}"} for number, token in enumerate(tokens)]
        answers = await asyncio.gather(*(client.put("/v1/password-resets", json=body) for body in bodies))
        logins = [
            (await client.post("/v1/sessions", json={"email": email, "password": body["new"]})).status_code
            for body in bodies
        ]

    assert sorted(answer.status_code for answer in answers) == [204, 422]
    assert sorted(logins) == [200, 401]


async def test_an_address_is_confirmed_once_at_the_same_moment(identity: Service) -> None:
    """Of several registrations of one address, confirmed at once, one makes the account."""
    email = "many@example.org"
    async with identity.client() as client:
        for number in range(4):
            await client.post("/v1/registrations", json={"email": email, "password": f"horse number {number}"})
            await identity.mail.message(email, "confirm", after=number)
        tokens = [message["token"] for message in identity.mail.messages if message["to"] == email]
        answers = await asyncio.gather(*(client.post("/v1/confirmations", json={"token": token}) for token in tokens))

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]


async def test_a_deleted_account_is_gone_at_once(identity: Service) -> None:
    """Its tokens are refused, it can't refresh, and its address can register anew."""
    async with identity.client() as client:
        admin = bearer(await logged_in(client))
        email = await registered(identity, client)
        tokens = await logged_in(client, email)
        own = (await client.get("/v1/users/me", headers=bearer(tokens))).json()["id"]
        deleted = await client.delete(f"/v1/users/{own}", headers=admin)
        after = await client.get("/v1/users/me", headers=bearer(tokens))
        refresh, _ = await refreshed(client, tokens["refresh_token"])
        await client.post("/v1/registrations", json={"email": email, "password": "a new horse"})
        again = await identity.mail.message(email, "confirm", after=1)

    assert (deleted.status_code, after.status_code, refresh) == (204, 401, 401)
    assert again["token"]


async def test_a_code_that_is_being_used_does_not_outlive_the_end_of_all(identity: Service) -> None:
    """Whoever ends all families waits for a code that is being changed for tokens, and ends what it began too."""
    async with identity.client() as client:
        email = await registered(identity, client)
        tokens = await logged_in(client, email)
        owner = (await client.get("/v1/users/me", headers=bearer(tokens))).json()["id"]
        connection = await asyncpg.connect(identity.database_url, server_settings={"search_path": "identity"})
        async with connection.transaction():
            await connection.execute("SELECT FROM users WHERE id = $1 FOR SHARE", owner)  # as use_code's caller does
            ending = asyncio.create_task(client.delete("/v1/sessions", headers=bearer(tokens)))
            await waiting_for_a_lock(identity)
            begun = "INSERT INTO families (id, user_id, expires_at) VALUES ('begun', $1, now() + interval '1 hour')"
            await connection.execute(begun, owner)
        ended = await ending
        alive = await connection.fetchval(
            "SELECT count(*) FROM families WHERE user_id = $1 AND ended_at IS NULL", owner
        )
        await connection.close()

    assert ended.status_code == 204
    assert alive == 0


async def waiting_for_a_lock(service: Service) -> None:
    """Until one of the service's sessions does."""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(5):
        while not await service.rows(query):
            pass
