"""A TCP connection to a program, under the judge's full control: when it reads, how much it takes in, how it ends.

asyncio's streams read ahead and write behind, which hides what a check is about. Here bytes are sent when the kernel takes them,
and nothing is read while reading is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import NoReturn

from climb.counted import counted
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure
from climb.judge.world.ports import tcp_socket

__all__ = ["IN_ORDER", "PATIENCE_S", "Connection", "ConnectionLost", "NotConnected", "TimedOut", "in_words"]

PATIENCE_S = 30.0  # for what a program has to do at all; how fast it is, is judged against calibrations
IN_ORDER = "the program closed the connection"
WAS_RESET = "the connection was reset"
_PIECE = 256 * 1024
_READ = 64 * 1024
_READS = 64
_BIND_ADDRESS_NO_PORT = 24  # of ip(7); Python has no name for it
_CLOSED, _CLOSE_WAIT = 7, 8  # states of a connection (include/net/tcp_states.h)


class ConnectionLost(Failure):
    """The connection ended while it was needed. Fails the check, unless a check expects it and catches it."""


class NotConnected(ConnectionLost):
    """There was no connection to begin with: nothing that was to be sent over it can have arrived."""


class TimedOut(Failure):
    """What should come did not come in time. Fails the check, unless a check expects it and catches it."""


class Connection:
    """One connection. ``hear`` gets what comes in, and nothing when it ended in order; ``ended`` says how the program ended it, or is None."""

    def __init__(
        self, sock: socket.socket, remote: tuple[str, int], recording: Recording, hear: Callable[[bytes], object]
    ) -> None:
        self.recording = recording
        self.ended: str | None = None
        self.ended_at: float | None = None  # seconds since the check began
        self._sock = sock
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._reading = False
        self._closed = False
        self._half_closed = False
        self.remote = remote
        name = sock.getsockname()
        self.local: tuple[str, int] = (name[0], name[1])

    @classmethod
    async def open(
        cls,
        address: tuple[str, int],
        recording: Recording,
        hear: Callable[[bytes], object],
        *,
        receive_buffer: int | None = None,
        send_buffer: int | None = None,
        reading: bool = True,
        source: str | None = None,
    ) -> Connection:
        """Connect, from the address ``source`` if one is given. Raises NotConnected if nobody listens, TimedOut if nobody answers."""
        sock = tcp_socket(socket.AF_INET)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if source is not None:
                # The port is chosen at the connect: else each address would run out of ports that are in TIME_WAIT.
                sock.setsockopt(socket.SOL_IP, _BIND_ADDRESS_NO_PORT, 1)
                sock.bind((source, 0))
            # Before the connect: the window that is announced then can't be taken back (tcp(7)).
            for option, size in ((socket.SO_RCVBUF, receive_buffer), (socket.SO_SNDBUF, send_buffer)):
                if size is not None:
                    sock.setsockopt(socket.SOL_SOCKET, option, size)
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException as error:
            sock.close()
            if isinstance(error, TimeoutError):
                _give_up(TimedOut, recording, "a connection", f"no answer within {PATIENCE_S:g} s")
            if isinstance(error, OSError):
                _give_up(NotConnected, recording, "a connection", in_words(error))
            raise
        since = f"connected to {address[0]}:{address[1]}"
        recording.note(since if source is None else f"{since} from {source}")
        connection = cls(sock, address, recording, hear)
        if reading:
            connection.go_on_reading()
        return connection

    def hears(self, hear: Callable[[bytes], object]) -> None:
        """From now on this gets what comes in."""
        self._hear = hear

    async def send(self, data: bytes, *, timeout_s: float = PATIENCE_S) -> None:
        """Send all; returns when the kernel has taken it. Raises ConnectionLost, or TimedOut if it takes no more."""
        sent = await self.send_some(data, timeout_s=timeout_s)
        if sent < len(data):
            received = f"after {sent:,} of {counted(len(data), 'byte')} no more was taken within {_rounded(timeout_s)}"
            _give_up(TimedOut, self.recording, "the program reads what is sent to it", received)

    async def send_some(self, data: bytes, *, timeout_s: float) -> int:
        """Send as much as is taken in this time; how many bytes that was. Raises ConnectionLost."""
        deadline = time.monotonic() + timeout_s
        view, sent = memoryview(data), 0
        while sent < len(view):
            try:
                taken = self._sock.send(view[sent : sent + _PIECE])
            except BlockingIOError:
                if not await self._writable(deadline):
                    break
                continue
            except OSError as error:
                self._read_the_rest()
                self._lost(error)
                _give_up(ConnectionLost, self.recording, "an open connection", str(self.ended))
            self.recording.sent(view[sent : sent + taken])
            sent += taken
            await asyncio.sleep(0)  # others have their turn, however fast the program reads
        return sent

    async def half_close(self) -> None:
        """End our sending side; what the program answers still comes."""
        self._half_closed = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        self.recording.note("sending side shut down")

    def close(self) -> None:
        """Close in order."""
        if not self._closed:
            self.recording.note("closed by the judge")
            self._close()

    def drop(self) -> None:
        """Close without a note in the transcript."""
        if not self._closed:
            self._close()

    def abort(self) -> None:
        """Reset the connection: what is under way in either direction may be lost."""
        if not self._closed:
            # A linger time of zero makes close send RST (socket(7)).
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.recording.note("reset by the judge")
            self._close()

    def stop_reading(self) -> None:
        """Read nothing from now on: answers stay in the kernel's buffers, and then in the program."""
        if self._reading:
            self._loop.remove_reader(self._sock)
            self._reading = False
            self.recording.note("the judge stops reading")

    def go_on_reading(self) -> None:
        """Read what comes, as it comes."""
        if not self._reading and not self._closed and self.ended is None:
            self._loop.add_reader(self._sock, self._read)
            self._reading = True

    async def changed(self, deadline: float) -> bool:
        """Wait until something came or the connection ended; false when the (monotonic) deadline has passed."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._loop.time() + deadline - time.monotonic()):
                await self._changed.wait()
                return True
        return False

    def look(self) -> None:
        """Take in what has come by now: a judge that was busy must not call it late."""
        for _ in range(_READS):  # from one that sends without end too
            if not (self._reading and self._read()):
                break

    def unread_end(self) -> str | None:
        """How the program has ended the connection, if it has; while reading is stopped, as far as the kernel tells.

        After an end in order of both sides the kernel speaks of it as of a reset, so nothing is said then.
        """
        if self.ended is not None or self._reading or self._closed:
            return self.ended
        state = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if state == _CLOSE_WAIT:
            return IN_ORDER
        return WAS_RESET if state == _CLOSED and not self._half_closed else None

    def timed_out(self, expected: str, timeout_s: float, *, came: str = "nothing of the kind") -> NoReturn:
        """Raise TimedOut with the transcript; ``came`` is what did come."""
        _give_up(TimedOut, self.recording, expected, f"{came} within {_rounded(timeout_s)}")

    def lost(self, expected: str, *, came: str = "") -> NoReturn:
        """Raise ConnectionLost with the transcript; ``came`` is what did come before."""
        how = self.ended or "the judge has closed the connection"
        _give_up(ConnectionLost, self.recording, expected, f"{came}; then {how}" if came else how)

    def _read(self) -> bool:
        """Take in what is there, up to a limit; whether something was."""
        try:
            data = self._sock.recv(_READ)
        except BlockingIOError:
            return False
        except OSError as error:
            self._lost(error)
            return False
        if data:
            self._take_in(data)
        else:
            self._end(IN_ORDER)
            self._hear(b"")
        return bool(data)

    def _read_the_rest(self) -> None:
        """Take in what came before a send failed: the kernel still has it (tcp(7)), and it may be the answer."""
        with contextlib.suppress(OSError):
            while self._reading and (data := self._sock.recv(_READ)):
                self._take_in(data)

    def _take_in(self, data: bytes) -> None:
        self.recording.received(data)
        self._hear(data)
        self._changed.set()

    async def _writable(self, deadline: float) -> bool:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._sock, _settle, ready)
        try:
            done, _ = await asyncio.wait([ready], timeout=max(deadline - time.monotonic(), 0))
        finally:
            if not self._closed:
                self._loop.remove_writer(self._sock)
        return bool(done)

    def _lost(self, error: OSError) -> None:
        self._end(WAS_RESET if isinstance(error, ConnectionResetError) else in_words(error))

    def _end(self, how: str) -> None:
        if self.ended is None:
            self.ended = how
            self.recording.note(how)
            self.ended_at = self.recording.last_at
        if self._reading:
            self._loop.remove_reader(self._sock)
            self._reading = False
        self._changed.set()

    def _close(self) -> None:
        self._closed = True
        if self._reading:
            self._loop.remove_reader(self._sock)
            self._reading = False
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._changed.set()


def in_words(error: OSError) -> str:
    """What the system says of an error, without what asyncio adds."""
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _rounded(seconds: float) -> str:
    """What is left of a deadline, as it was meant."""
    return f"{round(seconds, 2):g} s"


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _give_up(kind: type[Failure], recording: Recording, expected: str, received: str) -> NoReturn:
    recording.failed = True
    comparison = Comparison(subject=recording.peer, expected=expected, received=received)
    raise kind(recording.peer, comparison, recording.exchange()) from None
