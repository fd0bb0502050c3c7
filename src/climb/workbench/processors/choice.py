"""What an address asks for: where the processor answers, and which sensors' windows are drawn."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import msgspec
from starlette.datastructures import QueryParams

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.watching.address import USUAL, Address, read_address

__all__ = ["MOST_SENSORS", "Choice", "read_choice"]

MOST_SENSORS = 4
_SENSOR = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_REPEATED = 40  # characters of a word that a message repeats


class Choice(msgspec.Struct, frozen=True):
    """A processor, and sensors; without any, some that are there are chosen."""

    address: Address = USUAL
    sensors: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The words of the address that asks for this."""
        words = {"at": self.address.authority, "sensors": " ".join(self.sensors)}
        return urlencode({name: value for name, value in words.items() if value})


def read_choice(query: QueryParams) -> tuple[Choice, dict[str, str]]:
    """What is asked for, and for each word that makes no sense why; it is passed over."""
    problems: dict[str, str] = {}
    address = USUAL
    asked = query.get("at", "").strip()
    if asked:
        try:
            address = read_address(asked)
        except EdgeError as error:
            problems["at"] = f"{error}."
    names = list(dict.fromkeys(re.split(r"[\s,;]+", query.get("sensors", "").strip())))
    bad = [name for name in names if name and not _SENSOR.fullmatch(name)]
    good = [name for name in names if name and name not in bad]
    if bad:
        problems["sensors"] = f"{bad[0][:_REPEATED]!r} is no sensor's name: letters, digits, . _ : - only, 64 at most."
    elif len(good) > MOST_SENSORS:
        problems["sensors"] = f"The first {MOST_SENSORS} are drawn."
    return Choice(address, tuple(good[:MOST_SENSORS])), problems
