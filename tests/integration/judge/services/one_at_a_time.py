"""Answers every request of a connection, and takes the next connection when that one has ended."""

import os
import socket

server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=128)
while True:
    connection, _ = server.accept()
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * data.count(b"\r\n\r\n"))
        except OSError:
            pass
