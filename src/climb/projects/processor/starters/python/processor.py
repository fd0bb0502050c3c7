"""A data processor that takes nothing yet: it listens on both ports, and reads lines without answering them."""

import json
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def number(name: str, default: int | None = None) -> int:
    """A whole number from the environment. The brief has bounds for each; add them as you come to them."""
    text = os.environ.get(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isdecimal():
        print(f"{name}: expected a whole number, got {text}", file=sys.stderr)
        sys.exit(2)
    return int(text)


class Readings(socketserver.StreamRequestHandler):
    """One connection of a client that sends readings; each has a thread of its own."""

    def handle(self) -> None:
        for line in self.rfile:
            answer = take(line)
            if answer is not None:
                self.wfile.write(json.dumps(answer).encode() + b"\n")


def take(line: bytes) -> dict | None:
    """Takes one reading; what is answered to its sender."""
    # Begin here: parse the line. Put the reading into the window that starts at ts - ts % WINDOW_MS, in a table that all
    # connections share (and a lock with it). Answer {"ack": {its sensor: its seq}}.
    return None


class Requests(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, {"ready": True})
        else:
            # Then /windows: the closed windows, in order.
            self.answer(404, {"error": f"there is no {self.path}"})

    def answer(self, status: int, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class IngestServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main() -> None:
    port, ingest_port = number("PORT"), number("INGEST_PORT")
    ingest = IngestServer(("127.0.0.1", ingest_port), Readings)
    threading.Thread(target=ingest.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", port), Requests).serve_forever()


if __name__ == "__main__":
    main()
