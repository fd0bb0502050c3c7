"""People who confirm, change passwords, refresh, log in and out, while the service and its database are killed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.projects.identity.driver import Person, draw_email, draw_password
from climb.projects.identity.stages.audited_asking import PAUSE_S, Asking

if TYPE_CHECKING:
    from climb.judge.audit import Audit
    from climb.judge.world import World

__all__ = ["Accounts", "Ended", "Families", "Password"]

_CONFIRMED = 12
_LAST = 3


class Accounts:
    """Registrations whose messages are here, and are confirmed one after the other."""

    def __init__(self, asking: Asking, audit: Audit, waiting: list[tuple[Person, str]]) -> None:
        self._asking = asking
        self._audit = audit
        self._waiting = waiting
        self._tried: list[Person] = []

    @classmethod
    async def prepared(cls, asking: Asking, audit: Audit, world: World) -> Accounts:
        """With the tokens of some messages."""
        people = [Person(draw_email(world.draw), draw_password(world.draw)) for _ in range(_CONFIRMED)]
        running = asking.running
        await asyncio.gather(
            *(
                running.ask(
                    "POST", "/v1/registrations", json={"email": each.email, "password": each.password}, status=202
                )
                for each in people
            )
        )
        waiting = [(each, (await running.mail.message(each.email, "confirm")).token or "") for each in people]
        return cls(asking, audit, waiting)

    async def write(self, number: int) -> None:
        """Confirm the next one; without one left there is nothing to do."""
        if number >= len(self._waiting):
            await asyncio.sleep(PAUSE_S)
            return
        person, token = self._waiting[number]
        self._tried.append(person)
        await self._audit.write(
            "new people",
            "an account is confirmed",
            key=person.email,
            state="logs in",
            request=lambda: self._asking.ask("POST", "/v1/confirmations", json={"token": token}),
            ok={201},
        )
        await asyncio.sleep(PAUSE_S / 5)

    async def found(self) -> dict[str, str]:
        """Who can log in."""
        return {
            each.email: "logs in"
            for each in self._tried
            if (await self._asking.logs_in(each.email, each.password)).status == 200
        }


class Password:
    """Somebody who changes the password again and again, and after an answer that tells nothing tries which one it is."""

    def __init__(self, asking: Asking, audit: Audit, person: Person, token: str) -> None:
        self.key = f"password of {person.email}"
        self._asking = asking
        self._audit = audit
        self._person = person
        self._token = token
        self._passwords = [person.password]  # that were the right one, and last the one that is
        self._tried: list[str] = []  # to change to
        self._known = True

    @classmethod
    async def begun(cls, asking: Asking, audit: Audit) -> Password:
        """With an account of their own."""
        person = await asking.running.register()
        return cls(asking, audit, person, (await asking.running.login(person)).access)

    async def write(self, number: int) -> None:
        """One change."""
        if not self._known and not await self._finds_out():
            return
        new = f"{self._person.password[:100]} {number + 1}"
        body = {"current": self._passwords[-1], "new": new}
        answer = await self._audit.write(
            "owners",
            "a password is changed",
            key=self.key,
            state=new,
            request=lambda: self._asking.ask("PUT", "/v1/users/me/password", json=body, token=self._token),
            ok={204},
        )
        self._passwords.append(new)
        self._tried.append(new)
        self._known = answer is not None and answer.status == 204

    async def _finds_out(self) -> bool:
        """Whether it is known again which password it is."""
        for given_up in (False, True):
            if given_up and len(self._passwords) > 1:
                self._passwords.pop()
            body = {"email": self._person.email, "password": self._passwords[-1]}
            try:
                answer = await self._asking.ask("POST", "/v1/sessions", json=body)
            except (ConnectionLost, TimedOut):
                break
            if answer.status not in {200, 401}:
                break
            if answer.status == 200:
                self._known = True
                return True
        await asyncio.sleep(PAUSE_S)
        return False

    async def found(self) -> str | None:
        """Which password it is: the newest that lets in; None if it is the one from the beginning, or none of the last."""
        for password in reversed(self._tried[-_LAST:]):
            if (await self._asking.logs_in(self._person.email, password)).status == 200:
                return password
        return None


class Families:
    """A family that is refreshed again and again; when nobody can tell any more whether a token was used, another one is begun."""

    def __init__(self, asking: Asking, audit: Audit, name: str) -> None:
        self._asking = asking
        self._audit = audit
        self._name = name
        self._all: list[_Family] = []

    async def write(self, _: int) -> None:
        """One refresh: the family's newest token is the next one then."""
        if not self._all or not self._all[-1].known:
            await self._begin()
            return
        family = self._all[-1]
        body = {"refresh_token": family.tokens[-1]}
        answer = await self._audit.write(
            "sessions",
            "a token is refreshed",
            key=family.key,
            state=f"token {len(family.tokens)}",
            request=lambda: self._asking.ask("POST", "/v1/sessions/refresh", json=body),
            ok={200},
        )
        family.known = answer is not None and answer.status == 200
        if answer is not None and family.known:
            family.tokens.append(answer.json()["refresh_token"])
        await asyncio.sleep(PAUSE_S / 10)

    async def found(self) -> dict[str, str | None]:
        """What each family has come to."""
        return {each.key: await each.found(self._asking) for each in self._all}

    async def _begin(self) -> None:
        owner = self._asking.running.administrator
        assert owner is not None
        body = {"email": owner.email, "password": owner.password}
        try:
            answer = await self._asking.ask("POST", "/v1/sessions", json=body)
        except (ConnectionLost, TimedOut):
            answer = None
        if answer is None or answer.status != 200:
            await asyncio.sleep(PAUSE_S / 5)
            return
        self._all.append(_Family(f"family {self._name}{len(self._all) + 1}", [answer.json()["refresh_token"]]))


