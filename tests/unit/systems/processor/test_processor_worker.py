"""A worker in this process, with its parent's side of the socket in the hands of the test."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from climb.systems.processor.channel import Channel
from climb.systems.processor.engine.columns import WINDOW
from climb.systems.processor.engine.partition import Shape
from climb.systems.processor.engine.store import Committed, PartitionStore
from climb.systems.processor.exchange import Neighbours
from climb.systems.processor.messages import Advance, Claim, Closed, Connection, Exit, FromWorker, Learned, Recovered
from climb.systems.processor.settings import Settings
from climb.systems.processor.shared import Counts
from climb.systems.processor.worker import Worker

_PATIENCE_S = 60.0


class _SlowStore(PartitionStore):
    """A store whose commits wait for the test, before they have looked at anything."""

    begun: threading.Semaphore
    may_go_on: threading.Semaphore

    def commit(self) -> Committed:
        self.begun.release()
        assert self.may_go_on.acquire(timeout=_PATIENCE_S)
        return super().commit()


class _Parent:
    """What the test says and hears in place of the parent."""

    def __init__(self, sock: socket.socket) -> None:
        self._channel: Channel[Any, Any] = Channel(sock, FromWorker, blocking_sends=True)
        self.say = self._channel.send
        self._heard: list[Any] = []

    def hear(self, kind: type) -> Any:
        """Return the next message, which is of that kind."""
        while not self._heard:
            assert select.select([self._channel], [], [], _PATIENCE_S)[0]
            self._heard += self._channel.receive()
        message = self._heard.pop(0)
        assert isinstance(message, kind)
        return message


@pytest.fixture
def store(tmp_path: Path) -> _SlowStore:
    opened = _SlowStore.open(tmp_path, Shape(1000, 1000))
    assert isinstance(opened, _SlowStore)
    opened.begun, opened.may_go_on = threading.Semaphore(0), threading.Semaphore(0)
    return opened


@pytest.fixture
def parent(store: _SlowStore, tmp_path: Path) -> Iterator[_Parent]:
    """The parent of a worker that has just recovered."""
    ours, theirs = socket.socketpair()
    wake = os.eventfd(0, os.EFD_NONBLOCK)
    settings = Settings(1, 2, tmp_path, 1000, 1000)
    worker = Worker(settings, Neighbours(0, [wake], {}, {}), theirs, Counts(1).rows()[0], store)
    thread = threading.Thread(target=worker.run)
    thread.start()
    parent = _Parent(ours)
    parent.hear(object)
    parent.say(Recovered(None, None))
    parent.hear(Closed)
    yield parent
    store.may_go_on.release(100)
    parent.say(Exit())
    thread.join(_PATIENCE_S)
    for sock in (ours, theirs):
        sock.close()
    os.close(wake)


def test_an_advance_during_a_commit_is_answered_with_its_windows(
    parent: _Parent, store: _SlowStore, until: Callable[[Callable[[], bool]], None]
) -> None:
    """If the watermark rises while a commit has begun and not yet looked, no window is lost between the two."""
    client, served = socket.socketpair()
    with closing(client):
        with closing(served):
            parent.say(Connection(internal=False), descriptor=served.fileno())
        client.sendall(b'{"sensor":"a","seq":1,"ts":5,"value":2.5}\n')
        parent.say(Learned(parent.hear(Claim).names, [0]))
        assert store.begun.acquire(timeout=_PATIENCE_S)
        parent.say(Advance(5000))
        until(lambda: store.watermark == 5000)
        store.may_go_on.release(100)
        closed = parent.hear(Closed)
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):  # until the worker has closed it
            pass

    assert closed.watermark == 5000
    assert np.frombuffer(closed.windows, WINDOW)["sum"].tolist() == [2.5]
