"""Reading a certificate for what a person asks first: whose, by whom, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["Certificate", "read_certificate"]


class Certificate(NamedTuple):
    """The parts of a certificate that are reported; None for what it lacks or what can't be read."""

    subject: str | None = None
    issuer: str | None = None
    not_after: str | None = None


def read_certificate(der: bytes) -> Certificate:
    """What the certificate says. One that breaks the rules gives what can be read of it."""
    from cryptography import x509  # slow to import, and most scans meet no TLS

    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError:
        return Certificate()
    return Certificate(_subject(certificate), _common_name(certificate, "issuer"), _not_after(certificate))


def _subject(certificate: x509.Certificate) -> str | None:
    return _common_name(certificate, "subject") or _first_dns_name(certificate)


def _common_name(certificate: x509.Certificate, which: str) -> str | None:
    from cryptography.x509.oid import NameOID

    try:
        names = getattr(certificate, which).get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return None
    if not names:
        return None
    value = names[0].value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _first_dns_name(certificate: x509.Certificate) -> str | None:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return None
    return names[0] if names else None


def _not_after(certificate: x509.Certificate) -> str | None:
    try:
        return certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
