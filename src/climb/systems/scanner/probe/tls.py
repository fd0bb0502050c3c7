"""A TLS handshake over bytes that somebody else carries, then the same talk as without TLS.

OpenSSL works on memory here, so a peer that sends its handshake one byte a second delays nobody. Nothing is verified: an
expired or self-signed certificate is a finding. For the same reason weak ciphers and old versions are allowed.
"""

from __future__ import annotations

import ssl
from functools import cache

from climb.systems.scanner.model import Facts, Tls
from climb.systems.scanner.probe.certificate import read_certificate
from climb.systems.scanner.probe.plain import PlainTalk
from climb.systems.scanner.probe.talk import Ending, Talk

__all__ = ["TlsTalk"]

OFFERED = ("h2", "http/1.1")
WITH_TLS = frozenset({"ftp", "imap", "nntp", "pop3", "smtp"})  # their names grow an "s"
RECORD = 16 * 1024


class TlsTalk(Talk):
    """Shakes hands, keeps what that told, and goes on with *inner* inside."""

    def __init__(self, inner: PlainTalk, *, server_name: str | None, offered: tuple[str, ...] = OFFERED) -> None:
        self.version: str | None = None  # known once hands are shaken
        self.alpn: str | None = None
        self.inner = inner
        self.refused = False  # the peer speaks TLS, but not with us
        self._server_name = server_name
        self._offered = offered
        self._certificate: bytes | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session: ssl.SSLObject | None = None

    @property
    def quiet_s(self) -> float | None:  # type: ignore[override]  # follows the inner talk once hands are shaken
        return self.inner.quiet_s if self.version is not None else None

    def open(self) -> bytes:
        context = _context(self._offered)
        try:
            self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._server_name)
        except ValueError:  # a name that may stand in DNS but not in TLS
            self._session = context.wrap_bio(self._incoming, self._outgoing)
        return self._advance()

    def receive(self, data: bytes) -> bytes:
        if not self.heard:
            self.heard = True
            if data[0] not in (0x15, 0x16):  # neither an alert nor a handshake: not TLS
                self.done = True
                return b""
            self.refused = data[0] == 0x15 and data[1:2] in (b"", b"\x03")
        self._incoming.write(data)
        return self._advance()

    def quiet(self) -> bytes:
        return self._sent(self.inner.quiet())

    def end(self, ending: Ending) -> None:
        if self.version is not None:
            self.inner.end(ending)
        super().end(ending)

    @property
    def facts(self) -> Facts:
        """What the talk told; the service is ``https`` only if the server speaks HTTP or chose to."""
        if self.version is None:
            return Facts(service="tls" if self.refused else None)
        inside = self.inner.facts
        service = "https"
        if inside.service != "http" and self.alpn not in OFFERED:
            service = f"{inside.service}s" if inside.service in WITH_TLS else "tls"
        return inside._replace(service=service, tls=self._tls)

    @property
    def _tls(self) -> Tls:
        """Reading the certificate takes its time, so it waits until the connection is closed."""
        subject, issuer, not_after = read_certificate(self._certificate) if self._certificate else (None, None, None)
        return Tls(version=self.version, subject=subject, issuer=issuer, not_after=not_after, alpn=self.alpn)

    def _advance(self) -> bytes:
        """Let OpenSSL work on what has arrived; the bytes it wants sent."""
        assert self._session is not None
        try:
            if self.version is None:
                self._session.do_handshake()
                self._shaken(self._session)
            self._read(self._session)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, OSError) as error:  # an alert, nonsense, or the orderly end
            self.refused = self.refused or "ALERT" in (getattr(error, "reason", None) or "")
            self.end(Ending.CLOSED)
        return self._outgoing.read()

    def _shaken(self, session: ssl.SSLObject) -> None:
        self._certificate = session.getpeercert(binary_form=True)
        self.version = session.version()
        self.alpn = alpn = session.selected_alpn_protocol()
        if alpn == "h2":
            self.done = True  # a second connection offers only http/1.1
        elif alpn is not None:
            session.write(self.inner.quiet())  # the server said that it waits for a request

    def _read(self, session: ssl.SSLObject) -> None:
        while not self.done:
            data = session.read(RECORD)
            if not data:
                self.end(Ending.CLOSED)
                return
            answer = self.inner.receive(data)
            if answer:
                session.write(answer)
            self.done = self.inner.done

    def _sent(self, data: bytes) -> bytes:
        assert self._session is not None
        try:
            self._session.write(data)
        except ssl.SSLError:
            self.end(Ending.CLOSED)
        return self._outgoing.read()


@cache
def _context(offered: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= ssl.OP_LEGACY_SERVER_CONNECT if hasattr(ssl, "OP_LEGACY_SERVER_CONNECT") else 0x4
    context.set_ciphers("DEFAULT:ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.set_alpn_protocols(list(offered))
    return context
