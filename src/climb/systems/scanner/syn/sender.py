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

from climb.systems.scanner.syn.kernel import Messages, grow_buffer
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

CHUNK = 256  # probes a call: the kernel would take 1024, but a call takes a millisecond already
WORTH_A_THREAD = 8192  # probes; below, starting a second sender costs more than it saves
MOST_SENDERS = 2  # more outrun the one thread that reads
PAUSE_S = 0.001  # when a queue is full
MOST_PAUSES = 20  # per call; then the probe is given up, for the queue may be that of a host that does not exist

# Probes of a host in our own network that does not exist wait in the kernel until address resolution has failed, three
# seconds, and count as our socket's: 208 KiB a host (arp(7), unres_qlen_bytes). There must be room left for the others.
SEND_BUFFER = 64 << 20

# What concerns one probe: no room, a firewall's reject, a route or neighbour that has gone. All else is our mistake.
FULL = {errno.ENOBUFS, errno.EAGAIN}
REFUSALS = FULL | {errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}

Span = tuple[int, int, float, float]  # a batch: first probe, how many, when the call began and ended (``time.time``)


class Sender:
    """One raw socket and the memory for one batch. Not to be shared by threads."""

    def __init__(self, targets: Targets, ports: Sequence[int]) -> None:
        """Open the socket; ``IPPROTO_RAW`` means that we write the IP header, and that nothing is ever received."""
        self._targets, self._ports = targets, ports
        self._width = len(targets.packed[0])
        room = min(CHUNK, len(targets) * len(ports))
        self._messages = Messages(room, len(targets.heads[0]), len(targets.names[0]))
        self._socket = _socket.socket(FAMILY[self._width], _socket.SOCK_RAW, _socket.IPPROTO_RAW)
        grow_buffer(self._socket, SEND_BUFFER)
        self._socket.setblocking(False)

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
        write_batch(
            messages.frames, IP_LENGTH[self._width], [heads[h] for h in hosts], ports, [secrets[h] for h in hosts]
        )
        joined = b"".join([names[h] for h in hosts])
        memoryview(messages.names)[: len(joined)] = joined
        began = time.time()
        self._push(len(places))
        return began, time.time()

    def _push(self, count: int) -> None:
        """Hand the batch over. A datagram that the kernel refuses is skipped: its port stays unanswered and is retried."""
        sent, descriptor, pauses = 0, self._socket.fileno(), 0
        while sent < count:
            try:
                sent += self._messages.send(descriptor, sent, count)
            except OSError as error:
                if error.errno not in REFUSALS:
                    raise
                if error.errno in FULL and pauses < MOST_PAUSES:
                    pauses += 1
                    time.sleep(PAUSE_S)
                else:
                    sent += 1


class Crew:
    """The senders of one scan: this thread's own, and another where that pays.

    Both take the next chunk of the work until none is left, so a sender whose processor is busy elsewhere delays the
    other by one chunk at most.
    """

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
        """Send a probe for each place; ``first`` is the number of the first in its round."""
        work = Work(places, first)
        helpers = self._helpers if len(places) > CHUNK else []
        for helper in helpers:
            helper.begin(work)
        work.share(self._own)
        for helper in helpers:
            helper.wait()
        work.spans.sort()
        return work.spans


class Work:
    """Places to be probed, given out in chunks to whoever asks."""

    def __init__(self, places: Sequence[int], first: int) -> None:
        """``first`` is the number of the first place in its round."""
        self.spans: list[Span] = []
        self._places, self._first = places, first
        self._starts = iter(range(0, len(places), CHUNK))  # one step of this iterator is atomic

    def share(self, sender: Sender) -> None:
        """Send chunks until none is left."""
        for start in self._starts:
            chunk = self._places[start : start + CHUNK]
            self.spans.append((self._first + start, len(chunk), *sender.send(chunk)))


class Helper:
    """A sender in a thread of its own."""

    def __init__(self, sender: Sender) -> None:
        """Start the thread. The modules are imported here because a small scan never comes this way."""
        from queue import SimpleQueue
        from threading import Thread

        self._sender = sender
        self._jobs: SimpleQueue[Work | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread: Thread = Thread(target=self._run, name="syn-sender", daemon=True)
        self._thread.start()

    def begin(self, work: Work) -> None:
        """Take part in this work; ``wait`` must follow before the next ``begin``."""
        self._jobs.put(work)

    def wait(self) -> None:
        """Return when this sender's part is sent; raise what went wrong there."""
        error = self._done.get()
        if error is not None:
            raise error

    def close(self) -> None:
        """Let the thread finish what it is sending, and end it."""
        self._jobs.put(None)
        self._thread.join()
        self._sender.close()

    def _run(self) -> None:
        while (work := self._jobs.get()) is not None:
            try:
                work.share(self._sender)
                self._done.put(None)
            except BaseException as error:
                self._done.put(error)
