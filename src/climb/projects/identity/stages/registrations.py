"""Registrations as checks make them, and what is demanded of messages and of new accounts."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from climb.judge.calibration import calibrate_start
from climb.judge.expect import fail, within
from climb.projects.identity.stages.judged import demand_member, document

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.identity.driver import Message, Person, Running

__all__ = ["asks_for", "confirms", "demand_account", "demand_prompt", "demand_secret"]

_LEAVES_S = 2.0
_STARTS = 20
_SECRET = re.compile(r"[0-9A-Za-z._~-]{22,}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z")
_OFF = dt.timedelta(seconds=2)  # times may be cut to whole seconds


async def asks_for(running: Running, person: Person) -> Answer:
    """The answer to a registration, which must be 202."""
    return await running.ask(
        "POST", "/v1/registrations", json={"email": person.email, "password": person.password}, status=202
    )


async def confirms(running: Running, token: str | None, *, status: Any, why: str = "") -> Answer:
    """The answer to the token of a message."""
    return await running.ask("POST", "/v1/confirmations", json={"token": token}, status=status, why=why)


async def demand_prompt(message: Message, answer: Answer) -> None:
    """It left within 2 seconds; what the machine is slow at is not held against the program."""
    start = await calibrate_start()
    within(
        message.at - answer.ended_at,
        _LEAVES_S + _STARTS * start.seconds,
        "the message after the answer to its registration",
        unit="s",
        calibration=f"{_LEAVES_S:g} s as the brief has it, and {_STARTS} times {start}",
        why="Somebody sits before a page that says: look into your mailbox. Post each message when it is due, and do not wait for the next round.",
    )


def demand_secret(message: Message) -> None:
    """The message has a token, in the form of a secret."""
    if not _SECRET.fullmatch(message.token or ""):
        fail(
            f"the message confirm to {message.to}",
            expected="a token of 22 or more letters, digits and . _ ~ -",
            received="no token" if message.token is None else repr(message.token),
            why="It has 128 random bits or more, and needs no escaping in a link (openapi.yaml, Secret).",
        )


def demand_account(answer: Answer, person: Person, before: dt.datetime) -> None:
    """The answer has the account of this person, made just now and not before this time."""
    found = document(answer)
    if not (isinstance(found.get("id"), str) and 1 <= len(found["id"]) <= 64):
        answer.blame(
            "id: a text of 1 to 64 characters", f"{answer.text[:300]}", "Everyone speaks of an account by its id."
        )
    demand_member(answer, "email", person.email, why="The account has the address that was confirmed.")
    demand_member(answer, "roles", ["user"], why="Whoever registers is a user, and no more.")
    given = found.get("created_at")
    if not (isinstance(given, str) and _MOMENT.fullmatch(given)):
        answer.blame(
            "created_at: a time in UTC, such as 2026-03-01T12:00:00Z",
            f"created_at: {given!r}",
            "Times are texts as in RFC 3339, in UTC, with a Z.",
        )
    made = dt.datetime.fromisoformat(f"{given[:19]}+00:00")
    if not before - _OFF <= made <= dt.datetime.now(dt.UTC) + _OFF:
        answer.blame(
            f"created_at: about {before:%Y-%m-%dT%H:%M:%SZ}",
            f"created_at: {given!r}",
            "The account was made when its token came back, and the time is in UTC.",
        )
