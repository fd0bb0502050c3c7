"""A folder at all paths, with pages for folders that have no index: what ``climb serve files`` starts."""

from __future__ import annotations

import contextlib
import mimetypes
import socket
from collections.abc import Callable, Collection
from pathlib import Path

from climb.systems.http.answer import with_fields
from climb.systems.http.files import files_resource
from climb.systems.http.folder import Folder
from climb.systems.http.head import Head
from climb.systems.http.listing import listing
from climb.systems.http.named import is_loopback, only_named
from climb.systems.http.resource import Resource
from climb.systems.http.service import run
from climb.systems.http.settings import Limits
from climb.systems.http.shared import Answered

__all__ = ["addresses", "share"]

_LIMITS = Limits(max_body_bytes=0)  # nothing is sent to it
_STOP_S = 2.0  # for answers under way
_AS_IT_SAYS = with_fields(("X-Content-Type-Options", "nosniff"))
_FOR_ALL_PAGES = with_fields(("Access-Control-Allow-Origin", "*"))
_ANY = frozenset({"0.0.0.0", "::"})
_FAR = ("192.0.2.1", 9)  # RFC 5737: nobody's, and nothing is sent there


def share(
    folder: Path,
    sock: socket.socket,
    *,
    names: Collection[str] = (),
    for_all_pages: bool = False,
    ready: Callable[[], None],
    answered: Answered | None = None,
) -> None:
    """Serve a folder at a bound socket until SIGINT or SIGTERM.

    If only this machine can reach it, it answers to the names of this machine and to ``names``. Browsers let pages of other origins
    read it only ``for_all_pages``.
    """
    extra = _AS_IT_SAYS + (_FOR_ALL_PAGES if for_all_pages else b"")
    with contextlib.closing(Folder(folder)) as root:
        resource = files_resource(root, below=b"", listing=listing, kind=_kind, extra=extra)

        def find(_: Head) -> Resource:
            return resource

        here_only = is_loopback(sock.getsockname()[0])
        found = only_named(find, names) if here_only else find
        run(sock, found, _LIMITS, ready=ready, answered=answered, stop_s=_STOP_S)


def addresses(sock: socket.socket) -> list[str]:
    """Return where a bound socket can be reached: on this machine first, then from others, as far as that is known."""
    host, port = sock.getsockname()[:2]
    if host not in _ANY:
        return [_address(host, port)]
    local = _address("127.0.0.1" if host == "0.0.0.0" else "::1", port)
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_FAR)
        return [local, _address(probe.getsockname()[0], port)]
    return [local]


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _kind(name: bytes) -> str:
    kind, encoding = mimetypes.guess_type(name.decode("utf-8", errors="replace"))
    if encoding or kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
