"""Readings over TCP: one task for each connection, which reads only when it has answered."""

import asyncio
import json
import socket

from readings import Cutter

CHUNK = 128 * 1024  # at most this is read and not yet acknowledged on a connection
LINGER_S = 1.0
PATIENCE_S = 6.0  # at the end: for clients that do not read their answers


class IngestServer:
    def __init__(self, service, port):
        self.service = service
        self.port = port
        self.stopping = asyncio.get_running_loop().create_future()
        self.connections = set()

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.listener.setblocking(False)
        self.accepting = asyncio.create_task(self._accept())

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self.listener)
            except OSError:  # out of file descriptors, say
                await asyncio.sleep(0.1)
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._serve(connection))
            self.connections.add(task)
            task.add_done_callback(self.connections.discard)

    async def _serve(self, connection):
        loop, cutter = asyncio.get_running_loop(), Cutter()
        with connection:
            try:
                while data := await self._read(connection):
                    first, block = cutter.cut(data)
                    if block is not None:
                        answer = await self.service.ingest(first, block)
                        await loop.sock_sendall(connection, encoded(answer))
                if self.stopping.done():
                    await linger(connection)
            except OSError:
                pass  # the client has vanished; it will come back and resend

    async def _read(self, connection):
        """What came; nothing at the client's end and at ours."""
        if self.stopping.done():
            return b""
        reading = asyncio.create_task(asyncio.get_running_loop().sock_recv(connection, CHUNK))
        await asyncio.wait({reading, self.stopping}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return reading.result()
        reading.cancel()
        return b""

    async def stop(self):
        """Takes no new connections, finishes what was read, and ends the connections."""
        self.accepting.cancel()
        self.listener.close()
        self.stopping.set_result(None)
        if self.connections:
            _, stuck = await asyncio.wait(self.connections, timeout=PATIENCE_S)
            for task in stuck:
                task.cancel()


async def linger(connection):
    """Closing with unread input would send a reset, which can destroy acks on their way."""
    connection.shutdown(socket.SHUT_WR)
    try:
        async with asyncio.timeout(LINGER_S):
            while await asyncio.get_running_loop().sock_recv(connection, CHUNK):
                pass
    except TimeoutError:
        pass


def encoded(answer):
    lines = [json.dumps({"reject": {"line": line, "reason": reason}}) for line, reason in answer.rejected]
    if answer.acks:
        lines.append(json.dumps({"ack": answer.acks}))
    return "".join(line + "\n" for line in lines).encode()
