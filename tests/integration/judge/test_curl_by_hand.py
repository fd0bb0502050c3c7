"""The lines for curl, run by a shell: the request that arrives is the one that the judge sent."""

import asyncio
import os
import shutil

import pytest

from climb.judge.drivers.http1 import Sent, by_hand, request

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
ADDED = {b"user-agent", b"accept"}  # by curl itself


async def arrived(line: str) -> bytes:
    """What a server hears when a shell runs this line."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            field.split(b":")[1] for field in head.split(b"\r\n") if field.lower().startswith(b"content-length:")
        ]
        heard.set_result(head + await reader.readexactly(int(lengths[0]) if lengths else 0))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        environment = {**os.environ, "PORT": str(port), "no_proxy": "*"}
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", line, env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        assert await shell.wait() == 0
        return (await heard).replace(b"127.0.0.1:%d" % port, b"127.0.0.1:4000")


def parts(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """First line, fields in order as far as they are not curl's own, and body."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    return first, sorted(field for field in fields if field.split(b":")[0].lower() not in ADDED), body


@pytest.mark.parametrize(
    "data",
    [
        request("GET", "/healthz", host="127.0.0.1:4000"),
        request("HEAD", "/files/a%20b", [("Connection", "close")], host="127.0.0.1:4000"),
        request("GET", "/files/../[a]{b}?x=$PORT&y='", host="127.0.0.1:4000"),
        request("DELETE", "/mirror", [("X-A", 'it\'s "$HOME"'), ("X-A", "2")], host="a.example"),
        request("POST", "/echo", body=b'{"a": "$b\'\\n"}', host="127.0.0.1:4000"),
        request("PUT", "/echo", [("Content-Type", "text/plain")], b"a=b", host="127.0.0.1:4000"),
        request("GET", "/mirror", [("X-Empty", "")], b"a body", host="127.0.0.1:4000"),
        request("GET", "/count?to=3", host="127.0.0.1:4000", version="1.0"),
    ],
)
async def test_curl_sends_the_same_request(data: bytes) -> None:
    """First line, fields and body; curl adds its name and what it accepts."""
    line = by_hand([Sent(data)])
    heard = await arrived(line)

    assert line.startswith("curl ")
    assert parts(heard) == parts(data.replace(b"X-Empty: \r\n", b"X-Empty:\r\n"))
