"""Stage 7: TLS, and what a certificate says."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import page
from climb.judge.world.server import Server
from climb.projects.scanner.report import Report, Scanner

__all__ = ["tls"]

tls = Stage(
    "tls",
    "TLS",
    concepts=["tls-handshake", "certificates", "alpn"],
    hints=[
        "How does a TLS server react when it receives a plain GET? What could you try next on that port?",
        "If the plain answer is not HTTP, make a new connection and start a TLS handshake on it, with verification turned off: you are looking, not "
        "trusting. Offer h2 and http/1.1 by ALPN. Then send the GET inside.",
        "Many libraries hide a certificate that they did not verify. Take it in its binary form (DER) and read it with an X.509 parser: subject common name, "
        "else the first DNS name; issuer common name; notAfter in UTC.",
    ],
)


async def _server(world: World, **tls_options: object) -> Server:
    name = f"{world.draw.word()}.example"
    certificate = world.certificate(common_name=name, dns_names=[name], issuer="Test Authority")
    return await world.listener(page("secure"), tls=world.tls(certificate, **tls_options))  # type: ignore[arg-type]  # passed on as they come


async def _described(scanner: Scanner, server: Server, saw: str) -> tuple[Report, object]:
    report = await scanner(server.address, "--ports", server.port, "--timeout", 2)
    row = report.row(server.port)
    expect(row, "the line").equals(
        {"state": "open", "service": "https"},
        why="A TLS handshake succeeds on this port, and HTTP answers inside it: that is https.",
        saw=saw,
    )
    return report, row.get("tls")


@tls.check
async def the_version_is_told(scanner: Scanner, world: World) -> None:
    """TLS is recognised on a port of any number, and its version is told."""
    versions: list[Literal["TLSv1.2", "TLSv1.3"]] = ["TLSv1.3", "TLSv1.2"]
    for version in versions:
        server = await _server(world, minimum=version, maximum=version)

        saw = f"the server speaks {version} only"
        _, found = await _described(scanner, server, saw)

        expect(found, "tls").equals(
            {"version": version}, why="The handshake negotiates the version, and your TLS library knows it.", saw=saw
        )


@tls.check
async def the_names_are_read(scanner: Scanner, world: World) -> None:
    """Subject and issuer are the common names in the certificate."""
    subject, issuer = f"{world.draw.word()}.example", f"{world.draw.word().title()} Authority"
    certificate = world.certificate(common_name=subject, dns_names=["other.example", subject], issuer=issuer)
    server = await world.listener(page("secure"), tls=world.tls(certificate))

    saw = (
        f"a certificate for the common name {subject} and the DNS names other.example and {subject}, signed by {issuer}"
    )
    _, found = await _described(scanner, server, saw)

    expect(found, "tls").equals(
        {"subject": subject, "issuer": issuer},
        why="The subject is who the certificate is for, the issuer is who vouches for it. DNS names count only without a common name.",
        saw=saw,
    )


@tls.check
async def a_certificate_without_a_common_name(scanner: Scanner, world: World) -> None:
    """A certificate without a common name is known by its first DNS name."""
    names = [f"{world.draw.word()}.example" for _ in range(world.draw.integer(1, 3))]
    server = await world.listener(
        page("secure"), tls=world.tls(world.certificate(dns_names=names, issuer="Test Authority"))
    )

    saw = f"a certificate without a common name, for the DNS names {', '.join(names)}"
    _, found = await _described(scanner, server, saw)

    expect(found, "tls").equals(
        {"subject": names[0]},
        why="Browsers ignore the common name, so modern certificates often have none: the names are in subjectAltName.",
        saw=saw,
    )


@tls.check
async def the_expiry_is_told(scanner: Scanner, world: World) -> None:
    """The end of the certificate's validity is told in UTC."""
    end = dt.datetime(2030, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=world.draw.integer(0, 600_000_000))
    certificate = world.certificate(common_name="expiry.example", not_after=end)
    server = await world.listener(page("secure"), tls=world.tls(certificate))

    saw = f"a certificate that is valid until {end:%Y-%m-%d %H:%M:%S} UTC"
    _, found = await _described(scanner, server, saw)

    expect(found, "tls").equals(
        {"not_after": end.strftime("%Y-%m-%dT%H:%M:%SZ")},
        why="A certificate that runs out at night is why people scan for expiry. RFC 3339, in UTC, sorts and compares as text.",
        saw=saw,
    )


@tls.check
async def untrusted_is_reported_all_the_same(scanner: Scanner, world: World) -> None:
    """An expired, self-signed certificate for another name is reported like any other."""
    end = dt.datetime.now(dt.UTC) - dt.timedelta(days=world.draw.integer(1, 2000))
    certificate = world.certificate(
        common_name="old.example", not_before=end - dt.timedelta(days=90), not_after=end, issuer=None
    )
    server = await world.listener(page("secure"), tls=world.tls(certificate))

    saw = f"a certificate that ended on {end:%Y-%m-%d} and was signed by itself, for the name old.example"
    _, found = await _described(scanner, server, saw)

    expect(found, "tls").equals(
        {"subject": "old.example", "issuer": "old.example"},
        why="Those are the certificates that one scans for. Looking is not trusting: turn verification off for a look.",
        saw=saw,
    )


@tls.check
async def the_protocol_is_negotiated(scanner: Scanner, world: World) -> None:
    """The protocol that the server chose by ALPN is told, and null if it chose none."""
    for chosen in ("http/1.1", "h2", None):
        server = await _server(world, alpn=(chosen,) if chosen else ())

        saw = f"the server chooses {chosen}" if chosen else "the server knows nothing of ALPN"
        _, found = await _described(scanner, server, saw)

        expect(found, "tls").equals(
            {"alpn": chosen},
            why="Offer h2 and http/1.1 in the handshake (RFC 7301); the server answers with its choice, or not at all.",
            saw=saw,
        )


@tls.check
async def http_inside_tls(scanner: Scanner, world: World) -> None:
    """An https port is asked for / inside TLS, and its answer is described as for http."""
    title, software = world.draw.word(), world.draw.word()
    certificate = world.certificate(common_name="inside.example")
    server = await world.listener(page(title, server=software), tls=world.tls(certificate, alpn=("http/1.1",)))

    saw = f"the server chooses http/1.1 and answers a GET inside TLS with a page whose title is {title}"
    report, _ = await _described(scanner, server, saw)

    expect(report.row(server.port).get("http"), "http").equals(
        {"status": 200, "server": software, "title": title},
        why="Inside TLS it is the same HTTP. Send the GET through the encrypted connection.",
        saw=saw,
    )
