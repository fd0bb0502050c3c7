"""The border to the operating system: starting connections, reading errors, waiting for many sockets.

Two facts about Linux make scanning near hosts fast. Both are used only where they are known to hold:

- A non-blocking ``connect()`` to this machine says "in progress" even though the answer is already there, because the
  caller still holds the socket while the answer arrives. A second ``connect()`` collects it, which is cheaper than
  registering the socket and asking the poller.
- A refused socket is as good as new. Keeping it for the next port saves a ``socket()`` and a ``close()`` per port.
  Other systems leave it undefined, so an answer on a kept socket is believed only if a new handshake began.
"""

from __future__ import annotations

import _socket
import errno
import select
import sys

from climb.systems.scanner.light import Protocol
from climb.systems.scanner.model import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.targets import Host

__all__ = [
    "READ",
    "SHORTAGE",
    "WRITE",
    "Dialer",
    "Poller",
    "Socket",
    "connects_to_itself",
    "pending_error",
    "verdict",
]

Socket = _socket.socket  # what ``socket.socket`` is made of: all that a scan needs, twice as fast to open and to import

LINUX = sys.platform == "linux"

READ = select.POLLIN
WRITE = select.POLLOUT

IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, errno.EINTR})

# The system is out of descriptors, memory or local ports: nothing was learned about the port.
SHORTAGE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EADDRINUSE})

# The handshake was completed, and then the server cut the connection, all before we looked.
CUT_AT_ONCE = frozenset({errno.ECONNRESET, errno.EPIPE})

_REASONS = {
    errno.ETIMEDOUT: "no-response",
    errno.EHOSTUNREACH: "host-unreachable",
    errno.ENETUNREACH: "net-unreachable",
    errno.EHOSTDOWN: "host-unreachable",
    errno.EACCES: "not-permitted",
    errno.EPERM: "not-permitted",
    errno.EAFNOSUPPORT: "no-such-family",
    errno.EADDRNOTAVAIL: "no-local-address",
}


def verdict(error: int) -> tuple[State, str]:
    """What a connect's error says about the port, and in which words."""
    if error == errno.ECONNREFUSED:
        return State.CLOSED, "rst"
    if error in CUT_AT_ONCE:
        return State.OPEN, "syn-ack"
    return State.FILTERED, _REASONS.get(error) or errno.errorcode.get(error, "unknown").lower()


def pending_error(sock: Socket) -> int:
    """How the handshake ended: an error's number, 0 if it was completed."""
    return sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)


def connects_to_itself(sock: Socket) -> bool:
    """Whether a connection's two ends are one socket.

    TCP lets a socket that picked port P as its own connect to P (RFC 9293, 3.5, simultaneous open). That happens only
    where nobody listens, so the port is closed.
    """
    try:
        return bool(sock.getsockname() == sock.getpeername())
    except OSError:
        return False  # the peer is gone already, so it was another


class Dialer:
    """Starts non-blocking connections."""

    def __init__(self) -> None:
        self._keep = LINUX
        self._kept: dict[int, Socket] = {}

    def dial(self, host: Host, port: int) -> tuple[int, Socket | None]:
        """Start connecting: (0, socket) if that is done, (EINPROGRESS, socket) if it goes on, else (errno, None)."""
        kept = self._kept.pop(host.family, None)
        try:
            sock = kept or new_socket(host.family)
        except OSError as refusal:
            return refusal.errno or errno.EMFILE, None
        address = (host.address, port)
        error = sock.connect_ex(address)
        if kept is not None and error and error not in IN_PROGRESS:
            # Not a new handshake, so perhaps the echo of the previous one.
            self._keep = self._keep and error in SHORTAGE
            sock.close()
            return self.dial(host, port)
        if error in IN_PROGRESS and host.loopback:
            error = sock.connect_ex(address)
        if not error or error == errno.EISCONN:
            return 0, sock
        if error in IN_PROGRESS:
            return errno.EINPROGRESS, sock
        if self._keep and error == errno.ECONNREFUSED:
            self._kept[host.family] = sock
        else:
            sock.close()
        return error, None

    def close(self) -> None:
        """Close what was kept for later."""
        for sock in self._kept.values():
            sock.close()
        self._kept.clear()


def new_socket(family: int) -> Socket:
    """A TCP socket that never blocks."""
    if LINUX:  # one system call instead of two
        return Socket(family, _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK)
    sock = Socket(family, _socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


class Poller:
    """Waits until one of many sockets can go on: epoll where there is one, poll elsewhere."""

    def __init__(self) -> None:
        self._waiter, self._unit = _waiter()

    def add(self, descriptor: int, events: int) -> None:
        """Report *events* of *descriptor*; errors and hang-ups are always reported."""
        self._waiter.register(descriptor, events)

    def change(self, descriptor: int, events: int) -> None:
        self._waiter.modify(descriptor, events)

    def remove(self, descriptor: int) -> None:
        self._waiter.unregister(descriptor)

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        """(descriptor, events) pairs, after at most *timeout_s*, rounded up to what the system can sleep."""
        return self._waiter.poll(timeout_s * self._unit)

    def close(self) -> None:
        close = getattr(self._waiter, "close", None)  # poll has none
        if close is not None:
            close()


class _Waiter(Protocol):
    """What epoll and poll have in common, but for the unit of time and ``close``."""

    def register(self, fd: int, eventmask: int, /) -> None: ...
    def modify(self, fd: int, eventmask: int, /) -> None: ...
    def unregister(self, fd: int, /) -> None: ...
    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]: ...


def _waiter() -> tuple[_Waiter, float]:
    """The best waiter there is, and what a second is for it."""
    if LINUX:
        return select.epoll(), 1.0
    return select.poll(), 1000.0
