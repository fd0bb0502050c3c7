"""Answers, and how they are sent (RFC 9112, 6)."""

from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO

from chunks import LAST, chunk

ONE_WRITE_BYTES = 65_536  # up to here head and body are joined, so that they leave in one segment or a few


@dataclass
class Answer:
    status: int
    fields: list = field(default_factory=list)
    body: bytes = b""
    pieces: object = None  # instead of the body: its pieces, one after the other
    length: int | None = None  # of all pieces; None if nobody knows
    file: BinaryIO | None = None  # to be closed at the end

    @property
    def has_no_body(self) -> bool:
        return self.status == 304

    @property
    def in_chunks(self) -> bool:
        return self.pieces is not None and self.length is None


def text(status, words, fields=()) -> Answer:
    return Answer(status, [("Content-Type", "text/plain"), *fields], words.encode())


def refusal(refused) -> Answer:
    return text(refused.status, f"{refused.why}\n")


def head_of(answer, request, closes) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in answer.fields]
    if answer.in_chunks:
        # A client of HTTP/1.0, which knows no chunks, sees the end of this answer in the end of the connection.
        lines += ["Transfer-Encoding: chunked"] if request.version >= (1, 1) else []
    elif not answer.has_no_body:
        lines.append(f"Content-Length: {len(answer.body) if answer.pieces is None else answer.length}")
    if closes:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def send_answer(connection, answer, request, closes):
    head = head_of(answer, request, closes)
    try:
        if request.is_head or answer.has_no_body:
            connection.send(head)
        elif answer.pieces is None:
            send_body(connection, head, answer.body)
        else:
            send_pieces(connection, head, answer, request)
    finally:
        if answer.file is not None:
            answer.file.close()


def send_body(connection, head, body):
    if len(body) <= ONE_WRITE_BYTES:
        connection.send(head + body)
    else:
        connection.send(head)
        connection.send(body)


def send_pieces(connection, head, answer, request):
    in_chunks = answer.in_chunks and request.version >= (1, 1)
    for piece in answer.pieces:
        connection.send(head + (chunk(piece) if in_chunks else piece))
        head = b""
    connection.send(head + (LAST if in_chunks else b""))
