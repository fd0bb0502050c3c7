"""Probes on their way out: raw sockets, many datagrams a system call, and two processors where there are two.

On loopback and on virtual devices the sender's processor carries each probe through the whole network stack, answer
included, before ``sendmmsg`` returns: some four microseconds of kernel time per port, twenty times what Python adds.
So a big scan sends from two threads; the call releases the interpreter's lock.
"""

from __future__ import annotations

import _socket
import errno
import os
import time

from climb.systems.scanner.syn.kernel import Messages
from climb.systems.scanner.syn.packets import IP_LENGTH, write_batch
from climb.systems.scanner.syn.targets import FAMILY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from queue import SimpleQueue
    from threading import Thread
    from typing import Self

    from climb.systems.scanner.syn.targets import Targets

__all__ = ["Crew", "Sender", "Span"]

BATCH = 1024  # datagrams a call; the kernel takes no more (UIO_MAXIOV)
WORTH_A_THREAD = 8192  # probes; below, starting a second sender costs more than it saves
WORTH_SHARING = 128  # probes; below, waking the other thread costs more than it saves
MOST_SENDERS = 2  # more outrun the one thread that reads
PAUSE_S = 0.001  # when the device's queue is full

# What concerns one probe: no room, a firewall's reject, a route or neighbour that has gone. All else is our mistake.
REFUSALS = {errno.ENOBUFS, errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}

Span = tuple[int, int, float, float]  # a batch: first probe, how many, when the call began and ended (``time.time``)


class Sender:
    """One raw socket and the memory for one batch. Not to be shared by threads."""

    def __init__(self, targets: Targets, ports: Sequence[int]) -> None:
        """Open the socket; ``IPPROTO_RAW`` means that we write the IP header, and that nothing is ever received."""
        self._targets, self._ports = targets, ports
        self._width = len(targets.packed[0])
        room = min(BATCH, len(targets) * len(ports))
        self._messages = Messages(room, len(targets.heads[0]), len(targets.names[0]))
        self._socket = _socket.socket(FAMILY[self._width], _socket.SOCK_RAW, _socket.IPPROTO_RAW)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, places: Sequence[int]) -> tuple[float, float]:
        """Send a probe for each place of the board; return when that began and ended."""
        targets, count = self._targets, len(self._targets)
        hosts = [place % count for place in places]
        ports = [self._ports[place // count] for place in places]
        heads, names, secrets = targets.heads, targets.names, targets.secrets
        messages = self._messages
        write_batch(messages.frames, IP_LENGTH[self._width], [heads[h] for h in hosts], ports, [secrets[h] for h in hosts])
        joined = b"".join([names[h] for h in hosts])
        memoryview(messages.names)[: len(joined)] = joined
        began = time.time()
        self._push(len(places))
        return began, time.time()

    def _push(self, count: int) -> None:
        """Hand the batch over. A datagram that the kernel refuses is skipped: its port stays unanswered and is retried."""
        sent, descriptor = 0, self._socket.fileno()
        while sent < count:
            try:
                sent += self._messages.send(descriptor, sent, count)
            except OSError as error:
                if error.errno not in REFUSALS:
                    raise
                if error.errno == errno.ENOBUFS:
                    time.sleep(PAUSE_S)
                sent += 1


class Crew:
    """The senders of one scan: this thread's own, and another where that pays."""

    def __init__(self, targets: Targets, ports: Sequence[int]) -> None:
        """Open as many senders as the scan is worth."""
        probes = len(targets) * len(ports)
        processors = len(os.sched_getaffinity(0))
        helpers = min(MOST_SENDERS, processors) - 1 if probes >= WORTH_A_THREAD else 0
        self._own = Sender(targets, ports)
        self._helpers: list[Helper] = []
        try:
            self._helpers += [Helper(Sender(targets, ports)) for _ in range(helpers)]
        except BaseException:
            self.close()
            raise
        self.most = BATCH * (1 + helpers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the threads and close the sockets."""
        for helper in self._helpers:
            helper.close()
        self._own.close()

    def send(self, places: Sequence[int], first: int) -> list[Span]:
        """Send probes, at most ``most``; ``first`` is the number of the first in its round."""
        parts = 1 + len(self._helpers) if len(places) >= WORTH_SHARING else 1
        share = -(-len(places) // parts)
        busy = []
        for helper, start in zip(self._helpers, range(share, len(places), share)):  # noqa: B905 - as many as are needed
            helper.begin(places[start : start + share])
            busy.append((helper, start))
        own = places[:share]
        spans = [(first, len(own), *self._own.send(own))]
        for helper, start in busy:
            spans.append((first + start, min(share, len(places) - start), *helper.result()))
        return spans


class Helper:
    """A sender in a thread of its own."""

    def __init__(self, sender: Sender) -> None:
        """Start the thread. The modules are imported here because a small scan never comes this way."""
        from queue import SimpleQueue
        from threading import Thread

        self._sender = sender
        self._jobs: SimpleQueue[Sequence[int] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[float, float] | BaseException] = SimpleQueue()
        self._thread: Thread = Thread(target=self._work, name="syn-sender", daemon=True)
        self._thread.start()

    def begin(self, places: Sequence[int]) -> None:
        """Send these; ``result`` must be asked for before the next ``begin``."""
        self._jobs.put(places)

    def result(self) -> tuple[float, float]:
        """Wait until all are sent; return when that began and ended."""
        outcome = self._results.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self) -> None:
        """Let the thread finish what it is sending, and end it."""
        self._jobs.put(None)
        self._thread.join()
        self._sender.close()

    def _work(self) -> None:
        while (places := self._jobs.get()) is not None:
            try:
                self._results.put(self._sender.send(places))
            except BaseException as error:
                self._results.put(error)
