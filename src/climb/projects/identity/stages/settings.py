"""Settings that a start has to refuse, a few of each kind in a run, since each costs a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["WrongSetting", "draw_wrong"]

_NUMBER = "a whole number of seconds, "
_RULES = {
    "PORT": "a TCP port, required",
    "DATABASE_URL": "a PostgreSQL database, postgresql://user:password@host:port/name, required",
    "MAIL_URL": "where messages are posted, required",
    "ISSUER": "an address without a path and without a / at its end",
    "ACCESS_S": f"{_NUMBER}1 to 3,600",
    "REFRESH_S": f"{_NUMBER}1 or more",
    "LINK_S": f"{_NUMBER}1 or more",
    "CODE_S": f"{_NUMBER}1 to 600",
    "LOCK_S": f"{_NUMBER}1 or more",
    "FAILURES": "a whole number, 1 to 100",
}
_BOTH = "ADMIN_EMAIL and ADMIN_PASSWORD: both or none"
_MISSING = ("DATABASE_URL", "MAIL_URL", "PORT")
_OUT_OF_RANGE = (
    ("ACCESS_S", "3601"),
    ("ACCESS_S", "0"),
    ("FAILURES", "101"),
    ("FAILURES", "0"),
    ("CODE_S", "601"),
    ("CODE_S", "0"),
    ("LINK_S", "0"),
    ("REFRESH_S", "0"),
    ("LOCK_S", "0"),
    ("PORT", "70000"),
    ("REFRESH_S", "-60"),
)
_NO_NUMBERS = (
    ("ACCESS_S", "soon"),
    ("LOCK_S", "1.5"),
    ("FAILURES", "five"),
    ("REFRESH_S", "30d"),
    ("LINK_S", "15m"),
    ("PORT", "http"),
)
_NO_ADDRESSES = (
    ("ISSUER", "http://id.example/"),
    ("ISSUER", "http://id.example/auth"),
    ("ISSUER", "id.example"),
    ("DATABASE_URL", "mysql://user:password@127.0.0.1:3306/name"),
    ("MAIL_URL", "mailbox"),
)


class WrongSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A variable that is wrong (None: missing), what the brief has for it, which names would tell it, and what else is set."""

    variable: str
    value: str | None
    rule: str
    names: tuple[str, ...]
    also: dict[str, str] = {}

    def __str__(self) -> str:
        return f"without {self.variable}" if self.value is None else f"with {self.variable}={self.value}"


def draw_wrong(draw: Draws) -> list[WrongSetting]:
    """One of each kind."""
    return [
        _wrong(draw.choice(_MISSING), None),
        *(_wrong(*draw.choice(kind)) for kind in (_OUT_OF_RANGE, _NO_NUMBERS, _NO_ADDRESSES)),
        _half_an_admin(draw),
    ]


def _wrong(variable: str, value: str | None) -> WrongSetting:
    return WrongSetting(variable=variable, value=value, rule=_RULES[variable], names=(variable,))


def _half_an_admin(draw: Draws) -> WrongSetting:
    given = {"ADMIN_EMAIL": "root@id.example", "ADMIN_PASSWORD": "correct horse battery"}
    missing = draw.choice(("ADMIN_PASSWORD", "ADMIN_EMAIL"))
    also = {name: value for name, value in given.items() if name != missing}
    return WrongSetting(variable=missing, value=None, rule=_BOTH, names=tuple(given), also=also)
