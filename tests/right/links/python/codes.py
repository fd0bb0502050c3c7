"""The names of links."""

import re
import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LENGTH = 7
RESERVED = {"healthz", "readyz", "metrics", "docs"}
CHOSEN = re.compile(r"[0-9A-Za-z_-]{3,32}")


def drawn() -> str:
    """Nobody can guess the next one."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if code not in RESERVED:
            return code


def complaint(code: object) -> str | None:
    if not isinstance(code, str) or not CHOSEN.fullmatch(code):
        return "expected 3 to 32 characters of 0-9A-Za-z_-"
    return "is reserved" if code in RESERVED else None
