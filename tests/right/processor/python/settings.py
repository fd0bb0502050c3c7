"""What the environment says, checked before anything is opened."""

import os
import re
from dataclasses import dataclass

LARGEST = 1_000_000_000
REQUIRED = object()
SAME_AS_WINDOW = object()

NUMBERS = {
    "PORT": (1, 65535, REQUIRED),
    "INGEST_PORT": (1, 65535, REQUIRED),
    "WINDOW_MS": (1, LARGEST, REQUIRED),
    "SLIDE_MS": (1, LARGEST, SAME_AS_WINDOW),
    "LATENESS_MS": (0, LARGEST, 0),
    "IDLE_MS": (1, LARGEST, 10_000),
    "WORKERS": (1, 64, 1),
}


class WrongSetting(Exception):
    """A variable that is missing or wrong; its text is the line for standard error."""


@dataclass(frozen=True)
class Settings:
    port: int
    ingest_port: int
    data_dir: str
    window_ms: int
    slide_ms: int
    lateness_ms: int
    idle_ms: int
    workers: int


def read_settings(environment) -> Settings:
    numbers = {}
    for name, (low, high, default) in NUMBERS.items():
        default = numbers["window_ms"] if default is SAME_AS_WINDOW else default
        numbers[name.lower()] = read_number(environment, name, low, high, default)
    if numbers["window_ms"] % numbers["slide_ms"] != 0:
        raise WrongSetting(f"SLIDE_MS: WINDOW_MS {numbers['window_ms']} is not a multiple of {numbers['slide_ms']}")
    data_dir = environment.get("DATA_DIR")
    if data_dir is None:
        raise WrongSetting("DATA_DIR: is missing")
    if not os.path.isdir(data_dir):
        raise WrongSetting(f"DATA_DIR: there is no folder {data_dir!r}")
    return Settings(data_dir=data_dir, **numbers)


def read_number(environment, name, low, high, default) -> int:
    text = environment.get(name)
    if text is None:
        if default is REQUIRED:
            raise WrongSetting(f"{name}: is missing")
        return default
    if not re.fullmatch("[0-9]{1,20}", text) or not low <= int(text) <= high:
        raise WrongSetting(f"{name}: must be a whole number from {low} to {high}, not {text[:40]!r}")
    return int(text)
