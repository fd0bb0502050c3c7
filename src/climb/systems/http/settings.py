"""What the server is told by its environment, checked before anything else happens."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Limits", "Settings", "SettingsError", "read_settings"]

_LARGEST = 1_000_000_000


class SettingsError(Exception):
    """A variable is missing or wrong; the message is one line that begins with its name."""


@dataclass(frozen=True)
class Limits:
    """What a stranger can make the server keep, and wait for."""

    max_head_bytes: int = 16_384
    max_body_bytes: int = 1_048_576
    head_ms: int = 10_000
    stall_ms: int = 10_000
    idle_ms: int = 60_000


@dataclass(frozen=True)
class Settings:
    """All that a start of the server depends on."""

    port: int
    root: Path
    limits: Limits = Limits()


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; raise :class:`SettingsError` for the first variable that is wrong."""
    usual = Limits()
    return Settings(
        port=_number(environment, "PORT", 1, 65_535),
        root=_folder(environment, "ROOT"),
        limits=Limits(
            max_head_bytes=_number(environment, "MAX_HEAD_BYTES", 256, default=usual.max_head_bytes),
            max_body_bytes=_number(environment, "MAX_BODY_BYTES", 0, default=usual.max_body_bytes),
            head_ms=_number(environment, "HEAD_MS", 1, default=usual.head_ms),
            stall_ms=_number(environment, "STALL_MS", 1, default=usual.stall_ms),
            idle_ms=_number(environment, "IDLE_MS", 1, default=usual.idle_ms),
        ),
    )


def _number(
    environment: Mapping[str, str], name: str, least: int, most: int = _LARGEST, *, default: int | None = None
) -> int:
    text = environment.get(name)
    if text is None:
        if default is None:
            raise SettingsError(f"{name}: missing")
        return default
    if re.fullmatch("[0-9]{1,20}", text) and least <= int(text) <= most:
        return int(text)
    raise SettingsError(f"{name}: expected a whole number from {least} to {most}, got {text!r}")


def _folder(environment: Mapping[str, str], name: str) -> Path:
    text = environment.get(name)
    if text is None:
        raise SettingsError(f"{name}: missing")
    if not Path(text).is_dir():
        raise SettingsError(f"{name}: expected an existing folder, got {text!r}")
    if not os.access(text, os.R_OK | os.X_OK):
        raise SettingsError(f"{name}: {text!r} can't be read")
    return Path(text).resolve()
