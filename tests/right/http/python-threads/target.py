"""The target of a request: what it asks for (RFC 9112, 3.2)."""

import re

from host import is_host
from refused import Refused

HEX_PAIR = re.compile(rb"%([0-9A-Fa-f]{2})")
WHOLE_URL = re.compile(rb"(?i:http)://([^/?]*)(.*)")


class Target:
    """A target as it was sent, its path (raw and decoded) and its query."""

    def __init__(self, target: bytes):
        check_characters(target)
        self.sent = target.decode("ascii")
        raw_path, _, query = path_and_query(target).partition(b"?")
        self.raw_path = raw_path.decode("ascii")
        self.path = decoded(raw_path)
        self.segments = [decoded(segment) for segment in raw_path.split(b"/")]
        self.query = query.decode("ascii")
        if "\0" in self.path:
            raise Refused(400, "a path contains no zero byte")


def check_characters(target):
    if not re.fullmatch(rb"[\x21-\x7e]+", target):
        raise Refused(400, "a target has only printable ASCII")
    if b"#" in target:
        raise Refused(400, "a target has no fragment")
    if b"%" in HEX_PAIR.sub(b"", target):
        raise Refused(400, "% is followed by two hexadecimal digits")


def path_and_query(target) -> bytes:
    if target.startswith(b"/"):
        return target
    url = WHOLE_URL.fullmatch(target)
    if not url or not url[1] or not is_host(url[1]):
        raise Refused(400, "a target begins with / or with http:// and a host")
    return url[2] if url[2].startswith(b"/") else b"/" + url[2]


def decoded(part: bytes) -> str:
    """Percent-decoded once, and read as UTF-8."""
    try:
        return HEX_PAIR.sub(lambda pair: bytes.fromhex(pair[1].decode()), part).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "a path is UTF-8") from None
