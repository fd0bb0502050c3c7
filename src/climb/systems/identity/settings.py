"""What the service is told by its environment."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from climb.stack.secret import Secret
from climb.systems.identity.given import new_password, plain_address

__all__ = ["Settings"]

_ADDRESS = Meta(pattern=r"^https?://[^/?#\s]+(/[^#\s]*)?$", examples=["http://127.0.0.1:8025/messages"])
_ISSUER = Meta(pattern=r"^https?://[^/?#\s]+$", examples=["https://id.example.org"])
_DATABASE = Meta(pattern=r"^postgres(ql)?://", examples=["postgresql://user:password@host:port/name"])


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a start of the service depends on."""

    port: Annotated[int, Meta(ge=1, le=65_535)]
    database_url: Annotated[Secret, _DATABASE]
    mail_url: Annotated[str, _ADDRESS]
    issuer: Annotated[str, _ISSUER] | None = None
    admin_email: str | None = None
    admin_password: Secret | None = None
    access_s: Annotated[int, Meta(ge=1, le=3_600)] = 300
    refresh_s: Annotated[int, Meta(ge=1, le=10**9)] = 2_592_000
    link_s: Annotated[int, Meta(ge=1, le=10**9)] = 900
    code_s: Annotated[int, Meta(ge=1, le=600)] = 60
    failures: Annotated[int, Meta(ge=1, le=100)] = 5
    lock_s: Annotated[int, Meta(ge=1, le=10**9)] = 60

    def __post_init__(self) -> None:
        if (self.admin_email is None) != (self.admin_password is None):
            missing = "ADMIN_PASSWORD" if self.admin_password is None else "ADMIN_EMAIL"
            raise ValueError(f"{missing}: missing; it is given together with the other of the two")
        if self.admin_email is not None and self.admin_password is not None:
            _demand("ADMIN_EMAIL", plain_address, self.admin_email)
            _demand("ADMIN_PASSWORD", new_password, self.admin_password.reveal())

    @property
    def known_as(self) -> str:
        """The issuer: the address under which clients know the service."""
        return self.issuer or f"http://127.0.0.1:{self.port}"


def _demand(name: str, rule: object, text: str) -> None:
    assert callable(rule)
    try:
        rule(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
