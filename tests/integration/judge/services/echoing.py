"""Answers each line with the same line in upper case; ends a connection when its client has ended its side."""

import asyncio
import os
import socket
import struct


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        if line == b"close\n":
            break
        if line == b"reset\n":
            lingering = struct.pack("ii", 1, 0)  # for no time: closing sends RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
            writer.close()
            return
        if line != b"silence\n":
            writer.write(line.upper())
            await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
