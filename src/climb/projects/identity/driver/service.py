"""The learner's service as checks start it: with a database and a mailbox of the judge, and with settings of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.refusal import refusal
from climb.judge.drivers.service import Service, healthy
from climb.projects.identity.driver.mailbox import Mailbox
from climb.projects.identity.driver.people import Person, draw_person
from climb.projects.identity.driver.running import Running
from climb.projects.identity.driver.settings import environment

if TYPE_CHECKING:
    from climb.judge.dependencies import Database

__all__ = ["IdentityService"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class IdentityService:
    """Starts the learner's program."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.world = service.world

    async def mailbox(self) -> Mailbox:
        """A new mailbox, which ends with the check."""
        return await Mailbox(self.world).open()

    async def start(
        self,
        *,
        database: Database | None = None,
        mail: Mailbox | None = None,
        ready: bool = True,
        issuer: str | None = "",
        admin: bool = True,
        limits: Mapping[str, Any] = _NOTHING,
        **settings: int,
    ) -> Running:
        """Start it and wait until it is ready; it ends with the check.

        Without a ``database`` or a mailbox it gets new ones. ``issuer`` is a made-up address unless one is given; None leaves the variable
        out. ``admin``: with ADMIN_EMAIL and ADMIN_PASSWORD. ``limits`` are those of the judge; ``settings`` those of the contract in
        lower case, such as ``access_s``.
        """
        used = database or await self.world.database()
        mailbox = mail or await self.mailbox()
        given = f"http://{self.world.draw.word()}.example" if issuer == "" else issuer
        administrator = draw_person(self.world.draw) if admin else None
        env = environment(
            database_url=used.url,
            mail_url=mailbox.url,
            issuer=given,
            admin=None if administrator is None else (administrator.email, administrator.password),
            settings=settings,
        )
        instance = await self.service.start(
            env, ports=("PORT",), ready=healthy("PORT", "/readyz") if ready else None, **limits
        )
        return Running(
            self.service, instance, env, database=used, mail=mailbox, issuer=given, administrator=administrator
        )

    async def refuses(self, variable: str, value: str | None, *, rule: str, also: Mapping[str, str] = _NOTHING) -> str:
        """What it writes to standard error with this variable wrong (None: missing) before it ends with exit code 2, as it must.

        ``rule`` is what the brief has for it, ``also`` other variables that are set.
        """
        database, mailbox = await self.world.database(), await self.mailbox()
        good = environment(database_url=database.url, mail_url=mailbox.url, issuer=None, admin=None, settings={})
        env = {**good, **also, variable: value}
        ports = () if variable == "PORT" else ("PORT",)
        told = f"without {variable}" if value is None else f"with {variable}={value}"
        return await refusal(self.service, env, ports, saw=f"started {told}; the brief has for it: {rule}")

    def person(self) -> Person:
        """Somebody without an account."""
        return draw_person(self.world.draw)
