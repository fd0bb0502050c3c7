"""Logins that are meant to fail, from one client, and what a refusal has to look like."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from climb.judge.drivers.problems import problem
from climb.judge.drivers.redacted import shortened
from climb.projects.identity.driver import draw_email, draw_password

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world.draws import Draws
    from climb.projects.identity.driver import Running

__all__ = ["ALIKE", "Trier", "demand_fields_of", "demand_locked", "locked_out", "retry_after", "said"]

ALIKE = "Body and fields are the same, but for X-Request-Id, Date and the seconds of Retry-After."
_OWN = {"x-request-id", "date", "retry-after", "content-length"}
_SHOWN = 160
_INSIDE = re.compile(r"[.\[/]")
_AT_ONCE = 5


class Trier:
    """A client that does not know the password of an e-mail address."""

    def __init__(self, running: Running, email: str, *, from_address: str) -> None:
        self.running = running
        self.email = email
        self.from_address = from_address
        self._number = 0

    async def tries(self, password: str, **given: Any) -> Answer:
        """The answer to a login with this password, whatever it is."""
        asked = {"email": self.email, **given}
        email = str(asked.pop("email"))
        return await self.running.tries(email, password, from_address=self.from_address, **asked)

    async def wrong(self, **given: Any) -> Answer:
        """The answer to a login with a password that is certainly wrong."""
        self._number += 1
        return await self.tries(f"no such password {self._number}", **given)

    async def fails(self, times: int, *, why: str = "", **given: Any) -> Answer:
        """So many wrong ones after one another, each of which must be answered with 401; the last answer."""
        for number in range(1, times + 1):
            answer = await self.wrong(**given)
            if answer.status != 401:
                answer.blame(
                    "401",
                    f"{said(answer)}, for wrong password {number} of {times}",
                    why or "So many may fail before they are slowed down.",
                )
        return answer

    async def sprays(self, times: int, draw: Draws) -> Answer:
        """So many failures with a new e-mail address each, some at once; the last answer."""
        emails = [draw_email(draw) for _ in range(times)]
        password = draw_password(draw)
        answers: list[Answer] = []
        for at in range(0, times, _AT_ONCE):
            some = [self.tries(password, email=email) for email in emails[at : at + _AT_ONCE]]
            answers.extend(await asyncio.gather(*some))
        for number, answer in enumerate(answers, 1):
            if answer.status != 401:
                answer.blame(
                    "401",
                    f"{said(answer)}, for failure {number} of {times}, each with another e-mail address",
                    f"A client is slowed down everywhere after 10 × FAILURES failures, which are {times}, and for one e-mail address this is the first.",
                )
        return max(answers, key=lambda each: each.ended_at)


def demand_locked(answer: Answer, failures: int) -> Answer:
    """It is 429 with Retry-After, and a problem."""
    if answer.status != 429:
        answer.blame(
            "429",
            said(answer),
            f"There were {failures} failures of this pair of e-mail address and client address before it, and FAILURES is {failures}.",
        )
    retry_after(answer)
    problem(answer)
    return answer


def demand_fields_of(answer: Answer, fields: Collection[str], *, why: str) -> None:
    """The problem names these fields and no others; of a list it may name the item too, as in roles[1]."""
    named = sorted({_INSIDE.split(each)[0] for each in problem(answer).fields()})
    if named != sorted(fields):
        wanted = ", ".join(sorted(fields))
        answer.blame(
            f"errors for {wanted}", f"errors for {', '.join(named) or 'nothing'}   {answer.text[:_SHOWN]}", why
        )


def retry_after(answer: Answer) -> int:
    """The seconds in Retry-After; fails the check without a number of them, 1 or more."""
    text = answer.headers.get("retry-after", "")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        answer.blame(
            "Retry-After: a whole number of seconds, 1 or more",
            f"Retry-After: {text}" if text else "no Retry-After",
            "A client that is not told when to come back comes back at once (RFC 9110, 10.2.3).",
        )
    return int(text)


def locked_out(answer: Answer) -> dict[str, Any]:
    """What a stranger can tell from a refusal: status, fields, body."""
    fields = sorted((name, value) for name, value in answer.fields if name.lower() not in _OWN)
    return {"status": answer.status, "fields": fields, "body": _without_numbers(answer.json())}


def said(answer: Answer) -> str:
    """An answer in a line; a long one is cut off between two words, and ends with …."""
    text = shortened(answer.body).decode("utf-8", errors="replace")
    if len(text) > _SHOWN:
        space = text.rfind(" ", _SHOWN // 2, _SHOWN)
        text = f"{text[: _SHOWN if space < 0 else space]} …"
    return f"{answer.line}   {text}".rstrip()


def _without_numbers(body: Any) -> Any:
    """A body may repeat how many seconds are left, and the request's id; neither tells anything of an account."""
    if not isinstance(body, dict):
        return body
    return {
        name: "…" if name in {"detail", "retry_after", "request_id", "instance"} else value
        for name, value in body.items()
    }
