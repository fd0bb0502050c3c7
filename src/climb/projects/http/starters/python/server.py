"""An HTTP server that does not read yet: whatever is asked, it answers 200 with nothing in it, and closes the connection."""

import os
import socket
import sys
import threading


def number(name: str) -> int:
    """A whole number from the environment. The brief has bounds and defaults; add them as you come to them."""
    text = os.environ.get(name, "")
    if not (text.isascii() and text.isdecimal()):
        print(f"{name}: expected a whole number, got {text!r}", file=sys.stderr)
        sys.exit(2)
    return int(text)


def answer_to(head: bytes) -> bytes:
    """The answer to a request with this head, as it goes over the wire."""
    # Begin here: the first line says what is asked. Answer /healthz with the two letters ok, as text/plain, and anything else
    # with 404. Content-Length counts the bytes of the body, and Date is missing.
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def serve(connection: socket.socket) -> None:
    """Answers one request; each connection has a thread of its own."""
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)  # as much as is there, which may be a part of the head, or more than it
            if not piece:
                return
            head += piece
        connection.sendall(answer_to(head))


def main() -> None:
    listener = socket.create_server(("127.0.0.1", number("PORT")), backlog=1024)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
