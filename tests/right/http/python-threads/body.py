"""The body of a request, read whole whether or not somebody wants it."""

import time

from chunks import read_chunks
from connection import TooLate
from limits import check_body
from refused import Refused


class CutShort(Exception):
    """The client announced a body and did not send it."""


def check_length(connection, request):
    """What is announced and too long is refused before anything of it is read."""
    check_body(request.framing.length, connection.settings)


def read_body(connection, request):
    try:
        if request.framing.in_chunks:
            request.body = read_chunks(connection, request.trailers, lambda: wait_for_more(connection))
        else:
            request.body = read_counted(connection, request.framing.length)
    except TooLate:
        raise Refused(408, f"nothing of the body came for {connection.settings.stall_ms} ms") from None


def read_counted(connection, length) -> bytearray:
    body = bytearray()
    while len(body) < length:
        if not connection.buffer:
            wait_for_more(connection)
        body += connection.take(length - len(body))
    return body


def wait_for_more(connection):
    until = time.monotonic() + connection.settings.stall_s
    if not connection.receive(until):
        raise CutShort
