"""Messages: they leave whatever happens to the mailbox or to the service, and requests don't wait for them."""

from collections.abc import Callable

import pytest
from identity_service import Service, registered

pytestmark = pytest.mark.slow


async def test_a_message_that_is_not_taken_comes_again_with_another_token(start: Callable[..., Service]) -> None:
    """Both tokens are good until one was used."""
    service = start()
    await service.wait_for()
    service.mail.status = 500
    async with service.client() as client:
        await client.post("/v1/registrations", json={"email": "a@example.org", "password": "correct horse"})
        first = await service.mail.message("a@example.org", "confirm")
        second = await service.mail.message("a@example.org", "confirm", after=1)
        service.mail.status = 204
        statuses = [
            (await client.post("/v1/confirmations", json={"token": token})).status_code
            for token in (first["token"], second["token"])
        ]

    assert first["token"] != second["token"]
    assert statuses == [201, 422]


async def test_a_message_survives_a_kill(start: Callable[..., Service]) -> None:
    """What was answered with 202 leaves from the next instance."""
    service = start()
    await service.wait_for()
    service.mail.status = 500
    async with service.client() as client:
        answer = await client.post("/v1/registrations", json={"email": "b@example.org", "password": "correct horse"})
    service.kill()
    tried = len(service.mail.messages)
    service.mail.status = 204
    again = start()
    await again.wait_for()
    message = await again.mail.message("b@example.org", "confirm", after=tried)
    async with again.client() as client:
        confirmed = await client.post("/v1/confirmations", json={"token": message["token"]})

    assert (answer.status_code, confirmed.status_code) == (202, 201)


async def test_an_owner_is_told_that_there_is_an_account(identity: Service) -> None:
    """The message has no token, and the answer is that of everybody."""
    async with identity.client() as client:
        email = await registered(identity, client)
        known = await client.post("/v1/registrations", json={"email": email.upper(), "password": "correct horse"})
        other = await client.post("/v1/registrations", json={"email": "c@example.org", "password": "correct horse"})
        message = await identity.mail.message(email, "exists")

    assert message == {"to": email, "kind": "exists"}
    assert (known.status_code, known.content) == (other.status_code, other.content)


async def test_nobody_is_told_of_a_reset_without_an_account(identity: Service) -> None:
    """The answers are the same; only who has an account gets a message."""
    async with identity.client() as client:
        email = await registered(identity, client)
        nobody = await client.post("/v1/password-resets", json={"email": "d@example.org"})
        somebody = await client.post("/v1/password-resets", json={"email": email})
        await identity.mail.message(email, "reset")

    assert (nobody.status_code, nobody.content) == (somebody.status_code, somebody.content)
    assert not [message for message in identity.mail.messages if message["to"] == "d@example.org"]


async def test_nothing_that_is_given_out_is_in_the_database(identity: Service) -> None:
    """No token of a message, no refresh token, no password."""
    async with identity.client() as client:
        email = await registered(identity, client)
        login = await client.post("/v1/sessions", json={"email": email, "password": "correct horse"})
        await client.post("/v1/password-resets", json={"email": email})
        reset = (await identity.mail.message(email, "reset"))["token"]
    tables = [
        row["tablename"] for row in await identity.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
    ]
    rows = [row for table in tables for row in await identity.rows(f"SELECT t::text FROM {table} AS t")]
    everything = "".join(str(row[0]) for row in rows)

    assert email in everything
    for secret in (reset, login.json()["refresh_token"], "correct horse"):
        assert secret not in everything
        assert secret.encode().hex() not in everything
