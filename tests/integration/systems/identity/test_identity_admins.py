"""What admins do: two at once, and lists that grow while they are read."""

import asyncio

import pytest
from identity_service import ADMIN, Service, bearer, logged_in, registered

pytestmark = pytest.mark.slow


async def own_id(client, tokens: dict[str, str]) -> str:
    return (await client.get("/v1/users/me", headers=bearer(tokens))).json()["id"]


async def another_admin(service: Service, client, by: dict[str, str]) -> tuple[dict[str, str], str]:
    email = await registered(service, client)
    number = await own_id(client, await logged_in(client, email))
    await client.put(f"/v1/users/{number}/roles", json={"roles": ["user", "admin"]}, headers=bearer(by))
    return await logged_in(client, email), number


async def test_two_admins_can_not_take_the_role_from_each_other(identity: Service) -> None:
    """At the same moment, ten times: one of them stays."""
    async with identity.client() as client:
        root = await logged_in(client)
        root_id = await own_id(client, root)
        other, other_id = await another_admin(identity, client, root)
        for _ in range(10):
            answers = await asyncio.gather(
                client.put(f"/v1/users/{other_id}/roles", json={"roles": ["user"]}, headers=bearer(root)),
                client.put(f"/v1/users/{root_id}/roles", json={"roles": ["user"]}, headers=bearer(other)),
            )
            rows = await identity.rows("SELECT id FROM users WHERE 'admin' = ANY (roles)")

            assert sorted(answer.status_code for answer in answers) == [200, 409]
            assert len(rows) == 1

            winner, loser = (root, other_id) if rows[0]["id"] == root_id else (other, root_id)
            await client.put(f"/v1/users/{loser}/roles", json={"roles": ["user", "admin"]}, headers=bearer(winner))


async def test_the_last_admin_can_not_be_deleted(identity: Service) -> None:
    """Also not by itself; with another one it can."""
    async with identity.client() as client:
        root = await logged_in(client)
        number = await own_id(client, root)
        alone = await client.delete(f"/v1/users/{number}", headers=bearer(root))
        await another_admin(identity, client, root)
        beside = await client.delete(f"/v1/users/{number}", headers=bearer(root))
        after = await client.post("/v1/sessions", json={"email": ADMIN[0], "password": ADMIN[1]})

    assert (alone.status_code, beside.status_code, after.status_code) == (409, 204, 401)


async def test_two_changes_of_one_state_do_not_overwrite_each_other(identity: Service) -> None:
    """With the tag of the same state, at the same moment, one is 200 and the other 412."""
    async with identity.client() as client:
        root = await logged_in(client)
        _, number = await another_admin(identity, client, root)
        tag = (await client.get(f"/v1/users/{number}", headers=bearer(root))).headers["etag"]
        fields = {**bearer(root), "If-Match": tag}
        answers = await asyncio.gather(
            client.put(f"/v1/users/{number}/roles", json={"roles": ["user"]}, headers=fields),
            client.put(f"/v1/users/{number}/roles", json={"roles": ["admin"]}, headers=fields),
        )

    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def pages(client, path: str, tokens: dict[str, str], **query: str) -> list[dict]:
    found: list[dict] = []
    after: dict[str, str] = {}
    while True:
        page = (await client.get(path, params={"limit": "3", **query, **after}, headers=bearer(tokens))).json()
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def test_lists_are_whole_while_they_grow(identity: Service) -> None:
    """Pages of accounts and of the log, read while accounts are made: nothing twice, nothing missing."""
    async with identity.client() as client:
        root = await logged_in(client)
        before = [await registered(identity, client) for _ in range(5)]
        making = [asyncio.create_task(registered(identity, client)) for _ in range(10)]
        accounts = await pages(client, "/v1/users", root)
        events = await pages(client, "/v1/audit", root)
        made = [await task for task in making]
        later = await pages(client, "/v1/users", root)

    assert len({account["id"] for account in accounts}) == len(accounts)
    assert [account["email"] for account in accounts][: len(before) + 1] == [ADMIN[0], *before]
    assert {account["email"] for account in later} == {ADMIN[0], *before, *made}
    assert [account["id"] for account in later][: len(accounts)] == [account["id"] for account in accounts]
    assert len({event["id"] for event in events}) == len(events)


async def test_the_log_tells_who_did_what_to_whom(identity: Service) -> None:
    """Filtered by event and by account; what a person did alone is by nobody else's token."""
    async with identity.client("127.0.0.7") as client:
        root = await logged_in(client)
        root_id = await own_id(client, root)
        _, number = await another_admin(identity, client, root)
        async with asyncio.timeout(10):
            while len(about := await pages(client, "/v1/audit", root, user_id=number)) < 4:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        changed = await pages(client, "/v1/audit", root, user_id=number, event="roles_changed")

    assert [entry["event"] for entry in about] == ["registered", "login", "roles_changed", "login"]
    assert [(entry["by"], entry["client_address"]) for entry in changed] == [(root_id, "127.0.0.7")]
    assert [entry["by"] for entry in about if entry["event"] != "roles_changed"] == [None, None, None]


async def test_the_methods_of_ones_own_account_are_not_those_of_others(identity: Service) -> None:
    """``/v1/users/me`` can be read; that an account by its id can be deleted does not make it say more."""
    async with identity.client() as client:
        answer = await client.put("/v1/users/me")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