@dataclass
class _Family:
    """Its tokens, as they were given out, and whether the newest of them is certainly the newest."""

    key: str
    tokens: list[str]
    known: bool = True

    async def found(self, asking: Asking) -> str | None:
        """The newest token that is good; one that was used up and is good all the same comes first."""
        newest = len(self.tokens) - 1
        good = await self._good(asking, newest)
        if newest and await self._good(asking, newest - 1):
            return f"token {newest - 1}"
        if good:
            return f"token {newest}" if newest else None
        return None if self.known else f"token {newest + 1}"

    async def _good(self, asking: Asking, number: int) -> bool:
        body = {"refresh_token": self.tokens[number]}
        answer = await asking.told(method="POST", path="/v1/sessions/refresh", json=body, told={200, 401})
        return answer.status == 200


class Ended:
    """Sessions that are begun and ended one after the other."""

    def __init__(self, asking: Asking, audit: Audit) -> None:
        self._asking = asking
        self._audit = audit
        self._refresh: dict[str, str] = {}

    async def write(self, number: int) -> None:
        """Log in and out again."""
        owner = self._asking.running.administrator
        assert owner is not None
        key, body = f"session {number}", {"email": owner.email, "password": owner.password}
        begun = await self._audit.write(
            "visitors",
            "a login",
            key=key,
            state="goes on",
            request=lambda: self._asking.ask("POST", "/v1/sessions", json=body),
            ok={200},
        )
        if begun is None or begun.status != 200:
            return
        given = begun.json()
        self._refresh[key] = given["refresh_token"]
        await self._audit.write(
            "visitors",
            "a logout",
            key=key,
            state=None,
            request=lambda: self._asking.ask("DELETE", "/v1/sessions/current", token=given["access_token"]),
            ok={204},
        )

    async def found(self) -> dict[str, str]:
        """Which of them can be refreshed."""
        found = {}
        for key, refresh in self._refresh.items():
            body = {"refresh_token": refresh}
            answer = await self._asking.told(method="POST", path="/v1/sessions/refresh", json=body, told={200, 401})
            if answer.status == 200:
                found[key] = "goes on"
        return found
