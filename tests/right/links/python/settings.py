"""What the environment says. A variable that is missing or wrong ends the program."""

import dataclasses
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit


@dataclasses.dataclass(frozen=True)
class Settings:
    port: int
    database_url: str
    cache_url: str
    data_dir: Path
    issuer: str
    jwks_url: str
    public_url: str
    stale_s: float
    allow_private: bool

    @classmethod
    def read(cls):
        port = whole("PORT", least=1, most=65535)
        issuer = address("ISSUER")
        return cls(
            port=port,
            database_url=server("DATABASE_URL", {"postgresql"}, r"/[^/]+"),
            cache_url=server("CACHE_URL", {"redis"}, r"/[0-9]+"),
            data_dir=folder("DATA_DIR"),
            issuer=issuer,
            jwks_url=address("JWKS_URL", f"{issuer.rstrip('/')}/.well-known/jwks.json"),
            public_url=prefix("PUBLIC_URL", f"http://127.0.0.1:{port}"),
            stale_s=whole("STALE_MS", 2000, least=100) / 1000,
            allow_private=given("ALLOW_PRIVATE", "0", r"[01]", "0 or 1") == "1",
        )


def refuse(name: str, why: str):
    print(f"{name} {why}", file=sys.stderr)
    sys.exit(2)


def given(name: str, default: object = None, pattern: str = r".+", expected: str = "something") -> str:
    text = os.environ.get(name, default)
    if text is None:
        refuse(name, "is missing")
    if not re.fullmatch(pattern, str(text)):
        refuse(name, f"is {text!r}, and should be {expected}")
    return str(text)


def whole(name: str, default: int | None = None, *, least: int, most: int = 10**9) -> int:
    number = int(given(name, default, r"[0-9]{1,10}", "a whole number"))
    if not least <= number <= most:
        refuse(name, f"is {number}, and should be {least} to {most}")
    return number


def address(name: str, default: str | None = None, schemes=("http", "https"), path: str = r".*") -> str:
    text = given(name, default, r"[!-~]+", "an address")
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and parts.hostname and parts.port != 0 and re.fullmatch(path, parts.path)
    except ValueError:
        good = False
    if not good:
        refuse(name, f"is {text!r}, and should be an address ({', '.join(schemes)})")
    return text


def server(name: str, schemes: set[str], path: str) -> str:
    return address(name, None, schemes, path)


def prefix(name: str, default: str) -> str:
    text = address(name, default)
    if text.endswith("/"):
        refuse(name, f"is {text!r}, and should have no / at its end")
    return text


def folder(name: str) -> Path:
    path = Path(given(name))
    if not path.is_dir() or not os.access(path, os.W_OK):
        refuse(name, f"is {str(path)!r}, and should be a folder that can be written")
    return path
