"""A client that sends as fast as it is let, and knows what is acknowledged: numbers count upwards in step for all sensors."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import Self

from processor_sides.endless import Endless

__all__ = ["Client"]

ENDS_S = 120.0


class Client:
    """A connection that sends blocks of ``Endless`` readings and follows their acks."""

    def __init__(self, port: int, source: Endless) -> None:
        """Connect; the sensors are the source's own."""
        self.source = source
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._acked = dict.fromkeys(source.names(), 0)
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._reader.join(5)

    def send(self, ts: int, turn_ms: float = 0.0) -> None:
        """Send the next block; blocks while the service does not read."""
        self._socket.sendall(self.source.block(ts, turn_ms))

    def wait_for_acks(self, seq: int | None = None) -> None:
        """Wait until each sensor's reading of this number, or its newest one, is acknowledged."""
        wanted = self.source.last_seq if seq is None else seq
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._least() >= wanted, timeout=ENDS_S)
            if self._least() < wanted:
                raise RuntimeError("the connection ended before all was acknowledged")

    def _least(self) -> int:
        return min(self._acked.values())

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._socket.makefile("rb", buffering=1 << 16) as answers:
            for line in answers:
                told = json.loads(line).get("ack", {})
                with self._changed:
                    self._acked |= told
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def now_ms() -> int:
    """The time as event time."""
    return time.time_ns() // 1_000_000
