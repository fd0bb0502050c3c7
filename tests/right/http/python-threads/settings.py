"""What the environment says, checked before anything is opened."""

import os
import re
from dataclasses import dataclass

LARGEST = 1_000_000_000
REQUIRED = None

NUMBERS = {
    "PORT": (1, 65_535, REQUIRED),
    "MAX_HEAD_BYTES": (256, LARGEST, 16_384),
    "MAX_BODY_BYTES": (0, LARGEST, 1_048_576),
    "HEAD_MS": (1, LARGEST, 10_000),
    "STALL_MS": (1, LARGEST, 10_000),
    "IDLE_MS": (1, LARGEST, 60_000),
}


class WrongSetting(Exception):
    """A variable that is missing or wrong; its text is the line for standard error."""


@dataclass(frozen=True)
class Settings:
    port: int
    root: str
    max_head_bytes: int
    max_body_bytes: int
    head_ms: int
    stall_ms: int
    idle_ms: int

    @property
    def head_s(self) -> float:
        return self.head_ms / 1000

    @property
    def stall_s(self) -> float:
        return self.stall_ms / 1000

    @property
    def idle_s(self) -> float:
        return self.idle_ms / 1000


def read_settings(environment) -> Settings:
    numbers = {name.lower(): read_number(environment, name, *bounds) for name, bounds in NUMBERS.items()}
    return Settings(root=read_root(environment), **numbers)


def read_number(environment, name, low, high, default) -> int:
    text = environment.get(name)
    if text is None:
        if default is REQUIRED:
            raise WrongSetting(f"{name}: is missing")
        return default
    if not re.fullmatch("[0-9]{1,20}", text) or not low <= int(text) <= high:
        raise WrongSetting(f"{name}: must be a whole number from {low} to {high}, not {text[:40]!r}")
    return int(text)


def read_root(environment) -> str:
    root = environment.get("ROOT")
    if root is None:
        raise WrongSetting("ROOT: is missing")
    if not os.path.isdir(root):
        raise WrongSetting(f"ROOT: there is no folder {root!r}")
    return os.path.realpath(root)
