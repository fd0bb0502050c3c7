"""The head of a request: its request line, its fields, and what must be true of them (RFC 9112, 3)."""

import re
import time

from connection import TooLate
from fields import TOKEN, Fields, read_fields
from framing import framing_of
from host import check_host
from limits import RequestHeadLimit
from lines import read_line
from refused import Refused
from target import Target

VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")


class Request:
    def __init__(self):
        self.method = ""
        self.target = None
        self.version = (1, 1)
        self.fields = Fields()
        self.framing = None
        self.body = b""
        self.trailers = Fields()

    @property
    def is_head(self) -> bool:
        return self.method == "HEAD"

    @property
    def wants_close(self) -> bool:
        return self.version < (1, 1) or "close" in self.fields.words("connection")

    @property
    def expectations(self) -> list:
        return self.fields.words("expect")


class ClientHasEnded(Exception):
    """There is no further request on this connection."""


def await_request(connection):
    """Returns when the first byte of a request is there. Empty lines before it are ignored."""
    connection.idle_since = time.monotonic()
    while True:
        while connection.buffer.startswith(b"\r\n"):
            del connection.buffer[:2]
        if connection.buffer and connection.buffer != b"\r":
            return
        if not connection.receive_request():
            raise ClientHasEnded


def read_head(connection, request):
    """Fills the request in, line by line, so that what is known of it is known when it is refused."""
    settings = connection.settings
    until = time.monotonic() + settings.head_s
    limit = RequestHeadLimit(settings.max_head_bytes)

    def wait():
        if not connection.receive(until, heeds_stop=True):
            raise ClientHasEnded

    try:
        read_request_line(request, read_line(connection, limit, wait))
        read_fields(connection, limit, wait, request.fields.add)
    except TooLate:
        raise Refused(408, f"a head takes at most {settings.head_ms} ms") from None
    check_host(request.fields, request.version)
    request.framing = framing_of(request)


def read_request_line(request, line):
    request.method = line.partition(b" ")[0].decode("latin-1")
    parts = line.split(b" ")
    if len(parts) != 3:
        raise Refused(400, "a request line has three parts, with one space between each")
    if not re.fullmatch(TOKEN, parts[0]):
        raise Refused(400, "a method is a token")
    request.target = Target(parts[1])
    request.version = read_version(parts[2])


def read_version(text):
    """HTTP/1.0, or what is treated as HTTP/1.1."""
    version = VERSION.fullmatch(text)
    if not version:
        raise Refused(400, "a version is HTTP/ digit . digit")
    if version[1] != b"1":
        raise Refused(505, "this server speaks HTTP/1.1")
    return (1, min(int(version[2]), 1))
