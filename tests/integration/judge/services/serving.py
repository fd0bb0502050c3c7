"""What the small services of these tests share: HTTP on PORT, and an end after SIGTERM."""

import http.server
import os
import signal
import threading
from collections.abc import Callable


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET with what the service's function gives: a status and a body."""

    answer: Callable[[str], tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = type(self).answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at what a service writes."""


def serve(answer: Callable[[str], tuple[int, bytes]] = lambda _path: (200, b"{}"), *, deaf: bool = False) -> None:
    """Serve until SIGTERM; ``deaf``: for ever."""
    Handler.answer = staticmethod(answer)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)

    def end(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, signal.SIG_IGN if deaf else end)
    server.serve_forever()
