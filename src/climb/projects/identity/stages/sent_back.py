"""What an authorization sends back to a program: demands on the address, its parameters, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from climb.judge.drivers.problems import problem
from climb.projects.identity.rules.redirects import returned
from climb.projects.identity.stages.tried import said

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.projects.identity.driver.programs import Code, Program, Programs

__all__ = ["demand_error", "demand_no_redirect", "demand_over", "demand_refused", "demand_sent_back", "demand_used_up"]

_CODE = re.compile(r"([?&]code=)[^&#]+")
_MIX_UP = "By iss a program knows who has answered, so that nobody else's answer can be slipped in (RFC 9207)."


def demand_sent_back(answer: Answer, address: str, state: str | None, issuer: str) -> Mapping[str, str]:
    """303 to this address with state and iss; the parameters that were added."""
    location = answer.headers.get("location", "")
    if answer.status != 303 or not location:
        answer.blame(
            f"303 to {address}",
            f"{said(answer)}   Location: {_shown(location) or 'none'}",
            "The program and its address are known.",
        )
    found = returned(location, address)
    if found.wrong:
        answer.blame(
            f"Location: {address}, with parameters added to its query",
            f"Location: {_shown(location)}   ({found.wrong})",
            "The address is the program's to choose, its own query too (RFC 6749, 3.1.2).",
        )
    given = found.parameters
    if given.get("state") != state:
        answer.blame(
            f"state={state!r}" if state is not None else "no state, since none was sent",
            f"state={given.get('state')!r}   Location: {_shown(location)}",
            "By its own state, unchanged, a program knows that it was the one who asked (RFC 6749, 10.12).",
        )
    if given.get("iss") != issuer:
        answer.blame(f"iss={issuer}", f"iss={given.get('iss')}   Location: {_shown(location)}", _MIX_UP)
    if answer.headers.get("cache-control", "").lower() != "no-store":
        answer.blame(
            "Cache-Control: no-store",
            f"Cache-Control: {answer.headers.get('cache-control', 'none')}",
            "The address holds a code, or will next time. Nobody on the way keeps it.",
        )
    return given


def _shown(location: str) -> str:
    """An address without the code in it: that differs each time."""
    return _CODE.sub(r"\1…", location)


def demand_error(answer: Answer, error: str, *, address: str, state: str | None, issuer: str, why: str) -> None:
    """It went to the program with this error, and without a code."""
    given = demand_sent_back(answer, address, state, issuer)
    if given.get("error") != error or "code" in given:
        answer.blame(f"error={error}, and no code", f"{dict(given)}", why)


def demand_no_redirect(answer: Answer, why: str) -> None:
    """It went nowhere: 400, a problem, and no Location."""
    if answer.status != 400 or "location" in answer.headers:
        answer.blame(
            "400, and no Location",
            f"{said(answer)}   Location: {_shown(answer.headers.get('location', 'none'))}",
            f"{why} Who is sent to an address that nobody has vouched for carries a code there (RFC 9700, 4.1).",
        )
    problem(answer)


def demand_refused(answer: Answer, *errors: str, status: int = 400, why: str) -> None:
    """The token endpoint refuses with one of these errors, in the form of RFC 6749, 5.2."""
    given = answer.json()
    error = given.get("error") if isinstance(given, dict) else None
    if answer.status != status or error not in errors:
        answer.blame(f'{status} {{"error": "{" or ".join(errors)}"}}', said(answer), why)
    if answer.headers.get("cache-control", "").lower() != "no-store":
        answer.blame(
            "Cache-Control: no-store",
            f"Cache-Control: {answer.headers.get('cache-control', 'none')}",
            "The brief has it for every answer of this endpoint (RFC 6749, 5.2).",
        )
    challenge = answer.headers.get("www-authenticate", "")
    if status == 401 and not challenge.lower().startswith("basic"):
        answer.blame(
            "WWW-Authenticate: Basic",
            f"WWW-Authenticate: {challenge or 'none'}",
            "A client that is refused learns how it has to name itself (RFC 6749, 5.2).",
        )


async def demand_over(programs: Programs, program: Program, refresh: str | None, why: str) -> None:
    """The family of this refresh token has ended."""
    demand_refused(await programs.refresh(program, refresh), "invalid_grant", why=why)


async def demand_used_up(programs: Programs, program: Program, code: Code, why: str) -> None:
    """The code is good for nothing."""
    demand_refused(await programs.token(program, code.form()), "invalid_grant", why=why)
