"""The plainest HTTP server in Python: ``python -m climb.judge.load.baseline PARENT LOOP`` answers each head with the same few bytes.

It is what this machine can do, not what a server should: it takes every empty line for the end of a request. It prints its port, and
ends with its parent. On asyncio's own loop it is what a plain program does, on uvloop the fastest thing to measure a load against.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Literal, cast

from climb.parent import end_with_parent

__all__ = ["ANSWER", "baseline", "main"]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_END = b"\r\n\r\n"


class _Baseline(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being of that class

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        self._rest = data.rpartition(_END)[2] if _END in data else data
        heads = data.count(_END)
        if heads:
            self._transport.write(ANSWER * heads)


@contextlib.asynccontextmanager
async def baseline(loop: Literal["asyncio", "uvloop"] = "asyncio") -> AsyncIterator[tuple[str, int]]:
    """Such a server in a process of its own, which ends with the block: its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "climb.judge.load.baseline", str(os.getpid()), loop), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield "127.0.0.1", int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Baseline, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve until the parent ends."""
    end_with_parent(int(sys.argv[1]))
    with asyncio.Runner(loop_factory=_loops()[sys.argv[2]]) as runner:
        runner.run(_serve())


def _loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    import uvloop

    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


if __name__ == "__main__":
    main()
