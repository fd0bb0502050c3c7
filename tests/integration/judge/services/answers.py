"""Speaks HTTP/1.1 in many ways, one a path; with STALL_MS it stands still that long in every second."""

import asyncio
import os
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WAYS = {
    "/ok": [OK],
    "/missing": [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    "/chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"0\r\n\r\n"],
    "/pieces": [OK[:20], OK[20:30], OK[30:]],
    "/interim": [b"HTTP/1.1 100 Continue\r\n\r\n", OK],
    "/close": [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b""],
    "/until-close": [b"HTTP/1.1 200 OK\r\n\r\n", b"ok", b""],
    "/cut": [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nok", b""],
    "/leave": [OK, b""],
    "/twice": [OK + OK],
    "/garbage": [b"hello\r\n\r\n"],
    "/never": [],
}
HEAD = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n", b"\r\n"]


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            method, path, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
            for piece in HEAD if method == "HEAD" else WAYS[path]:
                if not piece:
                    return
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]))
    stall_s = int(os.environ.get("STALL_MS", "0")) / 1000
    while True:
        await asyncio.sleep(1 - stall_s)
        time.sleep(stall_s)  # noqa: ASYNC251 - nobody is served meanwhile, which is the point
    await server.serve_forever()


asyncio.run(main())
