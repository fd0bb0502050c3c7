"""The link shortener over HTTP: owners, lists, keys that make once, imports, pictures, numbers for those who run it."""

import asyncio
import json
import re
import zlib

import httpx
import pytest
from links_world import Instance, LinksWorld
from redis import Redis

URL = "https://example.org/"


@pytest.fixture
async def instance(world: LinksWorld) -> Instance:
    """One that is ready."""
    return await world.start()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_to_others_a_link_does_not_exist(world: LinksWorld, instance: Instance) -> None:
    """Only its owner and admins can read, change or delete it; everybody can follow it."""
    await instance.make("spring")
    other, admin = bearer(world.token("bert")), bearer(world.token("cora", "admin"))
    client = instance.client
    statuses = [
        (await client.request(method, "/v1/links/spring" + more, headers=other, json={"url": URL})).status_code
        for method, more in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/qr"), ("GET", "/clicks"))
    ]

    assert set(statuses) == {404}
    assert (await client.get("/v1/links", headers=other)).json()["items"] == []
    assert (await client.get("/v1/links/spring", headers=admin)).json()["owner"] == "anna"
    assert (await client.delete("/v1/links/spring", headers=admin)).status_code == 204


async def test_an_old_tag_changes_nothing(instance: Instance) -> None:
    """412; and the right one is 304 for who reads, however often the link was followed."""
    await instance.make("spring")
    old = (await instance.client.get("/v1/links/spring")).headers["etag"]
    first = await instance.client.patch("/v1/links/spring", json={"url": URL + "a"}, headers={"If-Match": old})
    second = await instance.client.patch("/v1/links/spring", json={"url": URL + "b"}, headers={"If-Match": old})
    await instance.follow("spring")
    await instance.clicks("spring", 1)
    again = await instance.client.get("/v1/links/spring", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, second.status_code, again.status_code) == (200, 412, 304)
    assert (await instance.follow("spring"))[1] == URL + "a"


