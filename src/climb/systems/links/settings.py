"""What the service is told by its environment, checked before anything else happens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from climb.stack.secret import Secret
from climb.stack.settings import SettingsError, read_settings as read
from climb.systems.links.targets import host_of

__all__ = ["Settings", "SettingsError", "read_settings"]

_DATABASE = Meta(pattern="^postgres(ql)?://", examples=["postgresql://user:password@host:port/name"])
_CACHE = Meta(pattern="^rediss?://", examples=["redis://host:port/number"])
_HTTP = Meta(pattern=r"^https?://[^\s/]+", examples=["http://127.0.0.1:8080"])


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a start of the service depends on; what each of them means stands in the contract."""

    port: Annotated[int, Meta(ge=1, le=65_535)]
    database_url: Annotated[Secret, _DATABASE]
    cache_url: Annotated[Secret, _CACHE]
    data_dir: Path
    issuer: Annotated[str, Meta(min_length=1)]
    jwks_url: Annotated[str | None, _HTTP] = None
    public_url: Annotated[str | None, _HTTP] = None
    stale_ms: Annotated[int, Meta(ge=100, le=3_600_000, extra={"unit": "ms"})] = 2000
    allow_private: Literal["0", "1"] = "0"

    def __post_init__(self) -> None:
        if not (self.data_dir.is_dir() and os.access(self.data_dir, os.R_OK | os.W_OK | os.X_OK)):
            raise ValueError(f"DATA_DIR={self.data_dir}: expected an existing folder that can be written")
        if self.jwks_url is None and not self.issuer.startswith(("http://", "https://")):
            raise ValueError("ISSUER: expected an address with http or https, or a JWKS_URL beside it")
        for name, given in (("PUBLIC_URL", self.public_url), ("JWKS_URL", self.jwks_url)):
            if given is not None and not _is_address(given):
                raise ValueError(f"{name}={given!r}: expected something like http://127.0.0.1:8080")
        if self.public_url is not None and self.public_url.endswith("/"):
            raise ValueError(f"PUBLIC_URL={self.public_url}: expected no / at its end")

    @property
    def address(self) -> str:
        """The address under which short links are known, without a ``/`` at its end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def keys_url(self) -> str:
        """Where the issuer's public keys are."""
        return self.jwks_url or f"{self.issuer.rstrip('/')}/.well-known/jwks.json"

    @property
    def stale_s(self) -> float:
        """For how long what was changed may still be followed as it was before."""
        return self.stale_ms / 1000


def _is_address(text: str) -> bool:
    try:
        host_of(text)
    except ValueError:
        return False
    return "?" not in text and "#" not in text


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment; :class:`SettingsError` names all that is missing or wrong."""
    return read(Settings, environment=environment)
