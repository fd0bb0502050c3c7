"""Listens, but on a port of its own choice."""

import socket
import time

sock = socket.create_server(("127.0.0.1", 0))
print("listening on", sock.getsockname()[1], flush=True)
time.sleep(600)
