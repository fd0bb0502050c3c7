"""Limits in time and number: slow, silent, greedy and many clients, and an end in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from http_server_clients import PATIENCE_S, Client, HttpService, request

Start = Callable[..., HttpService]


@contextmanager
def not_before(seconds: float) -> Iterator[None]:
    """What happens inside takes at least so long, and ends at all."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began >= seconds


def until(claim: Callable[[], bool]) -> None:
    """Wait until this is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_slow_head_ends(server: Start) -> None:
    """A head that is not complete in time is 408, though a byte of it comes now and then; the connection closes."""
    with server(head_ms=400).connect() as client:
        with not_before(0.4):
            client.send(b"GET / HT")
            client.socket.settimeout(0.05)
            data = b""
            while not data:
                client.send(b"T")
                try:
                    data = client.socket.recv(1 << 16)
                except TimeoutError:
                    continue
        client.socket.settimeout(PATIENCE_S)
        client.buffer = data
        answer = client.answer()

    assert (answer.status, answer.fields["connection"]) == (408, "close")


def test_a_head_request_that_ends_early_gets_no_body(server: Start) -> None:
    """Nobody reads a body behind the answer to HEAD, also if it took too long or was cut."""
    service = server(head_ms=300)
    for cut in (True, False):
        with service.connect() as client:
            client.send(b"HEAD / HTTP/1.1\r\nHost")
            if cut:
                client.half_close()
            answer = client.answer("HEAD")

            assert answer.status == (400 if cut else 408)
            assert client.rest() == b""


def test_an_idle_connection_ends(server: Start) -> None:
    """A connection without a request ends without an answer, and empty lines are none; it counts from the last answer too."""
    service = server(idle_ms=400)
    with service.connect() as client, not_before(0.4):
        client.send(b"\r\n\r\n")
        assert client.rest() == b""
    with service.connect() as client:
        client.send(request("GET", "/healthz"))
        client.answer()
        with not_before(0.4):
            assert client.rest() == b""


def test_a_stalled_body_ends(server: Start) -> None:
    """A body of which nothing comes is 408; one that comes slowly is answered, though the whole takes longer."""
    service = server(stall_ms=1500)
    with service.connect() as client:
        with not_before(1.5):
            client.send(request("POST", "/echo", "Content-Length: 10") + b"hello")
            answer = client.answer()
        rest = client.rest()
    with service.connect() as slow, not_before(1.6):
        slow.send(request("POST", "/echo", "Content-Length: 16"))
        for _ in range(16):
            time.sleep(0.1)  # the slowness that is tried
            slow.send(b"x")
        echoed = slow.answer()

    assert (answer.status, rest) == (408, b"")
    assert (echoed.status, echoed.body) == (200, b"x" * 16)


def test_who_does_not_read_is_let_go(server: Start) -> None:
    """A client that takes nothing of a long answer is disconnected; one that takes it slowly is not."""
    service = server(stall_ms=1500)
    with service.connect(receive_buffer=4096) as still:
        still.send(request("GET", "/count?to=1000000"))
        with service.connect(receive_buffer=4096) as slow:
            slow.send(request("GET", "/count?to=100000"))
            began = time.monotonic()
            while time.monotonic() - began < 2.0:
                assert slow.socket.recv(4096)
                time.sleep(0.02)  # the slowness that is tried
            slow.buffer = b""
            while not slow.buffer.endswith(b"\r\n0\r\n\r\n"):
                assert slow.more()

        assert still.is_reset()


@pytest.mark.parametrize("size", [300_000, 16_000_000])
def test_who_does_not_read_a_file_is_let_go(server: Start, size: int) -> None:
    """So it is with a file that the kernel sends, also if all of it waits there; and one who reads slowly gets it whole."""
    service = server(stall_ms=1500)
    (service.root / "file").write_bytes(b"x" * size)
    with service.connect(receive_buffer=4096) as still, service.connect(receive_buffer=4096) as slow:
        for client in (still, slow):
            client.send(request("GET", "/files/file"))
        slow.head()
        began = time.monotonic()
        taken = len(slow.buffer)
        while time.monotonic() - began < 2.0:
            taken += len(slow.socket.recv(2048))
            time.sleep(0.02)  # the slowness that is tried
        while taken < size:
            piece = slow.socket.recv(1 << 20)
            assert piece
            taken += len(piece)

        assert taken == size
        assert still.is_reset()


def test_pipelines_that_are_not_read_are_not_kept(server: Start) -> None:
    """A client that asks and asks and does not read costs little memory, and is let go."""
    service = server(stall_ms=500)
    before = service.memory_bytes()
    with service.connect(receive_buffer=4096) as client:
        client.flood(request("GET", "/mirror/" + "x" * 8000) * 20)
        grown = service.memory_bytes() - before

        assert client.wait_for_reset()
    assert grown < 4 << 20


def test_slow_clients_delay_nobody(server: Start) -> None:
    """Beside clients that send nothing, send half, flood, or do not read, a request is answered long before their deadlines."""
    service = server(head_ms=60_000, stall_ms=60_000, idle_ms=60_000)
    with ExitStack() as stack:
        others = [stack.enter_context(service.connect(receive_buffer=4096)) for _ in range(40)]
        for number, client in enumerate(others):
            client.send(
                (b"", b"GET /", request("GET", "/count?to=10000000"), request("POST", "/echo", "Content-Length: 9"))[
                    number % 4
                ]
            )
        others[0].flood(request("GET", "/healthz") * 1000)

        assert service.get("/healthz").status == 200


def test_idle_connections_are_cheap(server: Start) -> None:
    """A thousand connections are served, and each costs less than 64 KiB while it is idle."""
    service = server()
    before = service.memory_bytes()
    with ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(1000)]
        for client in clients:
            client.send(request("GET", "/healthz"))
        statuses = {client.answer().status for client in clients}

        assert statuses == {200}
        assert service.memory_bytes() - before < 1000 * 64 * 1024


_CLIENTS = 200
_MOST_IDLE_BYTES = 64 * 1024


def _echoed(client: Client, body: bytes) -> bool:
    client.send(request("POST", "/echo", body=body))
    return client.answer().body == body


def test_what_a_large_body_needed_is_given_back(server: Start) -> None:
    """An idle connection is as cheap behind a large echo: nothing of the request or the answer is kept."""
    service = server()
    before = service.memory_bytes()
    with ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(_CLIENTS)]

        assert all(_echoed(client, b"x" * 100_000) for client in clients)
        assert service.memory_bytes() - before < _CLIENTS * _MOST_IDLE_BYTES


@pytest.mark.parametrize("size", [40_000, 100_000, 300_000])
def test_what_many_large_bodies_needed_at_once_is_given_back(server: Start, size: int) -> None:
    """So it is behind a crowd of echoes at the same moment, soon."""
    service = server()
    before = service.memory_bytes()
    body = b"x" * size
    with ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(_CLIENTS * 2)]
        for client in clients:
            client.send(request("POST", "/echo", f"Content-Length: {size}") + body[:-1])
        until(lambda: service.memory_bytes() - before > len(clients) * size * 0.9)
        for client in clients:
            client.send(body[-1:])

        assert all(client.answer().body == body for client in clients)
        until(lambda: service.memory_bytes() - before < len(clients) * 20_000)


def test_what_a_large_head_needed_is_given_back(server: Start) -> None:
    """Nor are the fields of a long head kept, of which there may be thousands."""
    service = server()
    before = service.memory_bytes()
    with ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(_CLIENTS)]
        for number, client in enumerate(clients):
            client.send(request("GET", "/healthz", f"X: {number}", *["a:"] * 4000))

        assert {client.answer().status for client in clients} == {200}
        assert service.memory_bytes() - before < _CLIENTS * _MOST_IDLE_BYTES


def test_when_descriptors_run_out_connections_wait(server: Start) -> None:
    """More connections than descriptors: those that have one go on, the others wait for it, and the processor rests."""
    service = server(descriptors=50)
    (service.root / "file").write_bytes(b"x" * 100_000)
    with ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(80)]
        for client in clients:
            client.send(request("GET", "/healthz"))
        served = clients[:20]
        for client in served:
            client.answer()
        cpu = service.cpu_s()
        with not_before(1.0):
            clients[-1].socket.settimeout(1.0)
            with pytest.raises(TimeoutError):
                clients[-1].more()
        burnt = service.cpu_s() - cpu
        served[0].send(request("GET", "/files/file"))
        file = served[0].answer()
        clients[-1].socket.settimeout(PATIENCE_S)
        for client in clients[:-1]:
            client.socket.close()
        last = clients[-1].answer()

    assert len(file.body) == 100_000
    assert last.status == 200
    assert burnt < 0.5


def _asked(client: Client, data: bytes) -> Client:
    client.send(data)
    return client


def test_it_stops_in_order(server: Start) -> None:
    """What is under way is finished, with Connection: close; what is idle or half a head is closed, new ones are refused."""
    service = server()
    with ExitStack() as stack:
        idle, half, body, slow, behind = (stack.enter_context(service.connect()) for _ in range(5))
        _asked(idle, request("GET", "/healthz")).answer()
        half.send(b"GET /healthz HT")
        body.send(request("POST", "/echo", "Content-Length: 5", "Expect: 100-continue"))
        assert body.head().status == 100
        slow.send(request("GET", "/count?to=3&pause_ms=400"))
        assert next(iter(slow.chunks())) if slow.head() else None
        behind.send(request("GET", "/count?to=3&pause_ms=300") + request("GET", "/healthz"))
        behind.head()
        service.process.send_signal(signal.SIGTERM)

        assert (idle.rest(), half.rest()) == (b"", b"")
        with pytest.raises(ConnectionRefusedError):
            service.connect()
        assert service.process.poll() is None
        body.send(b"hello")
        echoed = body.answer()
        assert (echoed.body, echoed.fields["connection"], body.rest()) == (b"hello", "close", b"")
        assert b"".join(slow.chunks()) == b"2\n3\n"
        assert b"".join(behind.chunks()) == b"1\n2\n3\n"
        assert (slow.rest(), behind.rest()) == (b"", b"")
        assert service.process.wait(PATIENCE_S) == 0
        assert service.errors().count("\n") == 1


def test_it_stops_though_a_client_does_not_read(server: Start) -> None:
    """It ends with 0 within the time that the contract gives, whoever hangs."""
    service = server(stall_ms=60_000)
    with service.connect(receive_buffer=4096) as client, service.connect() as body:
        client.send(request("GET", "/count?to=10000000"))
        client.head()
        body.send(request("POST", "/echo", "Content-Length: 5"))
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(PATIENCE_S) == 0


def test_what_was_sent_before_the_stop_is_answered(server: Start) -> None:
    """Connections and requests that the kernel had taken when the signal came are not lost."""
    service = server()
    with ExitStack() as stack:
        service.process.send_signal(signal.SIGSTOP)
        clients = [_asked(stack.enter_context(service.connect()), request("GET", "/healthz")) for _ in range(50)]
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGCONT)
        answers = [client.answer() for client in clients]

    assert {answer.status for answer in answers} == {200}
    assert service.process.wait(PATIENCE_S) == 0
