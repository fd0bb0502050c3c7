"""The mailbox that an identity service posts to: what it hands out, what it calls strange, and how it misbehaves when told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from climb.judge.choices import Choices
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.json_http import JsonClient
from climb.judge.drivers.recording import Recording
from climb.judge.expect import Failure
from climb.judge.world import World
from climb.projects.identity.driver.mailbox import Mailbox

TO = "ada@id.example"


class Posting:
    """A mailbox and somebody who posts to it."""

    def __init__(self, mailbox: Mailbox, client: JsonClient, path: str) -> None:
        self.mailbox = mailbox
        self._client = client
        self._path = path

    async def post(self, kind: str, token: str | None = None, **given: object) -> int:
        message = {"to": TO, "kind": kind} | ({"token": token} if token else {})
        answer = await self._client.ask(
            "POST", self._path, **{"json": message, "status": None, "timeout_s": 5.0, **given}
        )
        return answer.status


@pytest.fixture
async def posting() -> AsyncIterator[Posting]:
    """All of it ends with the test."""
    async with World(Choices("mail")) as world:
        mailbox = await Mailbox(world).open()
        place = urlsplit(mailbox.url)
        assert place.hostname is not None
        assert place.port is not None
        client = JsonClient((place.hostname, place.port), lambda peer: Recording(peer, world.now), world.now)
        yield Posting(mailbox, client, place.path)
        client.close()


async def test_messages_are_handed_out_once_and_in_order(posting: Posting) -> None:
    """Each kind by itself."""
    for kind, token in (("confirm", "1"), ("reset", "2"), ("confirm", "3")):
        assert await posting.post(kind, token) == 204

    tokens = [(await posting.mailbox.message(TO, kind)).token for kind in ("confirm", "confirm", "reset")]

    assert tokens == ["1", "3", "2"]
    assert len(posting.mailbox.all(TO)) == 3


async def test_what_does_not_come_is_told_with_what_came(posting: Posting) -> None:
    """Messages to others, and what was no message."""
    await posting.post("exists")
    await posting.post("confirm", fields=[("Content-Type", "text/plain")])

    with pytest.raises(Failure) as raised:
        await posting.mailbox.message(TO, "confirm", within_s=0)

    assert "exists to ada@id.example, without a token" in str(raised.value.evidence[0])
    assert "text/plain" in str(raised.value.evidence[0])


async def test_a_refused_message_has_come_and_was_not_taken(posting: Posting) -> None:
    """The one after it is."""
    posting.mailbox.refuses(500)
    assert await posting.post("confirm", "1") == 500
    posting.mailbox.works()
    assert await posting.post("confirm", "2") == 204

    assert [(each.token, each.taken) for each in posting.mailbox.all(TO, "confirm")] == [("1", False), ("2", True)]


async def test_silence_and_absence(posting: Posting) -> None:
    """A silent mailbox never answers, one that is gone refuses, and one that is back is where it was."""
    posting.mailbox.silent()
    with pytest.raises(TimedOut):
        await posting.post("confirm", "1", timeout_s=0.1)
    await posting.mailbox.gone()
    with pytest.raises(ConnectionLost):
        await posting.post("confirm", "2")
    await posting.mailbox.back()

    assert await posting.post("confirm", "3") == 204


@pytest.mark.parametrize("status", [503, 500, 404, 302])
async def test_what_is_refused_has_come_all_the_same(posting: Posting, status: int) -> None:
    """Whatever it is refused with, a message was posted, and is not taken."""
    posting.mailbox.refuses(status)

    answered = await posting.post("confirm", "1")
    message = await posting.mailbox.message(TO, "confirm")

    assert answered == status
    assert (message.token, message.taken) == ("1", False)
