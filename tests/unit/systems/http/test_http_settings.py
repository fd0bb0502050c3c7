"""Settings from an environment: each wrong value is named, and the defaults are the contract's."""

from __future__ import annotations

from pathlib import Path

import pytest

from climb.systems.http.settings import Limits, Settings, SettingsError, read_settings


def test_defaults(tmp_path: Path) -> None:
    """With what is required alone, all else is as the contract says."""
    settings = read_settings({"PORT": "8080", "ROOT": str(tmp_path)})

    assert settings == Settings(8080, tmp_path.resolve(), Limits(16_384, 1_048_576, 10_000, 10_000, 60_000))


@pytest.mark.parametrize(
    ("name", "least"), [("MAX_HEAD_BYTES", 256), ("MAX_BODY_BYTES", 0), ("HEAD_MS", 1), ("STALL_MS", 1), ("IDLE_MS", 1)]
)
def test_bounds(tmp_path: Path, name: str, least: int) -> None:
    """The bounds belong to what is allowed; beyond them, and for what is no number, the variable is named."""
    usual = {"PORT": "1", "ROOT": str(tmp_path)}
    for right in (str(least), "1000000000", "00300"):
        read_settings(usual | {name: right})
    for wrong in (str(least - 1), "1000000001", "", " 300", "3e2", "300.0", "\N{SUPERSCRIPT TWO}", "9" * 5000):
        with pytest.raises(SettingsError, match=f"^{name}: "):
            read_settings(usual | {name: wrong})


def test_the_root_is_a_folder(tmp_path: Path) -> None:
    """A file is none, and neither is nothing."""
    (tmp_path / "file").touch()
    for wrong in (str(tmp_path / "file"), str(tmp_path / "nothing"), ""):
        with pytest.raises(SettingsError, match=r"^ROOT: "):
            read_settings({"PORT": "1", "ROOT": wrong})
