"""Chunks (RFC 9112, 7.1): reading and writing them."""

import re

from fields import read_fields
from limits import ChunkLineLimit, HeadLimit, check_body, number
from lines import read_line
from refused import Refused

SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})([ \t]*;.*)?", re.DOTALL)
LAST = b"0\r\n\r\n"


def read_chunks(connection, trailers, wait) -> bytearray:
    """All chunks in one; trailer fields are added to `trailers`."""
    body = bytearray()
    while size := read_size(read_line(connection, ChunkLineLimit(), wait)):
        check_body(len(body) + size, connection.settings)
        read_chunk(connection, body, size, wait)
    limit = HeadLimit(connection.settings.max_head_bytes)
    read_fields(connection, limit, wait, trailers.add)
    return body


def read_size(line) -> int:
    size = SIZE.fullmatch(line)
    if not size:
        raise Refused(400, "a chunk begins with its size in hexadecimal digits")
    return number(size[1], 16)


def read_chunk(connection, body, size, wait):
    end = len(body) + size
    while len(body) < end:
        if not connection.buffer:
            wait()
        body += connection.take(end - len(body))
    while len(connection.buffer) < 2 and connection.buffer != b"\n":
        wait()
    if connection.take(2) != b"\r\n":
        raise Refused(400, "a chunk is followed by CRLF")


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
