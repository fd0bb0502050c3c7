"""Serves "/" and "/large", and ends whoever takes too long: 408 for a head after HEAD_MS, a reset for an answer not taken in STALL_MS."""

import asyncio
import os

HEAD_S = int(os.environ["HEAD_MS"]) / 1000
STALL_S = int(os.environ["STALL_MS"]) / 1000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n" + bytes(64_000_000)


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            async with asyncio.timeout(STALL_S):
                writer.write(LARGE if b" /large " in head else OK)
                await writer.drain()
    except TimeoutError:
        if writer.transport.get_write_buffer_size():
            writer.transport.abort()
        else:
            writer.write(LATE)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    await server.serve_forever()


asyncio.run(main())
