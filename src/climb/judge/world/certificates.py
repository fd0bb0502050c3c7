"""Certificates made on the fly: right, expired, not valid yet, wrongly named, with or without a common name.

The keys protect nothing: they live as long as a check. So one key of each kind is made and used for all certificates,
because an RSA key takes longer to make than the rest of a check.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Certificate", "Certifier", "KeyKind"]

KeyKind = Literal["ec", "rsa"]
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and what a client should read in it."""

    common_name: str | None
    dns_names: tuple[str, ...]
    issuer: str | None
    not_before: dt.datetime
    not_after: dt.datetime
    chain_pem: bytes
    key_pem: bytes

    def __repr__(self) -> str:
        return f"Certificate({self.subject!r}, issuer={self.issuer!r}, not_after={self.expires})"

    @property
    def subject(self) -> str | None:
        """The common name, or the first DNS name if there is none."""
        return self.common_name or next(iter(self.dns_names), None)

    @property
    def expires(self) -> str:
        """The end of validity, as in 2027-01-31T12:00:00Z."""
        return self.not_after.strftime("%Y-%m-%dT%H:%M:%SZ")


class Certifier:
    """Makes certificates, self-signed or signed by an authority that it invents by name."""

    def __init__(self) -> None:
        self._authorities: dict[str, x509.Certificate] = {}

    def issue(
        self,
        *,
        common_name: str | None,
        dns_names: Sequence[str],
        issuer: str | None,
        not_before: dt.datetime | None,
        not_after: dt.datetime | None,
        key: KeyKind,
    ) -> Certificate:
        """A new certificate; without an issuer it is self-signed, without dates valid from yesterday for 90 days."""
        begin, end = _validity(not_before, not_after)
        subject = _name(common_name)
        authority = self._authority(issuer) if issuer is not None else None
        server_key = _key_of(key)
        builder = _builder(subject, authority.subject if authority else subject, begin, end, server_key)
        if dns_names:
            names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
            builder = builder.add_extension(names, critical=not common_name)  # RFC 5280 section 4.2.1.6
        signed = builder.sign(_key_of("ec") if authority else server_key, hashes.SHA256())
        chain = [signed, authority] if authority else [signed]
        return Certificate(
            common_name=common_name,
            dns_names=tuple(dns_names),
            issuer=issuer if authority else common_name,
            not_before=begin,
            not_after=end,
            chain_pem=b"".join(member.public_bytes(Encoding.PEM) for member in chain),
            key_pem=server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def _authority(self, name: str) -> x509.Certificate:
        """The authority of this name; it signs with the shared EC key."""
        if name not in self._authorities:
            begin, end = _validity(None, None)
            builder = _builder(_name(name), _name(name), begin - dt.timedelta(days=3650), end, _key_of("ec"))
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            self._authorities[name] = builder.sign(_key_of("ec"), hashes.SHA256())
        return self._authorities[name]


@functools.cache
def _key_of(kind: KeyKind) -> _Key:
    """The key of this kind: one for the whole process."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def _validity(begin: dt.datetime | None, end: dt.datetime | None) -> tuple[dt.datetime, dt.datetime]:
    """Both dates in whole seconds, as certificates have them; an end in the past moves a missing begin before it."""
    for moment in (begin, end):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"a certificate's dates need a time zone: {moment!r}")
    now = dt.datetime.now(dt.UTC)
    if end is None:
        end = max(now, begin or now) + dt.timedelta(days=90)
    if begin is None:
        begin = min(now, end) - dt.timedelta(days=1)
    return _whole(begin), _whole(end)


def _whole(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def _builder(
    subject: x509.Name, issuer: x509.Name, begin: dt.datetime, end: dt.datetime, key: _Key
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
