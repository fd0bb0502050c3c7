"""The feed of a source, against a processor of a few lines that breaks connections as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.sources.feed import Batch, Feed
from climb.systems.processor.sources.mapping import line_of


class Peer:
    """Takes lines; ``answer`` says what it sends for each, None to break the connection."""

    def __init__(self, answer: Callable[[int, bytes], bytes | None]) -> None:
        self.lines: list[bytes] = []
        self.connections = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError):
            while line := await reader.readline():
                self.lines.append(line)
                answer = self._answer(len(self.lines), line)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def fed(answer: Callable[[int, bytes], bytes | None], **settings: int) -> AsyncIterator[tuple[Peer, Feed]]:
    peer = Peer(answer)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    feed = Feed(server.sockets[0].getsockname()[1], **settings)
    running = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(30):
            yield peer, feed
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        await server.wait_closed()


def batch(*numbers: int, safe: list[int] | None = None) -> Batch:
    when_safe = (lambda: safe.append(numbers[-1])) if safe is not None else (lambda: None)
    return Batch(b"".join(line_of("a", n, n, 1.0) for n in numbers), {"a": numbers[-1]}, len(numbers), when_safe)


def ack(_count: int, line: bytes) -> bytes:
    return json.dumps({"ack": {"a": json.loads(line)["seq"]}}).encode() + b"\n"


async def test_a_batch_is_safe_when_all_of_it_is_acknowledged() -> None:
    """The source is told of each batch, in order."""
    safe: list[int] = []
    async with fed(ack) as (_, feed):
        await feed.send(batch(1, 2, safe=safe))
        await feed.send(batch(3, safe=safe))
        await feed.settled()

    assert safe == [2, 3]
    assert feed.safe == 3


async def test_what_is_not_acknowledged_is_sent_again() -> None:
    """After a break everything from the first batch that is not safe comes once more, in order."""
    safe: list[int] = []
    async with fed(lambda count, line: None if count == 3 else ack(count, line)) as (peer, feed):
        await feed.send(batch(1, safe=safe))
        await feed.send(batch(2, 3, 4, safe=safe))
        await feed.settled()

    assert safe == [1, 4]
    assert [json.loads(line)["seq"] for line in peer.lines][-3:] == [2, 3, 4]
    assert peer.connections == 2


async def test_a_rejected_line_does_not_hold_up_its_batch() -> None:
    """A batch is safe without the lines that the processor rejects."""

    def answer(count: int, line: bytes) -> bytes:
        return b'{"reject":{"line":2,"reason":"no"}}\n' if count == 2 else ack(count, line)

    safe: list[int] = []
    async with fed(answer) as (_, feed):
        await feed.send(batch(1, 2, safe=safe))
        await feed.settled()

    assert (safe, feed.safe, feed.rejected, feed.last_reason) == ([2], 1, 1, "no")


async def test_a_source_waits_while_too_much_is_not_acknowledged() -> None:
    """Back-pressure reaches the source: a batch for which there is no room is not taken."""
    async with fed(lambda _count, _line: b"", most_bytes=100) as (_, feed):
        await feed.send(batch(1, 2))
        waiting = asyncio.create_task(feed.send(batch(3)))
        await asyncio.wait((waiting,), timeout=0.1)
        waited = not waiting.done()
        waiting.cancel()

    assert waited


async def test_a_processor_that_is_gone_is_given_up_if_asked() -> None:
    """With a limit the feed ends with an error that names the address."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    with pytest.raises(EdgeError, match=f"nobody takes readings at 127.0.0.1:{port} any more"):
        await Feed(port, give_up_s=0).run()
