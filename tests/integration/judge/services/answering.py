"""Writes the bytes of the file "answer" to each connection after the head of a request, and closes it."""

import asyncio
import os
from pathlib import Path


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    folder = Path(os.environ["DATA_DIR"])
    (folder / "head").write_bytes(head)
    writer.write((folder / "answer").read_bytes())
    await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(talk, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


asyncio.run(main())
