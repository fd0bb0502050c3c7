"""TLS over bytes: our talk on one side, OpenSSL's server on the other, no socket between them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from climb.systems.scanner.model import Facts, Tls
from climb.systems.scanner.probe.certificate import Certificate, read_certificate
from climb.systems.scanner.probe.plain import PlainTalk
from climb.systems.scanner.probe.talk import Ending
from climb.systems.scanner.probe.tls import TlsTalk

KEY = ec.generate_private_key(ec.SECP256R1())
ANSWER = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n"


def certificate(subject: str | None, *names: str, issuer: str | None = "Example CA") -> x509.Certificate:
    """A certificate that expired long ago, for whom and by whom is wanted."""

    def name(common: str | None) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])

    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 31, 12, 0, tzinfo=UTC))
    )
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(KEY, hashes.SHA256())


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key, as a server loads them."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    key = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate("server.example").public_bytes(serialization.Encoding.PEM) + key)
    return path


class Server:
    """OpenSSL's server side, fed and emptied by hand."""

    def __init__(
        self,
        pem: Path,
        *,
        alpn: tuple[str, ...] = (),
        newest: ssl.TLSVersion | None = None,
        clients: ssl.VerifyMode = ssl.CERT_NONE,
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        context.verify_mode = clients
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if newest:
            context.maximum_version = newest
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.received = b""

    def receive(self, data: bytes) -> bytes:
        """Take bytes, give bytes, as a peer does."""
        self._incoming.write(data)
        try:
            self._session.do_handshake()
            self.received += self._session.read()
            if self.received.endswith(b"\r\n\r\n"):
                self._session.write(ANSWER)
        except ssl.SSLError:
            pass  # more is wanted, or an alert is on its way
        return self._outgoing.read()


def converse(talk: TlsTalk, server: Server, *, step: int = 1 << 16) -> None:
    """Carry bytes to and fro, *step* at a time towards the talk, until nobody has anything to say."""
    outgoing = talk.open()
    while outgoing and not talk.done:
        answer = server.receive(outgoing)
        outgoing = b""
        for at in range(0, len(answer), step):
            if not talk.done:
                outgoing += talk.receive(answer[at : at + step])
        if not outgoing and not talk.done and talk.quiet_s is not None:
            outgoing = talk.quiet()


def new_talk(offered: tuple[str, ...] = ("h2", "http/1.1")) -> TlsTalk:
    return TlsTalk(PlainTalk(443, "a.example", window_s=0.1), server_name="a.example", offered=offered)


@pytest.mark.parametrize(
    ("newest", "version"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]
)
@pytest.mark.parametrize("step", [1, 1 << 16])
def test_version_certificate_and_page_are_read(pem: Path, newest: ssl.TLSVersion, version: str, step: int) -> None:
    """Whether the handshake comes at once or byte by byte."""
    talk = new_talk()
    converse(talk, Server(pem, alpn=("http/1.1",), newest=newest), step=step)

    assert talk.done
    assert talk.facts.service == "https"
    assert talk.facts.http is not None
    assert talk.facts.tls == Tls(
        version=version,
        subject="server.example",
        issuer="Example CA",
        not_after="2021-01-31T12:00:00Z",
        alpn="http/1.1",
    )


def test_a_server_without_alpn_is_asked_after_listening(pem: Path) -> None:
    """It may be a mail server, which speaks first inside TLS too."""
    talk = new_talk()
    converse(talk, Server(pem))

    assert talk.facts.service == "https"
    assert talk.facts.tls is not None
    assert talk.facts.tls.alpn is None


def test_a_choice_of_h2_ends_the_talk(pem: Path) -> None:
    """We do not speak it; a second connection will offer only http/1.1."""
    talk = new_talk()
    converse(talk, Server(pem, alpn=("h2", "http/1.1")))

    assert talk.done
    assert talk.alpn == "h2"
    assert (talk.facts.service, talk.facts.http) == ("https", None)


def test_tls_without_http_is_called_tls(pem: Path) -> None:
    """Hands were shaken, and then nobody spoke."""
    talk = new_talk()
    server = Server(pem)
    talk.receive(server.receive(talk.open()))
    talk.end(Ending.TIMEOUT)

    assert talk.facts.service == "tls"
    assert talk.facts.tls is not None


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate_of_ours_is_called_tls(pem: Path, newest: ssl.TLSVersion) -> None:
    """TLS 1.2 refuses during the handshake, TLS 1.3 after it: then its own certificate is known."""
    talk = new_talk()
    converse(talk, Server(pem, newest=newest, clients=ssl.CERT_REQUIRED))

    assert talk.done
    assert talk.facts.service == "tls"
    assert (talk.facts.tls is not None) == (newest is ssl.TLSVersion.TLSv1_3)


def test_an_alert_tells_tls_but_nothing_more() -> None:
    """handshake_failure, say because a server wants ciphers that are gone."""
    talk = new_talk()
    talk.open()
    talk.receive(b"\x15\x03\x03\x00\x02\x02\x28")

    assert talk.done
    assert talk.facts == Facts(service="tls")


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-x\r\n", b"\x16\x03garbage" * 20, b"\x00"]
)
def test_what_is_not_tls_ends_the_talk_without_facts(answer: bytes) -> None:
    """Plain text, greetings and garbage alike."""
    talk = new_talk()
    talk.open()
    talk.receive(answer)
    talk.end(Ending.CLOSED)

    assert talk.facts == Facts()


def der(wanted: x509.Certificate) -> bytes:
    return wanted.public_bytes(serialization.Encoding.DER)


def test_the_subject_is_the_common_name() -> None:
    """Even if there are DNS names as well."""
    read = read_certificate(der(certificate("common.example", "dns.example")))

    assert read == Certificate("common.example", "Example CA", "2021-01-31T12:00:00Z")


def test_without_a_common_name_the_first_dns_name_is_the_subject() -> None:
    """New certificates have only those."""
    assert read_certificate(der(certificate(None, "first.example", "second.example"))).subject == "first.example"


def test_what_a_certificate_lacks_is_none() -> None:
    """No name of any kind is needed to encrypt."""
    assert read_certificate(der(certificate(None, issuer=None))) == Certificate(None, None, "2021-01-31T12:00:00Z")


def test_garbage_is_no_certificate() -> None:
    """Nothing is raised for it."""
    assert read_certificate(b"\x30\x03\x02\x01\x00") == Certificate()
