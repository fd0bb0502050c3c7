"""Answers requests as their targets say, in HTTP/1.1 or not quite: what a client of raw conversations has to cope with."""

import asyncio
import contextlib
import os
import socket
import struct

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HALF, REST = OK[:-2], OK[-2:]
LARGE = 4 * 1024 * 1024


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if not await answer(head.split(b" ")[1].decode(), reader, writer):
                break
    writer.close()


async def answer(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection stays open."""
    if target == "/half":  # and the rest when the client sends a byte more
        writer.write(HALF)
        await reader.readexactly(1)
        writer.write(REST)
    elif target == "/continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readexactly(5)
        writer.write(OK)
    elif target == "/refuse":  # with unread input, so that the kernel sends a reset behind the answer
        writer.write(b"HTTP/1.1 413 Too Long\r\nContent-Length: 0\r\n\r\n")
        await reader.readexactly(1)
        return False
    elif target == "/reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    elif target == "/large":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE + bytes(LARGE))
        await writer.drain()
    elif target == "/gone":  # with most of the answer untaken
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        unread = writer.get_extra_info("socket").dup()
        unread.send(bytes(LARGE))
        await reader.readexactly(1)
        unread.close()
        return False
    else:
        writer.write(ANSWERS[target])
        return target not in ("/close", "/cut")
    return True


ANSWERS = {
    "/": OK,
    "/none": b"",
    "/close": OK,
    "/head": OK[:-5],
    "/cut": HALF,
    "/twice": OK + OK,
    "/more": OK + b"!",
    "/spaced": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
}


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
