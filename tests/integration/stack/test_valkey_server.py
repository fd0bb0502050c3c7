"""A real Valkey: it answers those who know its password, keeps what it is told to keep, and can be reached through TLS."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis.asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import Redis
from redis.exceptions import AuthenticationError

from climb.stack import local
from climb.stack.valkey import valkey

pytestmark = pytest.mark.slow

Connect = Callable[..., Redis]


def test_a_cache_answers_and_is_gone_after_the_block(connect: Connect, nothing_lives: Callable[[str], bool]) -> None:
    """What was set is read back, and the server ends with the block."""
    with local.cache(environment={}) as address:
        client = connect(address)
        client.set("greeting", "hello")
        found = client.get("greeting")

    assert found == b"hello"
    assert nothing_lives(urlsplit(address).netloc.rpartition("@")[2])


def test_two_side_by_side_do_not_meet(connect: Connect) -> None:
    """Each has a port, a password and data of its own."""
    with valkey() as one, valkey() as other:
        connect(one.address).set("mine", "1")
        seen = connect(other.address).get("mine")
        strange = one.address.replace(str(urlsplit(one.address).port), str(urlsplit(other.address).port))
        with pytest.raises(AuthenticationError):
            connect(strange).ping()

    assert seen is None


def test_without_the_password_nobody_gets_in(connect: Connect) -> None:
    """Another user of the machine can connect, and may do nothing."""
    with valkey() as server, pytest.raises(AuthenticationError):
        connect(f"redis://127.0.0.1:{urlsplit(server.address).port}").get("anything")


def test_the_password_is_in_no_list_of_processes() -> None:
    """Neither the arguments nor the environment of the server have it."""
    with valkey() as server:
        seen = b"".join(Path("/proc", str(server.pid), name).read_bytes() for name in ("cmdline", "environ"))
        password = urlsplit(server.address).password

    assert password
    assert password.encode() not in seen


def test_a_cache_with_a_folder_keeps_its_data_and_its_password(connect: Connect, open_folder: Path) -> None:
    """What one block wrote, the next one with the same folder finds, even if the first one's server was killed."""
    with valkey(open_folder) as first:
        connect(first.address).set("kept", "yes")
        first.kill()
    with valkey(open_folder) as second:
        found = connect(second.address).get("kept")

    assert found == b"yes"
    assert urlsplit(second.address).password == urlsplit(first.address).password


def test_a_full_cache_lets_go_of_what_was_not_used_for_longest(connect: Connect) -> None:
    """Beyond its memory it goes on taking what is new, and stays below the limit."""
    with valkey(memory_bytes=4_000_000) as server:
        client = connect(server.address)
        for number in range(100):
            client.set(f"key-{number}", b"x" * 100_000)
        kept, used = client.dbsize(), client.info("memory")["used_memory"]
        newest = client.exists("key-99")

    assert 0 < kept < 100
    assert newest
    assert used < 5_000_000


def test_settings_of_the_owners_count(connect: Connect) -> None:
    """A line of valkey.conf reaches the server, such as a small number of clients."""
    with valkey(settings=["maxclients 7"]) as server:
        found = connect(server.address).config_get("maxclients")

    assert found == {"maxclients": "7"}


async def test_a_cache_behind_tls_is_found_by_its_address(tmp_path: Path) -> None:
    """A valkeys:// address with a password and the authority that its certificate is to be checked with leads to the server."""
    with local.cache(environment={}) as plain:
        parts = urlsplit(plain)
        async with _behind_tls(parts.port, tmp_path) as port:
            given = f"valkeys://:{parts.password}@127.0.0.1:{port}/0?ssl_ca_certs={tmp_path}/certificate.pem"
            with local.cache(environment={"CACHE_URL": given}) as address:
                async with redis.asyncio.Redis.from_url(address) as client:
                    await client.set("through", "tls")
                    found = await client.get("through")

    assert found == b"tls"


@asynccontextmanager
async def _behind_tls(port: int | None, folder: Path) -> AsyncIterator[int]:
    """The port of a TLS endpoint that passes everything on to ``port``; its certificate is in ``folder``."""
    certificate, key = _certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(relay(reader, to_writer), relay(to_reader, writer))

    async with await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=a cache")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return folder / "certificate.pem", folder / "key.pem"
