import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from climb.judge.world.certificates import Certificate, Certifier, KeyKind


def issue(
    certifier: Certifier | None = None,
    *,
    common_name: str | None = "host.example",
    dns_names: tuple[str, ...] = (),
    issuer: str | None = None,
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
    key: KeyKind = "ec",
) -> Certificate:
    return (certifier or Certifier()).issue(
        common_name=common_name,
        dns_names=dns_names,
        issuer=issuer,
        not_before=not_before,
        not_after=not_after,
        key=key,
    )


def parsed(certificate: Certificate) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(certificate.chain_pem)


def test_without_an_issuer_a_certificate_signs_itself() -> None:
    """Its issuer is its subject, and the chain is one long."""
    certificate = issue()

    (leaf,) = parsed(certificate)
    assert leaf.issuer == leaf.subject
    assert certificate.issuer == "host.example"
    leaf.verify_directly_issued_by(leaf)


def test_an_issuer_is_invented_by_name_and_sent_along() -> None:
    """The chain holds the authority, which signed the certificate."""
    leaf, authority = parsed(issue(issuer="Example CA"))

    assert authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Example CA"
    leaf.verify_directly_issued_by(authority)


def test_one_authority_signs_all_certificates_of_its_name() -> None:
    """Two certificates of a world with the same issuer have the same authority."""
    certifier = Certifier()
    _, one = parsed(issue(certifier, common_name="a.example", issuer="CA"))
    _, other = parsed(issue(certifier, common_name="b.example", issuer="CA"))

    assert one == other


def test_without_a_common_name_the_subject_is_the_first_dns_name() -> None:
    """The names are a critical extension then, as RFC 5280 wants."""
    certificate = issue(common_name=None, dns_names=("one.example", "two.example"))

    (leaf,) = parsed(certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert certificate.subject == "one.example"
    assert names.critical
    assert names.value.get_values_for_type(x509.DNSName) == ["one.example", "two.example"]


def test_a_certificate_can_have_expired() -> None:
    """An end in the past moves the begin before it, unless a begin was given."""
    end = dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC)

    certificate = issue(not_after=end)

    (leaf,) = parsed(certificate)
    assert leaf.not_valid_after_utc == end
    assert leaf.not_valid_before_utc < end
    assert certificate.expires == "2020-01-31T12:00:00Z"


def test_a_certificate_can_begin_in_the_future() -> None:
    """A begin in the future moves the end behind it."""
    begin = dt.datetime.now(dt.UTC) + dt.timedelta(days=400)

    (leaf,) = parsed(issue(not_before=begin))

    assert leaf.not_valid_before_utc > dt.datetime.now(dt.UTC)
    assert leaf.not_valid_after_utc > leaf.not_valid_before_utc


def test_dates_are_converted_to_utc() -> None:
    """What a learner should print is in UTC, whatever the author gave."""
    zone = dt.timezone(dt.timedelta(hours=5))

    assert issue(not_after=dt.datetime(2040, 6, 1, 3, tzinfo=zone)).expires == "2040-05-31T22:00:00Z"


def test_dates_without_a_zone_are_a_mistake_of_the_author() -> None:
    """A naive date would mean something else on each machine."""
    with pytest.raises(ValueError, match="time zone"):
        issue(not_after=dt.datetime(2040, 6, 1))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(("key", "kind"), [("ec", ec.EllipticCurvePublicKey), ("rsa", rsa.RSAPublicKey)])
def test_both_kinds_of_key_are_there(key: KeyKind, kind: type) -> None:
    """EC by default, RSA for clients that read it differently."""
    (leaf,) = parsed(issue(key=key))

    assert isinstance(leaf.public_key(), kind)
