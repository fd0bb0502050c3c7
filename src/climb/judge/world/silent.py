"""Ports that don't answer: neither open nor closed, as behind a firewall that drops packets. No privileges needed.

A listening socket whose accept queue is full drops every further SYN (Linux, tcp_conn_request). With ``listen(0)`` the queue has
room for one connection. So one client connects, which fills it, and then cuts the connection; the kernel keeps the dead
connection queued until someone accepts it, which nobody does. A silent port costs one descriptor.

None of this is promised by POSIX. So each port is proved to be silent before it is handed out.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import select
import socket
import struct
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from climb.errors import SetupError
from climb.judge.world import ports
from climb.judge.world.attempts import Attempt, AttemptWatch, Kernel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

__all__ = ["Silent", "fill_queues"]

_AT_A_TIME = 128
_CONNECT_S = 2.0  # for the one connect that must succeed; on loopback it takes microseconds
_PROOF_S = (
    0.030  # an answer on loopback is there before connect() returns; this leaves room for a kernel that defers it
)
_EVERY_S = 0.020


class Silent:
    """Ports that never answer, and a watch on who tries them."""

    def __init__(self, address: str, numbers: tuple[int, ...], listeners: Sequence[socket.socket] = ()) -> None:
        self.address = address
        self.ports = numbers
        self._listeners = listeners

    def __repr__(self) -> str:
        return f"Silent({self.address}, {len(self.ports)} ports)"

    def wake(self) -> None:
        """Begin to answer: the queues are emptied, so the next SYN (perhaps a retransmitted one) completes a handshake."""
        for listener in self._listeners:
            listener.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()

    def sample(self) -> list[Attempt]:
        """The connection attempts that hang on these ports right now, as the kernel lists them."""
        with contextlib.closing(Kernel(self.address, self.ports)) as kernel:
            return kernel.attempts()

    @asynccontextmanager
    async def watch(self, every_s: float = _EVERY_S) -> AsyncIterator[AttemptWatch]:
        """Sample the attempts in the background while the block runs."""
        with contextlib.closing(Kernel(self.address, self.ports)) as kernel:
            watch = AttemptWatch(kernel)
            task = asyncio.get_running_loop().create_task(watch.run(every_s))
            try:
                yield watch
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def fill_queues(listeners: Sequence[socket.socket]) -> None:
    """Make these sockets, which listen with a backlog of 0, drop every further SYN.

    Raises SetupError if a SYN is answered nevertheless.
    """
    waiting = list(listeners)
    for batch in (waiting[start : start + _AT_A_TIME] for start in range(0, len(waiting), _AT_A_TIME)):
        with _connecting(batch) as clients:
            answered = await _completed(clients, len(batch), _CONNECT_S)
            if answered < len(batch):
                raise _refuse_to_judge(f"{len(batch) - answered} connects to a listening port did not complete")
        with _connecting(batch) as clients:
            answered = await _completed(clients, 1, _PROOF_S)
            if answered:
                raise _refuse_to_judge("a port with a full accept queue still answers")


@contextlib.contextmanager
def _connecting(listeners: Sequence[socket.socket]) -> Iterator[list[socket.socket]]:
    """One client for each listener, on its way; cut with RST at the end, so that nothing stays in TIME_WAIT."""
    with contextlib.ExitStack() as stack:
        clients = []
        for listener in listeners:
            client = stack.enter_context(ports.tcp_socket(listener.family))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            result = client.connect_ex(listener.getsockname())
            if result not in {0, errno.EINPROGRESS}:
                raise _refuse_to_judge(
                    f"connect to {listener.getsockname()[:2]}: {errno.errorcode.get(result, result)}"
                )
            clients.append(client)
        yield clients


async def _completed(clients: Sequence[socket.socket], enough: int, timeout_s: float) -> int:
    """How many of the clients got any answer, as soon as it is enough or the time is over."""
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLOUT)
    deadline = time.monotonic() + timeout_s
    for pause in itertools.chain([0.0, 0.001, 0.002, 0.004], itertools.repeat(0.008)):
        await asyncio.sleep(pause)
        answered = len(poll.poll(0))
        if answered >= enough or time.monotonic() >= deadline:
            return answered
    raise AssertionError("the pauses never end")


def _refuse_to_judge(what: str) -> SetupError:
    return SetupError(
        f"this machine can't play a silent port: {what}",
        next_step="run this on Linux with net.ipv4.tcp_abort_on_overflow=0 (sysctl), not in a sandbox with a network of its own",
    )
