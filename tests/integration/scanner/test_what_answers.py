"""Service detection over real connections."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from climb.systems.scanner import Found, scan_blocking

TIMEOUT_S = 1.0


def find(*ports: int, **wishes: Any) -> dict[int, Found]:
    """What answers on each port."""
    options: Any = {"timeout_s": TIMEOUT_S, **wishes}
    return {found.port: found for found in scan_blocking("127.0.0.1", ports=ports, **options)}


def page(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nServer: tester (Ubuntu)\r\n\r\n<title>A page</title>")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and its key in one file."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self.example")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def over_tls(
    handler: Callable[[Any], None], certificate: Path, *, alpn: tuple[str, ...] = ()
) -> Callable[[socket.socket], None]:
    """*handler* behind TLS; a peer that speaks plain text is hung up on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if alpn:
        context.set_alpn_protocols(list(alpn))

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            if secure.selected_alpn_protocol() == "h2":
                secure.recv(4096)  # it would take another program to answer
            else:
                handler(secure)

    return handle


def test_a_web_page_is_described(serve: Callable[..., Any]) -> None:
    """Status, server, title and a hint at the system."""
    server = serve(page)
    found = find(server.port)[server.port]

    assert (found.service, found.banner, found.tls, found.os) == ("http", None, None, "Ubuntu")
    assert found.http is not None
    assert (found.http.status, found.http.title) == (200, "A page")


def test_http_takes_one_connection(serve: Callable[..., Any]) -> None:
    """The one that found the port open is used to ask."""
    server = serve(page)
    find(server.port)

    assert len(server.accepted_at) == 1


def test_tls_is_found_on_any_port(serve: Callable[..., Any], certificate: Path) -> None:
    """With its certificate, however worthless, and the page behind it."""
    server = serve(over_tls(page, certificate, alpn=("http/1.1",)))
    found = find(server.port)[server.port]

    assert found.service == "https"
    assert found.http is not None
    assert found.tls is not None
    assert (found.tls.subject, found.tls.not_after, found.tls.alpn) == (
        "self.example",
        "2021-01-01T00:00:00Z",
        "http/1.1",
    )


def test_tls_that_ignores_plain_text_is_found(serve: Callable[..., Any], certificate: Path) -> None:
    """It waits for more bytes of what it takes for a handshake, so TLS is tried beside the plain request."""
    shake_hands = over_tls(page, certificate)

    def handle(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            shake_hands(connection)
        while connection.recv(4096):
            pass

    server = serve(handle)
    began = time.monotonic()
    found = find(server.port)[server.port]

    assert found.service == "https"
    assert time.monotonic() - began < 1.5 * TIMEOUT_S


def test_h2_is_what_the_server_chose(serve: Callable[..., Any], certificate: Path) -> None:
    """The page comes from a second connection, where only http/1.1 is offered."""
    server = serve(over_tls(page, certificate, alpn=("h2", "http/1.1")))
    found = find(server.port)[server.port]

    assert found.tls is not None
    assert found.tls.alpn == "h2"
    assert found.http is not None
    assert found.http.title == "A page"


def test_a_banner_is_kept(serve: Callable[..., Any]) -> None:
    """The first line that came unasked."""

    def greet(connection: socket.socket) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.6p1 Debian-1\r\n")
        connection.recv(4096)

    server = serve(greet)
    found = find(server.port)[server.port]

    assert (found.service, found.banner, found.os) == ("ssh", "SSH-2.0-OpenSSH_9.6p1 Debian-1", "Debian")


def test_a_banner_may_come_late(serve: Callable[..., Any]) -> None:
    """After the request was sent it could be an answer; a second connection that only listens tells."""

    def greet_late(connection: socket.socket) -> None:
        time.sleep(0.4 * TIMEOUT_S)
        connection.sendall(b"finally, 1.0\r\n")
        connection.recv(4096)

    server = serve(greet_late)

    assert find(server.port)[server.port].banner == "finally, 1.0"


def test_an_answer_to_the_request_is_no_banner(serve: Callable[..., Any]) -> None:
    """This server would have said nothing unasked."""

    def complain(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"I do not understand\r\n")

    server = serve(complain)
    found = find(server.port)[server.port]

    assert (found.service, found.banner, found.http) == (None, None, None)


def test_postgresql_is_recognised_on_any_port(serve: Callable[..., Any]) -> None:
    """It hangs up on HTTP and on TLS, and answers its own question."""

    def postgresql(connection: socket.socket) -> None:
        if connection.recv(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f":
            connection.sendall(b"N")
            connection.recv(4096)

    server = serve(postgresql)

    assert find(server.port)[server.port].service == "postgresql"


def test_without_probing_nothing_is_asked(serve: Callable[..., Any], wait_until: Callable[..., None]) -> None:
    """The connection is closed as soon as it stands."""
    said: list[bytes] = []
    server = serve(lambda connection: said.append(connection.recv(4096)))
    found = find(server.port, probe=False)[server.port]
    wait_until(lambda: bool(said), "the server's end of the connection")

    assert found.service is None
    assert said == [b""]
