"""One connection: bytes that have come, bytes that go, and how long to wait for either."""

import contextlib
import fcntl
import math
import select
import socket
import struct
import termios
import time

READ_BYTES = 65_536
LOOK_AGAIN_S = 0.1  # how often to look whether a client takes what was sent
LINGER_S = 1.5
LINGER_AT_THE_END_S = 0.2
FOREVER = float("inf")


class TooLate(Exception):
    """What was due did not come in time."""


class Gone(Exception):
    """The client has vanished, or takes nothing of its answer."""


class Stopping(Exception):
    """The program stops, and this connection waits for nothing that would be answered."""


class Connection:
    def __init__(self, sock, settings, stop):
        self.sock = sock
        self.settings = settings
        self.stop = stop
        self.buffer = bytearray()
        self.before_waiting = None  # called once, when what is due has not come yet
        self.has_ended = False  # the client sends no more
        self.sent = 0
        self.taken = 0
        self.taken_at = time.monotonic()
        self.idle_since = time.monotonic()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # Receiving.

    def take(self, size) -> bytes:
        """At most so many of the bytes that are there."""
        piece = bytes(self.buffer[:size])
        del self.buffer[:size]
        return piece

    def receive(self, until, heeds_stop=False) -> bool:
        """Adds what comes to the buffer; false when the client has shut down its sending side."""
        while True:
            try:
                piece = self.sock.recv(READ_BYTES)
            except BlockingIOError:
                self._call_before_waiting()
                self._wait(select.POLLIN, until, heeds_stop)
                continue
            except OSError as error:
                raise Gone from error
            self.buffer += piece
            self.has_ended = not piece
            return bool(piece)

    def receive_request(self) -> bool:
        """The same for the first bytes of a request, for which an idle connection waits."""
        while True:
            now = time.monotonic()
            look_at = FOREVER
            if self.untaken():  # the answer before it has not ended
                self.idle_since, look_at = now, now + LOOK_AGAIN_S
            idle_until = self.idle_since + self.settings.idle_s
            if now >= idle_until:
                raise TooLate
            with contextlib.suppress(TooLate):
                return self.receive(min(idle_until, look_at), heeds_stop=True)

    def _call_before_waiting(self):
        call, self.before_waiting = self.before_waiting, None
        if call is not None:
            call()

    def _wait(self, events, until, heeds_stop=False):
        left = until - time.monotonic()
        if left <= 0:
            raise TooLate
        poll = select.poll()
        poll.register(self.sock, events)
        if heeds_stop:
            poll.register(self.stop.fd, select.POLLIN)
        ready = poll.poll(None if left == FOREVER else math.ceil(left * 1000))
        if ready and all(fd == self.stop.fd for fd, _ in ready):
            raise Stopping

    # Sending.

    def send(self, data):
        """Sends all of it, as fast as the client takes it."""
        rest = memoryview(data)
        while rest:
            self.untaken()
            try:
                count = self.sock.send(rest)
            except BlockingIOError:
                self._wait_for_room()
                continue
            except OSError as error:
                raise Gone from error
            self.sent += count
            rest = rest[count:]

    def _wait_for_room(self):
        with contextlib.suppress(TooLate):
            self._wait(select.POLLOUT, time.monotonic() + min(LOOK_AGAIN_S, self.settings.stall_s))

    def untaken(self) -> int:
        """How much of what was sent the client's kernel has not acknowledged. Raises Gone if that has not changed for STALL_MS.

        A socket is not writable again before a third of its buffer is free, so that says nothing of a client that takes little.
        """
        now = time.monotonic()
        untaken = struct.unpack("i", fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4)))[0]
        if untaken == 0 or self.sent - untaken != self.taken:
            self.taken = self.sent - untaken
            self.taken_at = now
        if now - self.taken_at >= self.settings.stall_s:
            raise Gone
        return untaken

    # Ending.

    def linger(self):
        """Ends the connection so that the answer arrives: closing it with unread input would send a reset."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            self.sent += 1  # the end takes a number like a byte
            self.buffer.clear()
            until = time.monotonic() + LINGER_S
            while not self.has_ended and time.monotonic() < until:
                self._read_on(min(until, time.monotonic() + LOOK_AGAIN_S))
                if self.stop.is_set:
                    until = min(until, time.monotonic() + LINGER_AT_THE_END_S)
                elif self.untaken():
                    until = time.monotonic() + LINGER_S
            while self.untaken() and not self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                time.sleep(LOOK_AGAIN_S)
        except (OSError, Gone):
            self.abort()

    def _read_on(self, until):
        with contextlib.suppress(TooLate):
            self.receive(until)
            self.buffer.clear()

    def abort(self):
        """Ends the connection with a reset: what was not taken is thrown away."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        self.sock.close()
