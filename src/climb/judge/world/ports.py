"""Ports for a world's servers, and the sockets that hold them.

Random ports stay out of the ephemeral range, from which the kernel takes the local port of each outgoing connection. A bound
socket is safe from that (the kernel skips a port that anyone bound, on whatever address). But the other way round a bind can
fail because a program's own connection sits on that port. Worse, a connect to a free port of the range on 127.0.0.1 can draw
that very port as its source and then succeeds, connected to itself.

A port that should answer with a refusal is held by a socket that is bound but does not listen, so nobody else can open it.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import resource
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from climb.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.judge.world.draws import Draws

__all__ = [
    "bound_at",
    "bound_near",
    "bound_somewhere",
    "family_of",
    "held_somewhere",
    "room_above",
    "taken",
    "tcp_socket",
]

_EPHEMERAL_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_ENOUGH = 4096  # with fewer ports outside of the ephemeral range, all are used
_WELL_KNOWN = frozenset({8000, 8008, 8080, 8081, 8443, 8888})  # never drawn, so that a check can ask for them by number
_SPARE_FILES = 256  # descriptors that stay free for the rest of the judge: pipes to programs, logs, their runs' files


def family_of(address: str) -> socket.AddressFamily:
    """IPv6 if there is a colon in the address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp_socket(family: socket.AddressFamily) -> socket.socket:
    """A non-blocking TCP socket; raises this process's limit of open files when they get scarce, or else SetupError."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError as error:
        if error.errno not in {errno.EMFILE, errno.ENFILE}:
            raise
        raise _too_few_files() from error
    # The kernel hands out the lowest free descriptor, so its number says how many are in use without counting them.
    if not room_above(sock.fileno()):
        sock.close()
        raise _too_few_files()
    return sock


def bound_at(address: str, port: int, *, backlog: int) -> socket.socket:
    """A socket that listens on exactly this port; raises SetupError if somebody holds it."""
    sock = _try_bind(address, port, backlog)
    if sock is None:
        raise SetupError(
            f"port {port} on {address} is taken by another program",
            next_step=f"find it with: ss -ltnp 'sport = :{port}'",
        )
    return sock


def bound_somewhere(draw: Draws, address: str, *, backlog: int | None, count: int = 1) -> list[socket.socket]:
    """Sockets on random ports: each the drawn one, or the next above it that is free. They listen if there is a backlog.

    Few ports are drawn one by one; for many, one start is drawn and they follow each other, to keep the draws few.
    """
    numbers = _numbers()
    held: list[socket.socket] = []
    with _closing_on_error(held):
        if count <= 16:
            for _ in range(count):
                start = draw.integer(0, len(numbers) - 1)
                held.append(_next_free(address, _from(numbers, start), backlog))
        else:
            upwards = _from(numbers, draw.integer(0, len(numbers) - 1))
            held.extend(_next_free(address, upwards, backlog) for _ in range(count))
    return held


def held_somewhere(address: str) -> socket.socket:
    """A socket on a random free port that a program is to listen on: it holds the port until it is closed.

    The port is not drawn: no failure depends on its number, and a draw more would be a draw more to make smaller, at the cost of a
    program's start for each try.
    """
    numbers = _numbers()
    return _next_free(address, _from(numbers, secrets.randbelow(len(numbers))), None)


def taken(address: str, port: int) -> bool:
    """Whether somebody has this port now; connections over it that have ended don't count."""
    with tcp_socket(family_of(address)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def bound_near(address: str, port: int, reach: int) -> list[socket.socket]:
    """Sockets bound to the ports up to ``reach`` below and above ``port``, in order, without those that somebody holds."""
    wanted = [n for n in range(port - reach, port + reach + 1) if 1024 <= n <= 65535 and n != port]
    tried = (_try_bind(address, number, None) for number in wanted)
    return [sock for sock in tried if sock is not None]


@functools.cache
def _numbers() -> tuple[int, ...]:
    """The ports that random draws choose from."""
    try:
        low, high = map(int, _EPHEMERAL_FILE.read_text().split())
    except (OSError, ValueError):
        low, high = 32768, 65535
    every = [n for n in range(1024, 65536) if n not in _WELL_KNOWN]
    outside = tuple(n for n in every if not low <= n <= high)
    return outside if len(outside) >= _ENOUGH else tuple(every)


def _from(numbers: tuple[int, ...], start: int) -> Iterator[int]:
    """All of ``numbers`` once, upwards from a place, and on from the lowest."""
    yield from numbers[start:]
    yield from numbers[:start]


def _next_free(address: str, candidates: Iterator[int], backlog: int | None) -> socket.socket:
    for port in candidates:
        sock = _try_bind(address, port, backlog)
        if sock is not None:
            return sock
    raise SetupError(f"no free port is left on {address}")


def _try_bind(address: str, port: int, backlog: int | None) -> socket.socket | None:
    """A socket on this port, listening if there is a backlog, or None if somebody holds the port.

    Servers set SO_REUSEADDR: a replay gets the same address and port again while the last run's connections are in TIME_WAIT.
    They listen at once, since until then the kernel lets another one bind the same port. A port that is only held must not set
    it, or else another program that sets it too could listen there.
    """
    sock = tcp_socket(family_of(address))
    try:
        if backlog is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        if backlog is not None:
            sock.listen(backlog)
    except OSError as error:
        sock.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            return None
        raise SetupError(f"can't bind {address} port {port}: {error.strerror}") from error
    return sock


@contextlib.contextmanager
def _closing_on_error(sockets: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for sock in sockets:
            sock.close()
        raise


def room_above(descriptor: int) -> bool:
    """Whether enough descriptors are left above this one, once the soft limit is raised as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or descriptor + _SPARE_FILES < soft:
        return True
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard == resource.RLIM_INFINITY or descriptor + _SPARE_FILES < hard


def _too_few_files() -> SetupError:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return SetupError(
        f"the judge's servers need more open files than this machine allows a process ({hard})",
        next_step="raise the hard limit: see nofile in /etc/security/limits.conf, or --ulimit nofile=8192 for a container",
    )
