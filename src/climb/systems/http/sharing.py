"""A folder at all paths, with pages for folders that have no index: what ``climb serve files`` starts."""

from __future__ import annotations

import contextlib
import mimetypes
from collections.abc import Callable
from pathlib import Path

from climb.systems.http.accepting import bound
from climb.systems.http.files import files_resource
from climb.systems.http.folder import Folder
from climb.systems.http.listing import listing
from climb.systems.http.service import run
from climb.systems.http.settings import Limits
from climb.systems.http.shared import Answered

__all__ = ["share"]

_LIMITS = Limits(max_body_bytes=0)  # nothing is sent to it
_STOP_S = 2.0  # for answers under way


def share(
    folder: Path, host: str, port: int, *, ready: Callable[[str], None], answered: Answered | None = None
) -> None:
    """Serve a folder until SIGINT or SIGTERM; ``ready`` gets the address. Raises OSError if it can't listen there."""
    sock = bound(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{sock.getsockname()[1]}/"
    with contextlib.closing(Folder(folder)) as root:
        resource = files_resource(root, below=b"", listing=listing, kind=_kind)
        run(sock, lambda _: resource, _LIMITS, ready=lambda: ready(address), answered=answered, stop_s=_STOP_S)


def _kind(name: bytes) -> str:
    kind, encoding = mimetypes.guess_type(name.decode("utf-8", errors="replace"))
    if encoding or kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
