"""New connections, as many as there are file descriptors for.

The loop's own servers are no help here: asyncio's sleeps for a second when descriptors run out, and libuv accepts and closes what it
can't keep. Here nothing is accepted that can't be kept: the kernel keeps it in its queue, and nobody looks until one has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
from collections.abc import Callable
from pathlib import Path

__all__ = ["TCP_NOTSENT_LOWAT", "Acceptor", "bound", "descriptors_for_connections"]

_AT_ONCE = 64
_BACKLOG = 4096
_AGAIN_S = 0.2  # until it is tried once more, if nobody says that a descriptor was freed
_NO_MORE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_UNSENT = 128 * 1024
TCP_NOTSENT_LOWAT = 25  # linux/tcp.h


def bound(host: str, port: int) -> socket.socket:
    """Return a socket with that address. It refuses connections until it listens."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is accepted inherits both: nothing waits for an acknowledgement, and little waits in the kernel for a client that
        # does not read, so that we notice.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, _UNSENT)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def descriptors_for_connections() -> int:
    """Raise the limit as far as it goes, and return how many connections fit beside what is open, and files to be served."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 1 << 30
    for_files = min(64, limit // 6)
    return max(1, limit - len(list(Path("/proc/self/fd").iterdir())) - for_files)


class Acceptor:
    """Accepts from a bound socket; ``take`` gets each connection, and ``room`` tells whether there may be another."""

    def __init__(
        self,
        sock: socket.socket,
        loop: asyncio.AbstractEventLoop,
        take: Callable[[socket.socket], None],
        room: Callable[[], bool],
    ) -> None:
        self._socket = sock
        self._loop = loop
        self._take = take
        self._room = room
        self._again: asyncio.TimerHandle | None = None  # set while nobody looks
        self._over = False

    def begin(self) -> None:
        """Listen."""
        self._socket.listen(_BACKLOG)
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._room():
                self._rest()
                return
            try:
                sock, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_MORE:
                    self._rest()
                    return
                continue  # that client is gone already
            sock.setblocking(False)
            self._take(sock)

    def _rest(self) -> None:
        """Look away, so that the waiting connections do not wake the loop again and again."""
        if self._again is None and not self._over:
            self._loop.remove_reader(self._socket.fileno())
            self._again = self._loop.call_later(_AGAIN_S, self._go_on)

    def freed(self) -> None:
        """Look again, since a connection has ended; its descriptor is closed in this turn of the loop."""
        if self._again is not None:
            self._again.cancel()
            self._again = self._loop.call_later(0.001, self._go_on)

    def _go_on(self) -> None:
        self._again = None
        if not self._over:
            self._loop.add_reader(self._socket.fileno(), self._accept)

    def end(self) -> None:
        """Take what the kernel has accepted for us already, and refuse all that comes later."""
        if self._again is None:
            self._accept()
        self._over = True
        if self._again is not None:
            self._again.cancel()
        else:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
