"""The notes service as its clients see it: identifiers, problems, pages, conditions, keys, probes, metrics."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import pytest
from notes_service import HERE, Service

pytestmark = pytest.mark.slow

LOCKED = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


@pytest.fixture
async def client(notes: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with notes.client() as client:
        yield client


async def test_requests_keep_their_id_and_get_one_if_they_have_none(client: httpx.AsyncClient) -> None:
    """Also in a problem; an id that could harm is replaced."""
    own = await client.get("/nothing", headers={"X-Request-Id": "abc-1_Z"})
    strange = await client.get("/healthz", headers={"X-Request-Id": "a b"})
    none = [(await client.get("/healthz")).headers["x-request-id"] for _ in range(2)]

    assert own.headers["x-request-id"] == "abc-1_Z"
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", strange.headers["x-request-id"])
    assert none[0] != none[1]


async def test_everything_that_is_no_success_is_a_problem(client: httpx.AsyncClient) -> None:
    """With type, title and status, whoever found it."""
    kind = {"Content-Type": "application/json"}
    answers = [
        await client.get("/nothing"),
        await client.get("/v1/notes/1%00"),
        await client.delete("/v1/notes"),
        await client.post("/v1/notes", content=b"[]", headers=kind),
        await client.post("/v1/notes", content=b"text=a"),
        await client.post("/v1/notes", json={"text": ""}),
        await client.post("/v1/notes", content=b" " * 70_000, headers=kind),
        await client.get("/v1/notes?limit=0"),
        await client.get("/broken"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 405, 400, 415, 422, 413, 422, 500]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status"} <= answer.json().keys()
        assert answer.json()["status"] == answer.status_code
    assert answers[2].headers["allow"] == "GET, HEAD, POST"


async def test_an_unexpected_error_is_in_the_log_and_not_in_the_answer(
    client: httpx.AsyncClient, notes: Service
) -> None:
    """The id of the request leads from one to the other."""
    answer = await client.get("/broken", headers={"X-Request-Id": "find-me"})
    logged = [json.loads(line) for line in notes.log.read_text().splitlines()]

    assert "12345" not in answer.text
    (found,) = [line for line in logged if line.get("request_id") == "find-me"]
    assert (found["event"], found["path"]) == ("request_failed", "/broken")
    assert "12345" in found["error"]


async def test_a_list_is_whole_whatever_is_added_meanwhile(client: httpx.AsyncClient) -> None:
    """Nothing that was there at the beginning is missing or twice."""
    for number in range(25):
        await client.post("/v1/notes", json={"text": f"note {number}"})
    seen: list[str] = []
    after = None
    while True:
        page = (await client.get("/v1/notes", params={"limit": 4, **({"after": after} if after else {})})).json()
        seen += [item["text"] for item in page["items"]]
        await client.post("/v1/notes", json={"text": "added meanwhile"})
        if not (after := page["next"]):
            break

    assert seen == [f"note {number}" for number in reversed(range(25))]


async def test_an_unchanged_note_is_304_and_a_changed_one_can_not_be_overwritten(client: httpx.AsyncClient) -> None:
    """The tag changes with the note."""
    made = await client.post("/v1/notes", json={"text": "first"})
    place, tag = made.headers["location"], made.headers["etag"]
    unchanged = await client.get(place, headers={"If-None-Match": tag})
    changed = await client.put(place, json={"text": "second"}, headers={"If-Match": tag})
    refused = await client.put(place, json={"text": "third"}, headers={"If-Match": tag})
    now = await client.get(place, headers={"If-None-Match": tag})

    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    assert (changed.status_code, refused.status_code) == (200, 412)
    assert (now.status_code, now.json()["text"], now.headers["etag"]) == (200, "second", changed.headers["etag"])


async def test_the_same_key_makes_one_note_and_has_one_answer(client: httpx.AsyncClient) -> None:
    """Also with the fields of the answer; another body under the key is 422, another owner is somebody else."""
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/v1/notes", json={"text": "once"}, headers=key)
    again = await client.post("/v1/notes", json={"text": "once"}, headers=key)
    other = await client.post("/v1/notes", json={"text": "twice"}, headers=key)
    another = await client.post("/v1/notes", json={"text": "once", "owner": "ann"}, headers=key)
    notes = (await client.get("/v1/notes")).json()["items"]

    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert (again.headers["location"], again.headers["etag"]) == (first.headers["location"], first.headers["etag"])
    assert (other.status_code, another.status_code, len(notes)) == (422, 201, 2)


async def test_while_the_first_is_under_way_the_second_is_409(client: httpx.AsyncClient) -> None:
    """Of many at one moment one is answered with 201, and one note is made."""
    key = {"Idempotency-Key": "k-2"}
    asked = [client.post("/v1/notes?delay_s=0.6", json={"text": "once"}, headers=key) for _ in range(8)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    notes = (await client.get("/v1/notes")).json()["items"]

    assert statuses == [201] + [409] * 7
    assert len(notes) == 1


async def test_a_key_whose_service_died_can_be_used_again(start: Callable[..., Service]) -> None:
    """What was under way is undone with its lock; another instance does it."""
    one, other = start(), start()
    await asyncio.gather(one.wait_for(), other.wait_for())
    key = {"Idempotency-Key": "k-3"}
    async with one.client() as client, other.client() as second:
        lost = asyncio.create_task(client.post("/v1/notes?delay_s=1", json={"text": "once"}, headers=key))
        watcher = await asyncpg.connect(one.database_url)
        while not await watcher.fetchval(LOCKED):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)
        await watcher.close()
        refused = await second.post("/v1/notes", json={"text": "once"}, headers=key)
        one.kill()
        with pytest.raises(httpx.TransportError):
            await lost
        while (again := await second.post("/v1/notes", json={"text": "once"}, headers=key)).status_code == 409:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        notes = (await second.get("/v1/notes")).json()["items"]

    assert (refused.status_code, again.status_code) == (409, 201)
    assert len(notes) == 1


async def test_metrics_count_by_route_and_not_by_path(client: httpx.AsyncClient) -> None:
    """A template is one label, and paths that nobody has are one as well."""
    for path in ("/v1/notes/1", "/v1/notes/2", "/nothing", "/nowhere"):
        await client.get(path)
    await client.request("BREW", "/nothing")
    text = (await client.get("/metrics")).text

    assert 'http_requests_total{method="GET",route="/v1/notes/{number}",status="404"} 2.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'http_request_duration_seconds_count{method="GET",route="/v1/notes/{number}",status="404"} 2.0' in text
    assert "nowhere" not in text
    assert "BREW" not in text


async def test_a_client_that_left_is_no_error(client: httpx.AsyncClient, notes: Service) -> None:
    """It is counted, and nothing is logged."""
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/slow?s=5", timeout=httpx.Timeout(10, read=0.1))
    while 'route="/slow"' not in (await client.get("/metrics")).text:  # noqa: ASYNC110
        await asyncio.sleep(0.02)

    assert "error" not in notes.log.read_text()


async def test_an_answer_that_takes_too_long_is_503(start: Callable[..., Service]) -> None:
    """With Retry-After, at the limit and not at the end of the work."""
    service = start(REQUEST_S="0.3")
    await service.wait_for()
    async with service.client() as client:
        answer = await client.get("/slow?s=30")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_more_clients_than_there_is_room_for_are_told(start: Callable[..., Service]) -> None:
    """With 503 and Retry-After, and those who are there go on."""
    service = start(CLIENTS="3")
    await service.wait_for()
    inside = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(3)]
    outside, writer = await asyncio.open_connection("127.0.0.1", service.port)
    refused = await outside.read()
    inside[0][1].write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    served = await inside[0][0].read()
    for _, one in [*inside, (outside, writer)]:
        one.close()

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in refused
    assert served.startswith(b"HTTP/1.1 200 ")


async def test_the_contract_is_served_as_it_is_and_as_a_page(client: httpx.AsyncClient) -> None:
    """The page needs nothing from elsewhere and runs no script."""
    contract, page = await client.get("/openapi.yaml"), await client.get("/docs")
    again = await client.get("/docs", headers={"If-None-Match": page.headers["etag"]})

    assert contract.content == (HERE / "openapi.yaml").read_bytes()
    assert "add-note" in page.text
    assert "200 or fewer characters" in page.text
    assert not re.findall(r"<script|<link|src=|https?://|@import|url\(", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "PORT"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "80", "DATABASE_URL": "nothing"}, "DATABASE_URL"),
        ({"PORT": "80", "CONNECTIONS": "many"}, "CONNECTIONS"),
    ],
)
def test_wrong_settings_end_the_program_with_one_line(environment: dict[str, str], named: str) -> None:
    """It names what is wrong, and the exit code is 2."""
    done = subprocess.run(
        [sys.executable, HERE / "__main__.py"],
        env={"PATH": "/usr/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr


def test_a_port_that_somebody_has_ends_the_program_with_one_line(start: Callable[..., Service]) -> None:
    """Before anything else is done."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        service = start(PORT=str(port))

        assert service.process.wait(30) == 2
    assert re.search(rf"^PORT={port}: .*\n\Z", service.log.read_text(), re.MULTILINE)
