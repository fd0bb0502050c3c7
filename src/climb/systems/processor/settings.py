"""What the service is told by its environment, checked before anything else happens."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

__all__ = ["Settings", "SettingsError", "hold_shape", "read_settings"]

_LARGEST = 1_000_000_000
_SHAPE_FILE = "shape.json"


class SettingsError(Exception):
    """A variable is missing or wrong; the message is one line that begins with its name."""


@dataclass(frozen=True)
class Settings:
    """All that a start of the service depends on."""

    port: int
    ingest_port: int
    data_dir: Path
    window_ms: int
    slide_ms: int
    lateness_ms: int = 0
    idle_ms: int = 10_000
    workers: int = 1
    durable: bool = True  # off for measurements only: a commit then writes, and does not wait for the disk

    def __post_init__(self) -> None:
        if self.window_ms % self.slide_ms:
            raise SettingsError(
                f"SLIDE_MS: WINDOW_MS must be a multiple of it, and {self.window_ms} is none of {self.slide_ms}"
            )
        if self.port == self.ingest_port:
            raise SettingsError(f"INGEST_PORT: expected another port than PORT, got {self.ingest_port} for both")

    def environment(self) -> dict[str, str]:
        """Return the variables that :func:`read_settings` makes the same settings of."""
        return {
            "PORT": str(self.port),
            "INGEST_PORT": str(self.ingest_port),
            "DATA_DIR": str(self.data_dir),
            "WINDOW_MS": str(self.window_ms),
            "SLIDE_MS": str(self.slide_ms),
            "LATENESS_MS": str(self.lateness_ms),
            "IDLE_MS": str(self.idle_ms),
            "WORKERS": str(self.workers),
            "DURABLE": str(int(self.durable)),
        }


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; raise :class:`SettingsError` for the first variable that is wrong."""
    window = _number(environment, "WINDOW_MS", 1)
    return Settings(
        port=_number(environment, "PORT", 1, 65_535),
        ingest_port=_number(environment, "INGEST_PORT", 1, 65_535),
        data_dir=_folder(environment, "DATA_DIR"),
        window_ms=window,
        slide_ms=_number(environment, "SLIDE_MS", 1, default=window),
        lateness_ms=_number(environment, "LATENESS_MS", 0, default=0),
        idle_ms=_number(environment, "IDLE_MS", 1, default=10_000),
        workers=_number(environment, "WORKERS", 1, 64, default=1),
        durable=bool(_number(environment, "DURABLE", 0, 1, default=1)),
    )


def hold_shape(settings: Settings) -> None:
    """Remember the windows' shape in the data folder; raise if it was written with another one."""
    path = settings.data_dir / _SHAPE_FILE
    shape = {"WINDOW_MS": settings.window_ms, "SLIDE_MS": settings.slide_ms}
    try:
        known = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        _write(path, msgspec.json.encode(shape))
        return
    for name, value in shape.items():
        if known.get(name) != value:
            raise SettingsError(f"{name}: {settings.data_dir} was written with {known.get(name)}, got {value}")


def _write(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
    if not os.access(text, os.W_OK | os.X_OK):
        raise SettingsError(f"{name}: {text!r} can't be written to")
    return Path(text).resolve()
