"""An issuer for the benchmark of the services: its key set over HTTP, and tokens of some people."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

from climb.stack.tokens.claims import FIRST_PARTY, Claims
from climb.stack.tokens.keys import SigningKey
from climb.stack.tokens.signing import signed

ISSUER = "http://127.0.0.1:1"
PEOPLE = 64


class Tokens:
    """An issuer: its key set, which is served while the block lasts, and the tokens of some people."""

    def __init__(self) -> None:
        self._key = SigningKey.new("bench")
        self.each = [self._signed(f"person-{number}") for number in range(PEOPLE)]

    def _signed(self, sub: str) -> str:
        now = int(time.time())
        claims = Claims(
            iss=ISSUER, sub=sub, aud=ISSUER, iat=now, exp=now + 86_400, jti=os.urandom(12).hex(),
            client_id=FIRST_PARTY, roles=["user"],
        )  # fmt: skip
        return signed(claims, self._key)

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The address of the key set."""
        content = json.dumps({"keys": [self._key.jwk()]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
