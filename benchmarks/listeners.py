"""Listens on the given ``address:port`` pairs and says "ready"; ends when its standard input does."""

from __future__ import annotations

import socket
import sys


def main(pairs: list[str]) -> None:
    """Hold the sockets; nobody ever accepts, a completed handshake is enough for a scan."""
    held = []
    for pair in pairs:
        address, _, port = pair.rpartition(":")
        held.append(socket.create_server((address, int(port)), backlog=4096))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
