"""Guessing: how many passwords are looked at, whoever asks, wherever, and however many at once."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from identity_service import Service, bearer, logged_in, registered

pytestmark = pytest.mark.slow

LOCK_S = 60


async def tried(client, email: str, password: str = "a wrong horse") -> int:
    return (await client.post("/v1/sessions", json={"email": email, "password": password})).status_code


async def ready(start: Callable[..., Service], **environment: str) -> Service:
    service = start(FAILURES="3", LOCK_S=str(LOCK_S), **environment)
    await service.wait_for()
    return service


async def test_many_at_once_try_no_more_than_may_fail(start: Callable[..., Service]) -> None:
    """Of thirty wrong passwords at the same moment three are looked at."""
    service = await ready(start)
    async with service.client() as client:
        statuses = Counter(await asyncio.gather(*(tried(client, "nobody@example.org") for _ in range(30))))

    assert statuses == {401: 3, 429: 27}


async def test_many_right_ones_at_once_all_log_in(start: Callable[..., Service]) -> None:
    """Tries of one pair take turns; none is refused for the number of them."""
    service = await ready(start)
    async with service.client() as client:
        email = await registered(service, client)
        statuses = Counter(await asyncio.gather(*(tried(client, email, "correct horse") for _ in range(30))))

    assert statuses == {200: 30}


async def test_the_owner_gets_in_from_elsewhere(start: Callable[..., Service]) -> None:
    """A pair that is locked keeps out neither another client address nor another e-mail address."""
    service = await ready(start)
    async with service.client() as client, service.client("127.0.0.2") as elsewhere:
        email, other = await registered(service, client), await registered(service, client)
        failed = [await tried(client, email) for _ in range(4)]
        locked = await tried(client, email, "correct horse")
        free = await tried(elsewhere, email, "correct horse"), await tried(client, other, "correct horse")

    assert (failed, locked, free) == ([401, 401, 401, 429], 429, (200, 200))


async def test_another_instance_and_a_restart_know_of_the_failures(start: Callable[..., Service]) -> None:
    """They are in the database."""
    one = await ready(start)
    other = await ready(start)
    async with one.client() as client, other.client() as beside:
        first = [await tried(client, "nobody@example.org") for _ in range(2)]
        second = [await tried(beside, "nobody@example.org") for _ in range(2)]
    one.kill()
    again = await ready(start)
    async with again.client() as client:
        third = await client.post("/v1/sessions", json={"email": "NOBODY@example.org", "password": "a wrong horse"})

    assert (first, second) == ([401, 401], [401, 429])
    assert third.status_code == 429
    assert 1 <= int(third.headers["retry-after"]) <= LOCK_S


async def test_a_client_address_that_tries_everybody_is_slowed_down(start: Callable[..., Service]) -> None:
    """After ten times as many failures all its logins are refused, right ones too."""
    service = await ready(start)
    async with service.client() as client, service.client("127.0.0.3") as sprayer:
        email = await registered(service, client)
        failed = Counter([await tried(sprayer, f"somebody{number}@example.org") for number in range(30)])
        locked = await tried(sprayer, email, "correct horse")
        free = await tried(client, email, "correct horse")

    assert (failed, locked, free) == ({401: 30}, 429, 200)


async def test_a_success_sets_the_count_back(start: Callable[..., Service]) -> None:
    """Two failures, a success, two failures: nothing is locked."""
    service = await ready(start)
    async with service.client() as client:
        email = await registered(service, client)
        passwords = ["wrong", "wrong", "correct horse", "wrong", "wrong", "correct horse"]
        statuses = [await tried(client, email, password) for password in passwords]

    assert statuses == [401, 401, 200, 401, 401, 200]


async def test_a_wrong_current_password_is_a_failure_too(start: Callable[..., Service]) -> None:
    """Whoever has a token can't guess the password with it."""
    service = await ready(start)
    async with service.client() as client:
        email = await registered(service, client)
        tokens = await logged_in(client, email)
        change = {"current": "a wrong horse", "new": "another horse"}
        answers = [
            (await client.put("/v1/users/me/password", json=change, headers=bearer(tokens))).status_code
            for _ in range(4)
        ]
        login = await tried(client, email, "correct horse")

    assert (answers, login) == ([422, 422, 422, 429], 429)
