"""The processor ends in order on a signal, and leaves nothing behind however it ends."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from processor_clients import PATIENCE_S, Service, lines, reading

Start = Callable[..., Service]


def family(service: Service) -> list[psutil.Process]:
    return psutil.Process(service.process.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGINT, 2)])
def test_a_signal_under_load(service: Start, number: signal.Signals, workers: int) -> None:
    """On a signal in the middle of a stream all that was taken is acknowledged: resending the rest brings no duplicates."""
    running = service(workers=workers)
    data = lines(reading("a", seq, seq) for seq in range(1, 400_001))
    with running.connect() as sender:

        def send() -> None:
            with suppress(ConnectionError):  # it ends in the middle
                sender.send_and_hear(data)

        sending = threading.Thread(target=send)
        sending.start()
        while not sender.acks:
            time.sleep(0.001)
        os.killpg(running.process.pid, number)  # Ctrl-C reaches all processes of a terminal's group
        sending.join()
    code = running.wait()
    again = service(workers=workers)
    acked = sender.acks["a"]
    with again.connect() as sender:
        sender.send(*(reading("a", seq, seq) for seq in range(acked + 1, acked + 11)))
        sender.wait_for({"a": acked + 10})
    stats = again.stats()

    assert code == 0
    assert (stats["duplicates"], stats["accepted"] + stats["late"]) == (0, acked + 10)


def test_a_client_that_never_listens(service: Start) -> None:
    """A connection whose answers are not read, and which never closes, does not keep the processor from ending."""
    running = service()
    with running.connect() as sender, running.stream() as stream:
        sender.send(b"x\n" * 20_000)
        running.wait_for_stats(connections=1)
        began = time.monotonic()
        code = running.terminate()

        assert code == 0
        assert time.monotonic() - began < 10  # the contract's own number
        assert list(stream.events()) == []


def test_before_it_is_ready(service: Start) -> None:
    """A signal that comes while it starts ends it, with exit code 0 or by the signal."""
    running = service(ready=False)
    time.sleep(0.05)

    assert running.terminate() in {0, -signal.SIGTERM}


@pytest.mark.parametrize("victim", ["parent", "worker"])
def test_none_outlives_another(service: Start, victim: str) -> None:
    """When the parent or a worker is killed, the other processes end too, and no shared memory has a name."""
    before = set(Path("/dev/shm").iterdir())
    running = service(workers=2)
    workers = family(running)
    running.process.kill() if victim == "parent" else workers[-1].kill()

    assert len(workers) == 2
    assert set(Path("/dev/shm").iterdir()) <= before
    assert gone(workers)
    assert running.wait() == (-signal.SIGKILL if victim == "parent" else 1)


def test_no_connection_is_accepted_while_it_ends(service: Start) -> None:
    """Once the processor has ended, its ports are free."""
    running = service()
    running.terminate()

    for port in (running.port, running.ingest_port):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
