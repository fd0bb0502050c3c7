"""A network scanner that does not scan yet: it reads its arguments and prints an empty summary."""

import argparse
import json
import time

DEFAULT_PORTS = "80,443,8000,8008,8080,8081,8443,8888"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scanner")
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.add_argument("--ports", type=parse_ports, default=DEFAULT_PORTS, metavar="LIST")
    parser.add_argument("--timeout", type=float, default=1.0, metavar="S")
    parser.add_argument("--concurrency", type=int, default=100, metavar="N")
    parser.add_argument("--rate", type=float, metavar="N")
    parser.add_argument("--all", action="store_true")
    return parser.parse_intermixed_args()


def parse_ports(text: str) -> list[int]:
    """Only `80,443` so far; the brief also asks for ranges such as `8000-8100`."""
    return [int(word) for word in text.split(",")]


def scan(host: str, port: int, timeout: float) -> dict | None:
    """What is known about one open port, or None if it is not open."""
    # Begin here: connect to (host, port). If the handshake completes within the timeout, the port is open.
    return None


def main() -> None:
    arguments = parse_arguments()
    start = time.monotonic()
    for host in arguments.targets:
        for port in arguments.ports:
            if found := scan(host, port, arguments.timeout):
                print(json.dumps(found))
    elapsed = round(time.monotonic() - start, 3)
    counts = {"hosts": 0, "ports": 0, "open": 0, "closed": 0, "filtered": 0}
    print(json.dumps({"summary": {**counts, "elapsed_s": elapsed}}))


if __name__ == "__main__":
    main()
