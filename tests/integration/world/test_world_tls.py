import asyncio
import datetime as dt
import socket
import ssl
import time
from typing import Any

import pytest
from cryptography import x509

from climb.judge.world import Peer, Server
from climb.judge.world.scripts import hold, page, say

REQUEST = b"GET / HTTP/1.1\r\nHost: any\r\n\r\n"


def looking_not_trusting(*, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """A client that takes any certificate, as a scanner does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


async def visit(server: Server, *, name: str | None = None, alpn: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a TLS client learns of a server, and what it answers to GET /."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(
            server.address, server.port, ssl=looking_not_trusting(alpn=alpn), server_hostname=name or ""
        )
        session = writer.get_extra_info("ssl_object")
        writer.write(REQUEST)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return {
        "version": session.version(),
        "alpn": session.selected_alpn_protocol(),
        "certificate": x509.load_der_x509_certificate(session.getpeercert(binary_form=True)),
        "answer": answer,
    }


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("key", ["ec", "rsa"])
async def test_a_page_comes_over_either_version(world, version, key) -> None:
    """A listener can be held to one version of TLS, with either kind of key."""
    tls = world.tls(world.certificate(common_name="a.example", key=key), minimum=version, maximum=version)

    found = await visit(await world.listener(page("Hidden"), tls=tls))

    assert found["version"] == version
    assert b"<title>Hidden</title>" in found["answer"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), ((), None)],
)
async def test_the_server_chooses_from_what_is_offered(world, offered, chosen) -> None:
    """The server's favourite wins; without an offer nothing is chosen."""
    tls = world.tls(world.certificate(common_name="a.example"), alpn=("h2", "http/1.1"))

    assert (await visit(await world.listener(page("x"), tls=tls), alpn=offered))["alpn"] == chosen


async def test_a_server_that_chose_h2_answers_in_http_2(world) -> None:
    """HTTP/1.1 is not understood there: the answer is SETTINGS and GOAWAY."""
    tls = world.tls(world.certificate(common_name="a.example"), alpn=("h2",))

    answer = (await visit(await world.listener(page("x"), tls=tls), alpn=("h2",)))["answer"]

    assert answer[3] == 0x04
    assert answer[9 + 3] == 0x07


async def test_an_expired_certificate_can_be_read(world) -> None:
    """A client that does not verify gets it all the same."""
    end = dt.datetime(2021, 5, 4, tzinfo=dt.UTC)
    certificate = world.certificate(common_name="old.example", issuer="Old CA", not_after=end)

    found = (await visit(await world.listener(page("x"), tls=world.tls(certificate))))["certificate"]

    assert found.not_valid_after_utc == end
    assert "Old CA" in found.issuer.rfc4514_string()


async def test_the_name_asked_for_is_recorded(world) -> None:
    """SNI is seen per connection; a client without it adds nothing."""
    server = await world.listener(page("x"), tls=world.tls(world.certificate(common_name="a.example")))
    await visit(server, name="asked.example")
    await visit(server)

    assert server.seen.server_names == ["asked.example"]


async def test_requests_are_recorded_as_the_script_reads_them(world) -> None:
    """Decrypted; the bytes counted are those on the wire."""
    server = await world.listener(page("x"), tls=world.tls(world.certificate(common_name="a.example")))
    await visit(server)

    assert server.seen.requests == [REQUEST]
    assert server.seen.received > len(REQUEST)


async def test_a_client_without_tls_is_recorded_and_parted_from(world) -> None:
    """A plain request to a TLS port ends, without a mishap; what it sent is kept."""
    server = await world.listener(page("x"), tls=world.tls(world.certificate(common_name="a.example")))
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(REQUEST)
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()

    assert await server.drained(5)
    assert server.seen.requests == [REQUEST]


async def test_a_client_that_verifies_is_no_mishap(world) -> None:
    """It refuses the certificate and goes; that is its right."""
    server = await world.listener(page("x"), tls=world.tls(world.certificate(common_name="a.example")))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(
            server.address, server.port, ssl=ssl.create_default_context(), server_hostname="a.example"
        )

    assert await server.drained(5)


async def test_a_client_that_leaves_within_the_handshake_is_no_mishap(world) -> None:
    """A scanner may connect only to see that the port is open."""
    server = await world.listener(page("x"), tls=world.tls(world.certificate(common_name="a.example")))
    socket.create_connection((server.address, server.port)).close()

    assert await server.drained(5)
    assert server.seen.lives_s


async def test_a_server_that_finished_waits_for_the_client(world) -> None:
    """Over TLS too, a connection's life ends when the client closes it."""

    async def greet(peer: Peer) -> None:
        await peer.send(b"bye")

    server = await world.listener(greet, tls=world.tls(world.certificate(common_name="a.example")))

    def read_all_then_stay() -> bytes:
        raw = socket.create_connection((server.address, server.port), timeout=5)
        with looking_not_trusting().wrap_socket(raw) as client:
            data = client.recv(10) + client.recv(10)
            time.sleep(0.2)
        return data

    assert await asyncio.to_thread(read_all_then_stay) == b"bye"
    assert await server.drained(5)
    assert server.seen.lives_s[0] >= 0.19


async def test_one_tls_serves_many_listeners(world) -> None:
    """A context can be shared; names stay with their connections."""
    tls = world.tls(world.certificate(common_name="a.example"))
    one, other = await world.listener(page("1"), tls=tls), await world.listener(page("2"), tls=tls)
    await asyncio.gather(*(visit(server, name=name) for server, name in ((one, "one.example"), (other, "two.example"))))

    assert (one.seen.server_names, other.seen.server_names) == (["one.example"], ["two.example"])


@pytest.mark.parametrize("script", [hold(), say(b"220 ready\r\n")], ids=["hold", "say"])
async def test_any_script_can_be_put_behind_tls(world, script) -> None:
    """A banner comes through encrypted; a silent service stays silent."""
    server = await world.listener(script, tls=world.tls(world.certificate(common_name="a.example")))
    reader, writer = await asyncio.open_connection(server.address, server.port, ssl=looking_not_trusting())
    try:
        first = await asyncio.wait_for(reader.read(100), 0.2)
    except TimeoutError:
        first = b""
    writer.close()
    await writer.wait_closed()

    assert first in {b"", b"220 ready\r\n"}
    assert await server.drained(5)
