"""What clients of the processor's port for readings may do, and what they are told."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest
from processor_clients import Service, lines, reading

Start = Callable[..., Service]


def test_lines_in_pieces(service: Start) -> None:
    """A line may come byte by byte, and several sensors may share a connection."""
    running = service()
    with running.connect() as sender:
        for byte in lines([reading("a", 1, 10), reading("b:1", 4, 10)]):
            sender.send(bytes([byte]))
        sender.wait_for({"a": 1, "b:1": 4})

    assert running.stats()["accepted"] == 2


def test_rejects_harm_no_neighbour(service: Start) -> None:
    """Each wrong line is told with its number, empty lines counted too, and the others are taken."""
    running = service()
    with running.connect() as sender:
        sender.send(reading("a", 1, 1), b"\n", b"nonsense\n", b" \r\n", reading("a", 2, -1), reading("a", 3, 1))
        sender.finish()
    stats = running.stats()

    assert sorted(sender.rejects) == [3, 5]
    assert sender.acks == {"a": 3}
    assert (stats["accepted"], stats["rejected"]) == (2, 2)


def test_rejects_between_readings_of_known_sensors(service: Start) -> None:
    """A connection whose sensors are all known goes on and ends, whatever broken lines are among its readings."""
    running = service()
    with running.connect() as sender:
        sender.send(*(reading(f"s{number}", 1, 1) for number in range(50)))
        sender.wait_for({f"s{number}": 1 for number in range(50)})
        sender.send(*(reading(f"s{number}", 2, 1) if number % 5 else b"{broken\n" for number in range(50)), b'{"sen')
        sender.finish()

    assert sorted(sender.rejects) == list(range(51, 101, 5))
    assert running.wait_for_stats(connections=0)["accepted"] == 90


def test_half_closed(service: Start) -> None:
    """After the client has shut down its side it gets all answers, then the end; a last line without newline is dropped."""
    running = service(workers=2)
    with running.connect() as sender:
        sender.send(*(reading(f"s{seq % 7}", seq, 1) for seq in range(1, 5001)), lines([reading("z", 1, 1)])[:-1])
        sender.finish()

    assert max(sender.acks.values()) == 5000
    assert "z" not in sender.acks
    assert running.wait_for_stats(connections=0)["accepted"] == 5000


def test_a_resend_is_acknowledged_again(service: Start) -> None:
    """A reading that came before is counted as a duplicate, and acknowledged, also over another connection."""
    running = service(workers=2)
    for _ in range(2):
        with running.connect() as sender:
            sender.send(reading("a", 5, 1), reading("a", 9, 1), reading("a", 5, 7))
            sender.finish()

        assert sender.acks == {"a": 9}
    stats = running.stats()

    assert (stats["accepted"], stats["duplicates"]) == (2, 4)


def test_neighbours_of_those_that_stall(service: Start) -> None:
    """Clients that stop in the middle of a line, never read, or vanish delay nobody."""
    running = service()
    stalled, deaf, vanishing = (running.connect() for _ in range(3))
    stalled.send(b'{"sensor": "a", "se')
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.socket.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            deaf.socket.send(b"x\n" * 4096)
    vanishing.send(b'{"sensor"')
    vanishing.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    vanishing.close()
    with running.connect() as sender:
        sender.send(reading("b", 1, 1))
        sender.wait_for({"b": 1})
        stalled.send(b'q": 1, "ts": 1, "value": 1}\n')
        stalled.wait_for({"a": 1})
    deaf.close()
    stalled.close()

    assert running.stats()["accepted"] == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fire_hose_costs_no_memory(service: Start, workers: int) -> None:
    """While clients send and never read, the processor reads no further, and stays below the bound that it states."""
    running = service(workers=workers)
    data = lines(reading(f"s{seq % 500}", seq, seq) for seq in range(1, 20_001))
    senders = [running.connect() for _ in range(20)]
    for sender in senders:
        sender.socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                sender.socket.send(data)
    stats = running.stats()
    parent = psutil.Process(running.process.pid)
    used = sum(process.memory_info().rss for process in [parent, *parent.children(recursive=True)])
    in_flight = sum(worker["unacknowledged_bytes"] for worker in stats["by_worker"])
    for sender in senders:
        sender.close()

    assert used < stats["memory_bound_mib"] << 20
    assert in_flight <= len(senders) * (8 << 20)
