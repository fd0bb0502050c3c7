"""One of each event, made to happen, and what the audit log has to tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from climb.judge.evidence import Table
from climb.judge.expect import expect, fail
from climb.judge.on_time import clock
from climb.projects.identity.driver import Person, draw_email, draw_password
from climb.projects.identity.stages.paging import page, walk
from climb.projects.identity.stages.told import told_with

if TYPE_CHECKING:
    from climb.judge.world import World
    from climb.projects.identity.driver import Running

__all__ = ["Event", "Happened", "demand_filters", "demand_no_secrets", "demand_told", "everything"]

_DUE_S = 2.0
_POLL_S = 0.1
_KEYS = ("event", "user_id", "by", "client_address", "request_id")
_WHY = "The brief has this event for it. Who looks for a thief next year has nothing else to go by."


class Event(msgspec.Struct, frozen=True):
    """An entry that must be there, but for its id and its time."""

    event: str
    user_id: str | None
    by: str | None
    client_address: str
    request_id: str


class Happened:
    """Asks with a name of its own for each request, and remembers what the audit log has to tell, and which secrets were used."""

    def __init__(self, running: Running, world: World) -> None:
        self.running = running
        self.events: list[Event] = []
        self.secrets: dict[str, str] = {}  # what each is, by the secret
        self.place = world.address()
        self.admin = ""
        self._world = world
        self._asked = 0

    async def ask(
        self, method: str, path: str, event: str | None, *, user: str | None = None, by: str | None = None, **given: Any
    ) -> Any:
        """The answer; ``event`` must be told of it, about ``user`` and asked for ``by``."""
        self._asked += 1
        name = f"{self._world.draw.word()}-{self._asked}"
        answer = await self.running.ask(
            method, path, **{"fields": [("X-Request-Id", name)], "from_address": self.place, **given}
        )
        if event is not None:
            self.events.append(Event(event, user, by, self.place, name))
        return answer

    def secret(self, what: str, *secrets: str | None) -> None:
        """None of these may ever be in the log."""
        self.secrets |= {secret: what for secret in secrets if secret}


async def everything(running: Running, world: World) -> Happened:
    """One of each event of an account's life, and of an administrator's work."""
    seen = Happened(running, world)
    admin = await running.admin()
    seen.admin = admin.access
    boss = (await running.ask("GET", "/v1/users/me", token=admin.access)).json()["id"]
    person, access = await _registered(seen, draw_email(world.draw), draw_password(world.draw))
    user = person.id
    await _sessions(seen, person)
    new = draw_password(world.draw)
    await seen.ask(
        "PUT",
        "/v1/users/me/password",
        "password_changed",
        user=user,
        by=user,
        token=access,
        status=204,
        json={"current": person.password, "new": new},
    )
    await _reset(seen, person, draw_password(world.draw))
    await _failures(seen, person, draw_email(world.draw))
    seen.secret("a password", new)
    roles = {"roles": ["admin", "user"]}
    await seen.ask(
        "PUT", f"/v1/users/{user}/roles", "roles_changed", user=user, by=boss, token=admin.access, json=roles
    )
    client = {"name": "told", "redirect_uris": [], "grants": ["client_credentials"], "scopes": [], "confidential": True}
    made = await seen.ask("POST", "/v1/clients", "client_created", by=boss, token=admin.access, json=client, status=201)
    seen.secret("a client secret", made.json()["client_secret"])
    await seen.ask("POST", "/v1/keys", "key_created", by=boss, token=admin.access, status=201)
    await seen.ask("DELETE", f"/v1/users/{user}", "user_deleted", user=user, by=boss, token=admin.access, status=204)
    return seen


async def _registered(seen: Happened, email: str, password: str) -> tuple[Person, str]:
    """Somebody whose registration and first login are told, and an access token of that."""
    running = seen.running
    await seen.ask("POST", "/v1/registrations", None, json={"email": email, "password": password}, status=202)
    token = (await running.mail.message(email, "confirm")).token
    made = await seen.ask("POST", "/v1/confirmations", None, json={"token": token}, status=201)
    person = Person(email, password, made.json()["id"])
    name = made.headers.get("x-request-id", "")
    seen.events.append(Event("registered", person.id, None, seen.place, name))
    first = await seen.ask("POST", "/v1/sessions", "login", user=person.id, json={"email": email, "password": password})
    seen.secret("a password", password)
    seen.secret("a token of a message", token)
    seen.secret("an access token", first.json()["access_token"])
    return person, first.json()["access_token"]


async def _sessions(seen: Happened, person: Person) -> None:
    """A refresh, a replay, a logout."""
    login = {"email": person.email, "password": person.password}
    user = person.id
    family = (await seen.ask("POST", "/v1/sessions", "login", user=user, json=login)).json()
    used = {"refresh_token": family["refresh_token"]}
    newest = (await seen.ask("POST", "/v1/sessions/refresh", "refreshed", user=user, json=used)).json()
    await seen.ask("POST", "/v1/sessions/refresh", "refresh_replayed", user=user, json=used, status=401)
    other = (await seen.ask("POST", "/v1/sessions", "login", user=user, json=login)).json()
    await seen.ask(
        "DELETE", "/v1/sessions/current", "logout", user=user, by=user, token=other["access_token"], status=204
    )
    seen.secret("a refresh token", family["refresh_token"], newest["refresh_token"], other["refresh_token"])


async def _reset(seen: Happened, person: Person, new: str) -> None:
    await seen.ask("POST", "/v1/password-resets", None, json={"email": person.email}, status=202)
    token = (await seen.running.mail.message(person.email, "reset")).token
    body = {"token": token, "new": new}
    await seen.ask("PUT", "/v1/password-resets", "password_reset", user=person.id, json=body, status=204)
    seen.secret("a token of a message", token)
    seen.secret("a password", new)


async def _failures(seen: Happened, person: Person, stranger: str) -> None:
    """FAILURES is 2: the third is refused. Nobody's account is concerned by an address that has none."""
    guessed = ("guessed wrong 1", "guessed wrong 2", "guessed wrong 3")
    for guess, event, status in zip(
        guessed, ("login_failed", "login_failed", "login_throttled"), (401, 401, 429), strict=True
    ):
        body = {"email": person.email, "password": guess}
        await seen.ask("POST", "/v1/sessions", event, user=person.id, json=body, status=status)
    body = {"email": stranger, "password": guessed[0]}
    await seen.ask("POST", "/v1/sessions", "login_failed", json=body, status=401)
    seen.secret("a password that somebody tried", *guessed)