async def test_of_many_that_change_the_same_state_one_does(instance: Instance) -> None:
    """At the same moment."""
    await instance.make("spring")
    tag = (await instance.client.get("/v1/links/spring")).headers["etag"]
    answers = await asyncio.gather(
        *(
            instance.client.patch("/v1/links/spring", json={"url": f"{URL}{number}"}, headers={"If-Match": tag})
            for number in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_pages_miss_nothing(instance: Instance) -> None:
    """While links are made and deleted on the way through."""
    for number in range(12):
        await instance.make(f"code-{number}", f"{URL}{number}")
    seen, after, page = [], "", 0
    while after is not None:
        answer = (
            await instance.client.get(f"/v1/links?limit=5&after={after}" if after else "/v1/links?limit=5")
        ).json()
        seen += [item["code"] for item in answer["items"]]
        after, page = answer["next"], page + 1
        await instance.make(f"late-{page}")
    found = (await instance.client.get("/v1/links?q=CODE-1")).json()["items"]

    assert seen == [f"code-{number}" for number in reversed(range(12))]
    assert [item["code"] for item in found] == ["code-11", "code-10", "code-1"]
    for query in ("after=x", "limit=0", "limit=201", "limit=5e0", f"q={'a' * 201}"):
        assert (await instance.client.get(f"/v1/links?{query}")).status_code == 422, query


async def test_a_cursor_is_for_its_list(world: LinksWorld, instance: Instance) -> None:
    """Not for another search, nor for another owner's."""
    for number in range(3):
        await instance.make(f"code-{number}")
    cursor = (await instance.client.get("/v1/links?limit=1")).json()["next"]
    other = await instance.client.get(f"/v1/links?after={cursor}&q=a")
    stranger = await instance.client.get(f"/v1/links?after={cursor}", headers=bearer(world.token("bert")))

    assert (other.status_code, stranger.status_code) == (422, 422)


async def test_a_key_makes_one_link(instance: Instance) -> None:
    """However often and however many at once; another request with it is 422, and an error leaves it free."""

    def ask(body: dict[str, object], key: str = "key") -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(instance.client.post("/v1/links", json=body, headers={"Idempotency-Key": key}))

    at_once = await asyncio.gather(*(ask({"url": URL}) for _ in range(8)))
    again = await ask({"url": URL})
    made = {answer.json()["code"] for answer in at_once if answer.status_code == 201}
    waiting = [answer for answer in at_once if answer.status_code == 409]

    assert made == {again.json()["code"]}
    assert all(answer.headers["retry-after"] == "1" for answer in waiting)
    assert (await ask({"url": URL + "b"})).status_code == 422
    assert (await ask({"url": "x"}, "other")).status_code == 422
    assert (await ask({"url": URL}, "other")).status_code == 201
    assert len((await instance.client.get("/v1/links")).json()["items"]) == 2


async def imported(instance: Instance, content: bytes, **fields: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-ndjson", **fields}
    return await instance.client.post("/v1/imports", content=content, headers=headers, timeout=30)


async def test_an_import_judges_each_line(instance: Instance) -> None:
    """In order; the good ones are made."""
    await instance.make("taken")
    lines = [
        {"url": URL}, {"url": "ftp://a/"}, 3, {"url": URL, "code": "taken"}, {"url": URL, "code": "twice"}, {"url": URL, "code": "twice"}, {"code": "ab"},
    ]  # fmt: skip
    answer = await imported(instance, b"\n".join(json.dumps(line).encode() for line in lines) + b"\n\xff\n")
    found = [json.loads(line) for line in answer.text.splitlines()]
    wrong = [[error["field"] for error in one.get("errors", ())] for one in found]

    assert answer.status_code == 200
    assert [one["line"] for one in found] == list(range(1, 9))
    assert [sorted(fields) for fields in wrong] == [[], ["url"], [""], ["code"], [], ["code"], ["code", "url"], [""]]
    assert len(found[0]["code"]) == 7
    assert await instance.follow("twice") == (302, URL)


async def test_a_large_import_keeps_nobody_waiting(instance: Instance) -> None:
    """Ten thousand lines, all of which are made; one more is too much, and none too little."""
    await instance.make("spring")
    content = b"\n".join(json.dumps({"url": f"{URL}{number}"}).encode() for number in range(10_000))
    importing = asyncio.create_task(imported(instance, content, **{"Idempotency-Key": "import"}))
    worst_s = 0.0
    loop = asyncio.get_running_loop()
    async with instance.new_client() as client:
        while not importing.done():
            began = loop.time()
            await client.get("/spring")
            worst_s = max(worst_s, loop.time() - began)
    answer = await importing
    codes = {json.loads(line)["code"] for line in answer.text.splitlines()}

    assert len(codes) == 10_000
    assert worst_s < 1
    assert (await imported(instance, content, **{"Idempotency-Key": "import"})).text == answer.text
    assert (await imported(instance, content + b"\n{}")).status_code == 413
    assert (await imported(instance, b"a" * (4 * 1024 * 1024 + 1))).status_code == 413
    assert (await imported(instance, b"")).status_code == 422
    assert (await instance.client.post("/v1/imports", content=b"{}")).status_code == 415


async def test_a_picture_is_a_picture(instance: Instance) -> None:
    """A square of black and white with a quiet zone, as PNG."""
    await instance.make("spring")
    answer = await instance.client.get("/v1/links/spring/qr")
    content = answer.content
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    start = content.index(b"IDAT") + 4
    rows = zlib.decompress(content[start : start + int.from_bytes(content[start - 8 : start - 4])])

    assert answer.headers["content-type"] == "image/png"
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert width == height > (21 + 8) * 4
    assert len(rows) == height * (1 + (width + 7) // 8)


async def test_bodies_have_their_limits(instance: Instance) -> None:
    """What is too long, of another type or no object is said to be so."""
    client = instance.client
    large = await client.post("/v1/links", json={"url": URL, "x": "a" * 70_000})
    text = await client.post("/v1/links", content=b"{}", headers={"Content-Type": "text/plain"})
    array = await client.post("/v1/links", content=b"[]", headers={"Content-Type": "application/json"})
    method = await client.put("/v1/links/spring", json={})

    assert [answer.status_code for answer in (large, text, array, method)] == [413, 415, 400, 405]
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in (large, text, array, method))
    assert method.headers["allow"] == "DELETE, GET, HEAD, PATCH"


async def test_without_a_good_token_nothing_is_told(instance: Instance) -> None:
    """401 and how to do better, also for a link that exists."""
    await instance.make("spring")
    for fields in ({"Authorization": ""}, {"Authorization": "Bearer a.b.c"}, {"Authorization": "Basic YTpi"}):
        answer = await instance.client.get("/v1/links/spring", headers=fields)

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_stampede_asks_the_database_at_most_once(world: LinksWorld, instance: Instance) -> None:
    """However many ask for one link at a moment when the cache has been emptied."""
    await instance.make("spring")
    other = await world.start()
    with Redis.from_url(world.cache.address) as client:
        client.flushall()
    answers = await asyncio.gather(*(other.follow("spring") for _ in range(60)))
    text = (await other.client.get("/metrics")).text
    asked = re.findall(r'cache_requests_total{result="(?:miss|error)"} ([0-9.]+)', text)

    assert set(answers) == {(302, URL)}
    assert (
        sum(map(float, asked)) <= 1
    )  # who asks the database has asked the cache before; none if the feed brought the link


async def test_numbers_for_those_who_run_it(instance: Instance) -> None:
    """By route, method and status; the codes of links are no labels."""
    await instance.make("spring")
    for _ in range(5):
        await instance.follow("spring")
    await instance.follow("nowhere")
    text = (await instance.client.get("/metrics")).text

    assert 'http_requests_total{method="GET",route="/{code}",status="302"} 5.0' in text
    assert 'http_request_duration_seconds_count{method="GET",route="/{code}",status="404"} 1.0' in text
    assert 'http_requests_total{method="POST",route="/v1/links",status="201"} 1.0' in text
    assert 'cache_requests_total{result="hit"} 5.0' in text
    assert "spring" not in text


async def test_it_waits_for_a_database_that_is_not_there_yet(world: LinksWorld) -> None:
    """It lives and is not ready; a cache that is not there is no reason to wait."""
    instance = await world.start(ready=False, DATABASE_URL="postgresql://a:b@127.0.0.1:1/c")
    health = await instance.until("/healthz", lambda answer: answer.status_code == 200)
    ready = await instance.client.get("/readyz")
    listed = await instance.client.get("/v1/links")
    other = await world.start(CACHE_URL="redis://127.0.0.1:1/0")
    await other.make("spring")

    assert (health.status_code, ready.status_code, listed.status_code) == (200, 503, 503)
    assert ready.headers["retry-after"]
    assert await other.follow("spring") == (302, URL)
