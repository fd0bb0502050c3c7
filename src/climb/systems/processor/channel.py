"""Messages in both directions over a socket pair: four bytes of length, then MessagePack; descriptors ride along.

The parent never blocks on a worker: what its socket does not take waits in a list. A worker may block on the parent.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ["Channel", "Ended"]

_HEAD = struct.Struct("<I")
_ROOM = 1 << 18
_DESCRIPTORS = 64  # a message carries one; the kernel keeps those of separate messages apart

In = TypeVar("In")
Out = TypeVar("Out")


class Ended(Exception):
    """The other side is gone."""


class Channel(Generic[In, Out]):
    """One end of the pair."""

    def __init__(self, sock: socket.socket, expected: Any, *, blocking_sends: bool) -> None:
        self._socket = sock
        self._decoder: msgspec.msgpack.Decoder[In] = msgspec.msgpack.Decoder(expected)
        self._encoder = msgspec.msgpack.Encoder()
        self._unread = bytearray()
        self._unsent: deque[tuple[memoryview, list[int], Callable[[], None] | None]] = deque()
        self._blocking = blocking_sends
        self.descriptors: deque[int] = deque()  # came, and not yet claimed by the message that they belong to
        sock.setblocking(False)

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def send(self, message: Out, *, descriptor: int | None = None, sent: Callable[[], None] | None = None) -> None:
        """Send a message, or keep it for :meth:`flush`; ``sent`` is called when the descriptor is on its way."""
        body = self._encoder.encode(message)
        frame = memoryview(_HEAD.pack(len(body)) + body)
        self._unsent.append((frame, [] if descriptor is None else [descriptor], sent))
        self.flush()

    def flush(self) -> None:
        """Send as much as the socket takes."""
        while self._unsent:
            frame, descriptors, sent = self._unsent[0]
            try:
                if self._blocking:
                    self._socket.setblocking(True)
                count = socket.send_fds(self._socket, [frame], descriptors) if descriptors else self._socket.send(frame)
            except BlockingIOError:
                return
            except OSError as error:
                raise Ended from error
            finally:
                if self._blocking:
                    self._socket.setblocking(False)
            if sent:
                sent()
            if count == len(frame):
                self._unsent.popleft()
            else:
                self._unsent[0] = (frame[count:], [], None)

    def receive(self) -> Iterator[In]:
        """Give the messages that have come, without waiting."""
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, _ROOM, _DESCRIPTORS)
            except BlockingIOError:
                return
            except OSError as error:
                raise Ended from error
            if not data:
                raise Ended
            self.descriptors.extend(descriptors)
            self._unread += data
            yield from self._whole()

    def _whole(self) -> Iterator[In]:
        at = 0
        while len(self._unread) - at >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._unread, at)
            if len(self._unread) - at - _HEAD.size < length:
                break
            begin = at + _HEAD.size
            at = begin + length
            yield self._decoder.decode(bytes(self._unread[begin:at]))
        del self._unread[:at]

    def close(self) -> None:
        self._socket.close()