async def demand_told(running: Running, seen: Happened) -> None:
    """Each event is in the log once, in the order in which they happened, within two seconds."""
    async with clock() as watch:
        began = running.now()
        while True:
            asked = running.now()
            found = await walk(running, "/v1/audit", seen.admin, limit=200)
            missing = _missing(seen.events, found)
            if missing is None or asked - began > watch.allowed_s(_DUE_S):
                break
            await asyncio.sleep(_POLL_S)
    if missing is not None:
        _blame(seen.events, missing, found)
    mine = [each["request_id"] for each in found if each["request_id"] in {event.request_id for event in seen.events}]
    wanted = [event.request_id for event in seen.events]
    expect(mine, "events in the audit log, by their requests").equals(
        wanted, why="Each is there once, the oldest first: each happened after the one before had been answered."
    )
    for entry in found:
        expect(entry, "an entry of the audit log").satisfies(
            lambda each: all(key in each for key in (*_KEYS, "id", "at")) and str(each["at"]).endswith("Z"),
            expected=f"id, at in UTC, {', '.join(_KEYS)}",
            why="The brief has these for every event.",
        )


def _missing(events: Sequence[Event], found: Sequence[dict[str, Any]]) -> Event | None:
    there = [tuple(entry.get(key) for key in _KEYS) for entry in found]
    return next((event for event in events if msgspec.structs.astuple(event) not in there), None)


def _blame(events: Sequence[Event], missing: Event, found: Sequence[dict[str, Any]]) -> None:
    near = [entry for entry in found if entry.get("request_id") == missing.request_id]
    received = (
        "; ".join(str({key: entry.get(key) for key in _KEYS}) for entry in near) if near else "nothing of this request"
    )
    table = Table(
        subject="what happened, and must be in the audit log",
        columns=_KEYS,
        rows=tuple(tuple(str(getattr(event, key)) for key in _KEYS) for event in events),
        mark=list(events).index(missing),
    )
    with told_with(table):
        fail(
            f"the event {missing.event} in GET /v1/audit",
            expected=str({key: getattr(missing, key) for key in _KEYS}),
            received=received,
            why=_WHY,
        )


async def demand_no_secrets(running: Running, seen: Happened) -> None:
    """None of the passwords and tokens is anywhere in the log."""
    text = msgspec.json.encode(await walk(running, "/v1/audit", seen.admin, limit=200)).decode()
    for secret, what in seen.secrets.items():
        if secret in text:
            fail(
                "the audit log",
                expected="no secret in it",
                received=f"{what}, {secret[:8]}…",
                why="Many people may read a log, and it is kept for long. A wrong password is often the right one of another account.",
            )


async def demand_filters(running: Running, world: World) -> None:
    """By event, by account, and by both."""
    admin = (await running.admin()).access
    one, two = await running.register(), await running.register()
    for person in (one, two, one):
        await running.refreshed((await running.login(person)).refresh)
    whole = await walk(running, "/v1/audit", admin, limit=200)
    limit = world.draw.integer(1, 2)
    for query in (
        {"event": "login"},
        {"user_id": one.id},
        {"event": "refreshed", "user_id": one.id},
        {"event": "logout"},
        {"user_id": "nobody"},
    ):
        wanted = [each["id"] for each in whole if all(each[key] == value for key, value in query.items())]
        some = [each["id"] for each in await walk(running, "/v1/audit", admin, limit=limit, query=query)]
        what = "&".join(f"{key}={value}" for key, value in query.items())
        expect(
            [each for each in some if each in {entry["id"] for entry in whole}],
            f"ids in GET /v1/audit?{what}, in pages of {limit}",
        ).equals(wanted, why="These are the entries of the whole log that have this event and this account.")
    first = await page(running, "/v1/audit", admin, event="login", limit=1)
    expect(first.items[0]["event"], "the event of what event=login finds").equals(
        "login", why="Nothing else was asked for."
    )
    await running.ask(
        "GET",
        "/v1/audit?event=no_such_event",
        token=admin,
        status=422,
        why="The brief has a list of events, and this is none of them.",
    )
