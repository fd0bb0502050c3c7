"""Listens on the given ``address:port`` pairs and says "ready"; ends when its standard input does.

With ``--heartbeat ADDRESS`` it also sends a datagram there every 20 ms: a program that waits in libpcap for one more
packet before it looks at the clock, as masscan does, would wait for minutes on a cable that nobody else uses.
"""

from __future__ import annotations

import select
import socket
import sys

BEAT_S = 0.02
DISCARD = 9


def main(words: list[str]) -> None:
    """Hold the sockets; nobody ever accepts, a completed handshake is enough for a scan."""
    beat = words.pop(words.index("--heartbeat") + 1) if "--heartbeat" in words else None
    held = [_listen(pair) for pair in words if pair != "--heartbeat"]
    print("ready", flush=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not select.select([sys.stdin], [], [], BEAT_S if beat else None)[0]:
            sender.sendto(b"", (beat or "", DISCARD))
    for listener in held:
        listener.close()


def _listen(pair: str) -> socket.socket:
    address, _, port = pair.rpartition(":")
    return socket.create_server((address, int(port)), backlog=4096)


if __name__ == "__main__":
    main(sys.argv[1:])
