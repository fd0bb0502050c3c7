"""A stretch of a file on its way: by the kernel, by way of our memory, and from a thread."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from climb.systems.http.in_memory import is_in_memory
from climb.systems.http.sending import Piece, sending
from climb.systems.http.stretch import FileStretch

CONTENT = bytes(number % 251 for number in range(1 << 20))
T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 1 MiB, just written."""
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def descriptor(path: Path) -> Iterator[int]:
    """That file, open."""
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def forget(descriptor: int, first: int = 0, count: int = 0) -> None:
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, first, count, os.POSIX_FADV_DONTNEED)


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 1 << 20), (4095, 2), ((1 << 20) - 1, 1)])
def test_what_was_read_is_in_memory(descriptor: int, first: int, count: int) -> None:
    """Reading is what brings it there; where the kernel can't tell, nothing is."""
    os.pread(descriptor, 1 << 20, 0)
    if not is_in_memory(descriptor, 0, 1):
        pytest.skip("this kernel or file system does not tell")

    assert is_in_memory(descriptor, first, count)


def test_what_was_not_read_is_not_in_memory(tmp_path: Path) -> None:
    """Nor is a stretch that is there only in part, nor what lies behind the end of the file."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with path.open("rb", buffering=0) as file:
        file.read(1)

        assert not is_in_memory(file.fileno(), 0, 1 << 30)
        assert not is_in_memory(file.fileno(), (1 << 30) - 1, 1)
        assert not is_in_memory(file.fileno(), 0, (1 << 30) + 4096)


def test_a_socket_takes_what_fits(descriptor: int) -> None:
    """The kernel sends to a socket until that is full, and says so with 0; what is behind the end can't be sent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        stretch = FileStretch(os.dup(descriptor), 10, (1 << 20) - 10 + 5)
        received, ended = b"", False
        while not ended:
            sent = stretch.send(ours.fileno())
            if sent == 0 or sent is None:
                ended = sent is None
                received += theirs.recv(1 << 20) if not ended else b""
        theirs.setblocking(False)
        while len(received) < len(CONTENT) - 10:
            received += theirs.recv(1 << 20)
        stretch.close()

    assert received == CONTENT[10:]


async def _play(path: Path, length: int, takes: bool) -> tuple[bytes, bool]:
    loop = asyncio.get_running_loop()
    written, done = bytearray(), loop.create_future()

    def write(piece: Piece) -> bool:
        written.extend(piece)
        if not takes:
            loop.call_soon(under_way.go_on)
        return takes

    def in_thread(work: Callable[[], T], then: Callable[[T | BaseException], None]) -> None:
        loop.run_in_executor(None, work).add_done_callback(lambda done: then(done.exception() or done.result()))

    stretch = FileStretch(os.open(path, os.O_RDONLY), 0, length)
    under_way = sending(
        stretch,
        chunked=False,
        in_thread=in_thread,
        loop=loop,
        write=write,
        send=lambda _: None,
        done=done.set_result,
    )
    under_way.begin()
    async with asyncio.timeout(60):
        whole = await done
    return bytes(written), whole


@pytest.mark.parametrize("takes", [True, False])
@pytest.mark.parametrize("in_memory", [True, False])
def test_what_the_kernel_does_not_send_is_read(path: Path, descriptor: int, in_memory: bool, takes: bool) -> None:
    """All bytes are written, in order, from memory or a thread, also to a client that has to be waited for after each piece."""
    if not in_memory:
        forget(descriptor)

    assert asyncio.run(_play(path, len(CONTENT), takes)) == (CONTENT, True)


def test_a_file_that_has_become_shorter_is_not_whole(path: Path) -> None:
    """What is there is written, and then it is told that this was not all."""
    assert asyncio.run(_play(path, len(CONTENT) + 1, True)) == (CONTENT, False)
