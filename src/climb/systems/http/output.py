"""What is written to a client: gathered, written no further than it is taken, and whether the client takes it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from time import monotonic

from climb.systems.http.accepting import TCP_NOTSENT_LOWAT
from climb.systems.http.answer import Stretch

__all__ = ["SAMPLE_S", "Output"]

SAMPLE_S = 0.2  # how often it is looked whether a client takes something
_UNSENT = 64 * 1024  # bytes of answers that are gathered before they are sent
_LARGE = 16 * 1024  # an answer that the kernel may keep for a client that does not read
_UNSENT_OF_FILES = 1 << 20  # bytes that may wait in the kernel: references to what it has in memory anyway
_RESET = struct.pack("ii", 1, 0)


class Output:
    """The sending side of a connection. ``watch`` is told when it is next to be asked whether the client :meth:`is_taking`."""

    __slots__ = (
        "_bytes", "_gathered", "_socket", "_taken", "_taken_at", "_transport", "_watch", "_wide", "_written", "paused",
        "unacknowledged",
    )  # fmt: skip

    def __init__(self, transport: asyncio.Transport, sock: socket.socket, watch: Callable[[float], None]) -> None:
        self._transport = transport
        self._socket = sock
        self._watch = watch
        self._gathered: list[bytes | bytearray | memoryview] = []
        self._bytes = 0  # of what is gathered
        self._wide = False  # more may wait in the kernel, since it is sent from files
        self._written = 0
        self._taken = 0  # bytes that the client has, when last looked
        self._taken_at = 0.0
        self.paused = False  # the client does not take more
        self.unacknowledged = False  # the client may not have all that was written
        transport.set_write_buffer_limits(high=0)  # the first byte that the kernel does not take is a pause

    def put(self, data: bytes | bytearray | memoryview) -> None:
        """Write this behind what was put before, now or with the next :meth:`flush`."""
        size = len(data)
        if size > _LARGE:
            self.flush()  # what is large is not copied
        self._gathered.append(data)
        self._bytes += size
        if self._bytes > _UNSENT or size > _LARGE:
            self.flush()

    def put_small(self, data: bytes) -> None:
        """Write this at once; it is small."""
        if self._gathered:
            self.put(data)
            self.flush()
        else:
            self._written += len(data)
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is gathered."""
        if not self._gathered:
            return
        if self._bytes > _LARGE:
            self.watch_taking()
        gathered = self._take_gathered()
        self._written += len(gathered)
        self._transport.write(gathered)

    def _take_gathered(self) -> bytes | bytearray | memoryview:
        gathered, self._gathered, self._bytes = self._gathered, [], 0
        return gathered[0] if len(gathered) == 1 else b"".join(gathered)

    def send(self, stretch: Stretch) -> int | None:
        """Let the kernel send what comes next of a file, with what is gathered before it; return how many bytes of the file.

        None: that needs a disk, or can't be done here; then the bytes are for :meth:`put`.
        """
        transport = self._transport
        if self.paused or transport.get_write_buffer_size() or transport.is_closing() or not stretch.is_at_hand():
            return None
        if not self._wide:
            self._widen()
        if self._gathered and not self._send_before_more():
            return 0
        sent = stretch.send(self._socket.fileno())
        if sent:
            self._written += sent
            self.watch_taking()
        return sent

    def _widen(self) -> None:
        """Let more wait in the kernel, so that fewer turns of the loop are needed for a file."""
        self._wide = True
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, _UNSENT_OF_FILES)

    def _send_before_more(self) -> bool:
        """Send what is gathered in the same segments as what follows at once; tell whether the kernel took all."""
        gathered = self._take_gathered()
        self._written += len(gathered)
        sent = 0
        with contextlib.suppress(OSError):  # what there is to know of it, the transport will hear too
            sent = self._socket.send(gathered, socket.MSG_MORE)
        if sent == len(gathered):
            return True
        self._transport.write(memoryview(gathered)[sent:])
        return False

    def end(self) -> None:
        """Say that nothing follows."""
        self.flush()
        self._transport.write_eof()

    def abort(self) -> None:
        """End the connection with a reset, whatever is under way."""
        with contextlib.suppress(OSError):  # it is gone already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def let_go(self) -> None:
        """Watch no more, since the connection has ended."""
        self._watch = _nobody
        self._gathered.clear()

    # --- whether it is taken -----------------------------------------------------------------------------------------

    def watch_taking(self) -> None:
        """See to it that a client which takes nothing is noticed."""
        self._taken_at = monotonic()
        if not self.unacknowledged:
            self.unacknowledged = True
            self._taken = -1
            self._watch(self._taken_at + SAMPLE_S)

    def is_taking(self, now: float, within_s: float) -> bool:
        """Tell whether the client has taken all, or something in that time."""
        untaken = self._untaken()
        if not untaken:
            self.unacknowledged = False
            self._taken_at = now
            return True
        taken = self._written - untaken
        if taken > self._taken:
            self._taken, self._taken_at = taken, now
        return now - self._taken_at < within_s

    def _untaken(self) -> int:
        """Return how many bytes the client's kernel has not acknowledged; ours may hold some, and the transport."""
        try:
            (queued,) = struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
        except OSError:
            return 0
        return int(queued) + self._transport.get_write_buffer_size()


def _nobody(_: float) -> None:
    pass
