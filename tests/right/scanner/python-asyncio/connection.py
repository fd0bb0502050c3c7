"""Connections with an end: each reads at most 64 KiB and lives no longer than the timeout."""

import asyncio
import collections
import errno
import socket
import ssl
import time

READ_LIMIT = 64 * 1024
SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}


class Shortage(Exception):
    """The system has no socket to give. That says nothing about the port."""


class Clock:
    """When connections may start, and how long they may live."""

    LAG = 0.01  # starts may trail their schedule by this much and still catch up: timers are late now and then

    def __init__(self, timeout, rate):
        self.timeout = timeout
        self.rate = rate
        self.next = 0.0
        self.recent = collections.deque()  # starts within the last second
        self.line = asyncio.Lock()

    async def turn(self):
        """Waits until one more connection may start: evenly spaced, and never more than the rate in any second."""
        if not self.rate:
            return
        async with self.line:
            await sleep_until(self.next)
            while self.recent and self.recent[0] <= time.monotonic() - 1:
                self.recent.popleft()
            if len(self.recent) >= self.rate:
                await sleep_until(self.recent.popleft() + 1)
            now = time.monotonic()
            self.recent.append(now)
            self.next = max(self.next, now - self.LAG) + 1 / self.rate


async def sleep_until(moment):
    delay = moment - time.monotonic()
    if delay > 0:
        await asyncio.sleep(delay)


async def connect(address, port, clock):
    """Returns (connection or None, state, seconds). An open port may have no connection: it may be cut at once."""
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in SHORTAGES:
            raise Shortage from None
        return None, "filtered", 0.0  # a machine without IPv6, for one
    keep = False
    try:
        sock.setblocking(False)
        await clock.turn()
        start = time.monotonic()
        state = await attempt(sock, address, port, clock.timeout)
        rtt = time.monotonic() - start
        keep = state == "open"
    finally:
        if not keep:
            sock.close()
    return Connection(sock, start, clock.timeout) if keep else None, state, rtt


async def attempt(sock, address, port, timeout):
    try:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        # On loopback a socket may pick the port it connects to as its own. Two SYNs cross, and nobody is there.
        return "closed" if sock.getsockname() == sock.getpeername() else "open"
    except ConnectionRefusedError:
        return "closed"
    except (ConnectionResetError, BrokenPipeError):
        return "open"  # a reset instead of a SYN-ACK is "refused"; this one came after the handshake
    except TimeoutError:
        return "filtered"
    except OSError as error:
        if error.errno in SHORTAGES:
            raise Shortage from None
        return "open" if error.errno == errno.ENOTCONN else "filtered"  # ENOTCONN: gone before we asked its name


class Connection:
    def __init__(self, sock, start, timeout):
        self.sock = sock
        self.timeout = timeout
        self.loop = asyncio.get_running_loop()
        self.start = self.loop.time() - (time.monotonic() - start)
        self.left = READ_LIMIT

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.sock.close()

    async def receive(self, share=1.0):
        """What arrives before that share of the connection's life is over. b"" is the end, or the limit."""
        if not self.left:
            return b""
        async with asyncio.timeout_at(self.start + share * self.timeout):
            heard = await self.loop.sock_recv(self.sock, self.left)
        self.left -= len(heard)
        return heard

    async def send(self, message):
        async with asyncio.timeout_at(self.start + self.timeout):
            await self.loop.sock_sendall(self.sock, message)


def looking_not_trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a server with a weak key is still a TLS server
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def secure(connection, name):
    """TLS over the connection. A name is sent along (SNI), an address never is."""
    channel = Channel(connection, name)
    await channel.drive(channel.object.do_handshake)
    return channel


class Channel:
    """TLS in memory: asyncio's own would read from the socket as much as it likes."""

    context = looking_not_trusting()

    def __init__(self, connection, name):
        self.connection = connection
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = self.context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    async def drive(self, operation, *arguments):
        while True:
            try:
                result, done = operation(*arguments), True
            except ssl.SSLWantReadError:
                result, done = None, False
            if self.outgoing.pending:
                await self.connection.send(self.outgoing.read())
            if done:
                return result
            heard = await self.connection.receive()
            if heard:
                self.incoming.write(heard)
            else:
                self.incoming.write_eof()

    async def receive(self):
        return await self.drive(self.object.read, READ_LIMIT)

    async def send(self, message):
        await self.drive(self.object.write, message)
