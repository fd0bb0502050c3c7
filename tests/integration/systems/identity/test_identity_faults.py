"""The service while its database is away, while it is flooded, and when it is told to end."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable

import httpx
import pytest
from identity_service import ADMIN, Service, bearer, logged_in, registered

from climb.stack.server import Kept

pytestmark = pytest.mark.slow

BOUND_S = 3.0
BACK_S = 5.0
FAULTS = {"killed": (Kept.kill, Kept.start), "silent": (Kept.pause, Kept.resume)}


async def answered(client: httpx.AsyncClient, method: str, path: str, **given: object) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    answer = await client.request(method, path, **given)
    return time.monotonic() - began, answer


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_database_all_is_answered_in_time(
    identity: Service, identity_database: Kept, fault: str
) -> None:
    """503 with Retry-After, but for what needs no database; and soon after it is back, all works."""
    begin, end = FAULTS[fault]
    async with identity.client() as client:
        tokens = await logged_in(client)
        asked = [
            ("GET", "/v1/users/me", {"headers": bearer(tokens)}),
            ("GET", "/v1/users", {"headers": bearer(tokens)}),
            ("POST", "/v1/sessions", {"json": {"email": ADMIN[0], "password": ADMIN[1]}}),
            ("POST", "/v1/sessions/refresh", {"json": {"refresh_token": "x"}}),
            ("POST", "/v1/registrations", {"json": {"email": "a@example.org", "password": "correct horse"}}),
            ("POST", "/oauth/token", {"data": {"grant_type": "client_credentials"}, "auth": ("a", "b")}),
        ]
        await asyncio.to_thread(begin, identity_database)
        try:
            needing = await asyncio.gather(*(answered(client, *what, **given) for *what, given in asked * 3))
            paths = ("/healthz", "/metrics", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server")
            others = [(await client.get(path)).status_code for path in paths]
            refused = (await client.get("/v1/users/me")).status_code
            await identity.wait_for(status=503, within_s=5)
            later = await asyncio.gather(*(answered(client, *what, **given) for *what, given in asked))
        finally:
            await asyncio.to_thread(end, identity_database)
        back_s = await identity.wait_for(within_s=20)
        works = await logged_in(client)

    assert (others, refused) == ([200, 200, 200, 200], 401)
    for took_s, answer in needing + later:
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1"), answer.request.url
        assert took_s < BOUND_S
    assert back_s < BACK_S
    assert works


async def test_what_was_answered_survives_a_kill_of_both(
    start: Callable[..., Service], identity_database: Kept
) -> None:
    """The account, the new password, the used refresh token, the ended family."""
    service = start()
    await service.wait_for()
    async with service.client() as client:
        email = await registered(service, client)
        tokens, other = await logged_in(client, email), await logged_in(client, email)
        used = await client.post("/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]})
        ended = await client.delete("/v1/sessions/current", headers=bearer(other))
        change = {"current": "correct horse", "new": "another horse"}
        changed = await client.put("/v1/users/me/password", json=change, headers=bearer(tokens))
    service.kill()
    await asyncio.to_thread(identity_database.kill)
    await asyncio.to_thread(identity_database.start)
    again = start()
    await again.wait_for()
    async with again.client() as client:
        logins = [
            (await client.post("/v1/sessions", json={"email": email, "password": password})).status_code
            for password in ("correct horse", "another horse")
        ]
        refreshes = [
            (await client.post("/v1/sessions/refresh", json={"refresh_token": token["refresh_token"]})).status_code
            for token in (other, tokens)
        ]

    assert (used.status_code, ended.status_code, changed.status_code) == (200, 204, 204)
    assert (logins, refreshes) == ([401, 200], [401, 401])


async def test_it_waits_for_a_database_that_is_not_there_yet(
    start: Callable[..., Service], identity_database: Kept
) -> None:
    """It lives, is not ready and has no keys; then it is and has."""
    await asyncio.to_thread(identity_database.kill)
    try:
        service = start()
        await service.wait_for("/healthz")
        async with service.client() as client:
            before = [
                (await client.get(path)).status_code for path in ("/readyz", "/.well-known/jwks.json", "/v1/users/me")
            ]
    finally:
        await asyncio.to_thread(identity_database.start)
    took_s = await service.wait_for()

    assert before == [503, 503, 401]
    assert took_s < BACK_S


async def test_a_line_that_is_too_long_is_refused_at_once(identity: Service) -> None:
    """Many logins of many addresses: who can't be served in time is told so, and others are answered meanwhile."""
    async with identity.client() as client, identity.client("127.0.0.9") as others:
        tokens = await logged_in(others)

        async def login(number: int) -> tuple[float, httpx.Response]:
            body = {"email": f"a{number}@example.org", "password": "a wrong horse"}
            return await answered(client, "POST", "/v1/sessions", json=body)

        logins = [asyncio.create_task(login(number)) for number in range(600)]
        reads = []
        while not all(task.done() for task in logins):
            reads.append(await answered(others, "GET", "/v1/users/me", headers=bearer(tokens)))
        answers = await asyncio.gather(*logins)

    statuses = Counter(answer.status_code for _, answer in answers)
    assert statuses[503] > 0
    assert statuses[401] > 0
    assert set(statuses) == {401, 503}
    assert all(answer.headers["retry-after"] for _, answer in answers if answer.status_code == 503)
    assert {answer.status_code for _, answer in reads} == {200}


async def test_what_was_begun_is_finished_at_the_end(identity: Service) -> None:
    """Logins in line get their answers, and the exit code is 0."""
    async with identity.client() as client:
        body = {"email": ADMIN[0], "password": ADMIN[1]}
        asked = [asyncio.create_task(client.post("/v1/sessions", json=body)) for _ in range(20)]
        await client.get("/healthz")
        identity.process.send_signal(signal.SIGTERM)
        answers = await asyncio.gather(*asked)
    code = await asyncio.to_thread(identity.process.wait, 15)

    assert ({answer.status_code for answer in answers}, code) == ({200}, 0)
