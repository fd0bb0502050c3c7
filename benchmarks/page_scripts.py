"""What a page's scripts weigh: those that it names, with all that they import, each counted once, as they are on the disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

STATIC = Path(__file__).parents[1] / "src" / "climb" / "workbench" / "static"
_NAMED = re.compile(r'<script[^>]*\bsrc="/static/([^"]+)"')
_IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def script_bytes(page: str) -> int:
    """The bytes of all scripts of an HTML page of ours."""
    waiting = [STATIC / name for name in _NAMED.findall(page)]
    seen: dict[Path, int] = {}
    while waiting:
        path = waiting.pop()
        if path not in seen:
            data = path.read_bytes()
            seen[path] = len(data)
            waiting += [Path(os.path.normpath(path.parent / name)) for name in _IMPORTED.findall(data.decode())]
    return sum(seen.values())
