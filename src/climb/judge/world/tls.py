"""TLS for a world's servers: a certificate, the versions and the protocols offered."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.judge.world.certificates import Certificate

__all__ = ["Session", "Tls", "make_tls"]

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True)
class Tls:
    """How a server speaks TLS; one may serve several listeners."""

    certificate: Certificate
    alpn: tuple[str, ...]
    minimum: str
    maximum: str
    context: ssl.SSLContext

    def __repr__(self) -> str:
        return f"Tls({self.certificate.subject!r}, {self.minimum} to {self.maximum}, alpn={self.alpn})"


class Session(ssl.SSLObject):
    """One client's TLS, which remembers the name asked for."""

    server_name: str | None = None


def make_tls(certificate: Certificate, *, alpn: Sequence[str], minimum: str, maximum: str) -> Tls:
    """A server's side of TLS; versions are ``TLSv1.2`` and ``TLSv1.3``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = _VERSIONS[minimum], _VERSIONS[maximum]
    if alpn:
        context.set_alpn_protocols(list(alpn))
    # ssl.SSLContext reads certificates from files only.
    with tempfile.NamedTemporaryFile(prefix="climb-certificate-") as file:
        file.write(certificate.key_pem + certificate.chain_pem)
        file.flush()
        context.load_cert_chain(file.name)
    context.sslobject_class = Session
    context.sni_callback = _note_name
    return Tls(certificate, tuple(alpn), minimum, maximum, context)


def _note_name(session: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    """Remember the name; any name is served, as by a server with a single certificate."""
    assert isinstance(session, Session)
    session.server_name = name
