"""A made-up machine: a folder that holds the files of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from climb.systems.scanner.host.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[dict[str, str]], Files]:
    """Lays out files by path and text; a text that begins with "-> " makes a link."""

    def lay_out(texts: dict[str, str]) -> Files:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                path.symlink_to(text.removeprefix("-> "))
            else:
                path.write_text(text)
        return Files(tmp_path)

    return lay_out
