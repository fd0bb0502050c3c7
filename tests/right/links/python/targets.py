"""Where a link may lead."""

import re
from urllib.parse import urlsplit

from hosts import host_of
from private import is_private

MOST = 2048
URL = re.compile(r"(https?)://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?(?:[/?#][!-~]*)?", re.IGNORECASE)
PORTS = {"http": 80, "https": 443}


class Targets:
    def __init__(self, public_url: str, allow_private: bool):
        own = urlsplit(public_url)
        self.own = place(own.scheme, f"[{own.hostname}]" if ":" in own.hostname else own.hostname, own.port)
        self.allow_private = allow_private

    def complaint(self, url: object) -> str | None:
        if not isinstance(url, str) or len(url) > MOST:
            return f"expected a text of at most {MOST} characters"
        match = URL.fullmatch(url)
        if match is None:
            return "expected an absolute http or https address"
        try:
            host, port = place(*match.groups())
        except ValueError as error:
            return str(error)
        if (host, port) == self.own:
            return "leads back to this service"
        if not self.allow_private and is_private(host):
            return "leads into a private network"
        return None


def place(scheme: str, host: str, port):
    """Host and port, each written in one way."""
    number = int(port or PORTS[scheme.lower()])
    if number > 65535:
        raise ValueError("no port")
    return host_of(host), number
