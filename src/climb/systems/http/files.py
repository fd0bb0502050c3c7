"""``/files/…``: what is below a folder, with tags, conditions and parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote_to_bytes

import msgspec

from climb.systems.http.answer import Answer, plain, with_fields
from climb.systems.http.conditions import BEYOND, Identity, Part, part_of, status_of
from climb.systems.http.dates import date_of
from climb.systems.http.folder import Folder, Opened, OutOfFilesError
from climb.systems.http.head import Head
from climb.systems.http.resource import Request, Resource
from climb.systems.http.settled import identity_of, settled
from climb.systems.http.stretch import FileStretch

__all__ = ["KINDS", "Listing", "files_resource", "kind_of"]

KINDS = {
    b"html": "text/html; charset=utf-8",
    b"css": "text/css; charset=utf-8",
    b"js": "text/javascript; charset=utf-8",
    b"json": "application/json",
    b"txt": "text/plain; charset=utf-8",
    b"svg": "image/svg+xml",
    b"png": "image/png",
    b"jpg": "image/jpeg",
}
_ANYTHING = "application/octet-stream"
_INDEX = b"index.html"
_KNOWN = 1024  # files whose fields are kept

Listing = Callable[[Opened, Request, Callable[[bytes], bool]], Answer]


class _Found(msgspec.Struct, frozen=True):
    """A file and what it is called; closed by whoever turns it into an answer."""

    file: Opened
    name: bytes


def kind_of(name: bytes) -> str:
    """Return the type of a file with that name."""
    _, dot, extension = name.rpartition(b".")
    return KINDS.get(extension, _ANYTHING) if dot else _ANYTHING


def files_resource(
    folder: Folder,
    *,
    below: bytes = b"/files",
    listing: Listing | None = None,
    kind: Callable[[bytes], str] = kind_of,
    extra: bytes = b"",
) -> Resource:
    """Return what serves a folder at all paths below one; ``listing`` answers for folders without an index.

    ``extra`` are fields of every answer.
    """

    def answer(request: Request, *, waits: bool) -> Answer:
        found = _find(folder, below, request, listing, waits=waits)
        if isinstance(found, _Found):
            found = _of_file(found.file, kind(found.name), request.head, waits=waits)
        return Answer(found.status, found.content, found.fields + extra) if extra else found

    def at_once(request: Request) -> Answer | None:
        try:
            return answer(request, waits=False)
        except (BlockingIOError, OutOfFilesError):
            return None

    return Resource(methods=("GET", "HEAD"), answer=at_once, in_thread=partial(answer, waits=True))


def _find(folder: Folder, below: bytes, request: Request, listing: Listing | None, *, waits: bool) -> _Found | Answer:
    """Return the file that is asked for, or the answer if there is none."""
    raw = request.head.raw_path
    segments = raw.split(b"/")[1 + below.count(b"/") :]
    if b"%" in raw:
        segments = [unquote_to_bytes(segment) for segment in segments]
    if not segments:  # the folder itself, without the slash at its end
        return _moved(request.head)
    last = segments.pop()
    if last:
        segments.append(last)
    opened = folder.open(segments, waits=waits)
    if opened is None:
        return plain(404)
    if not opened.is_folder:
        if last:
            return _Found(opened, last)
        opened.close()
        return plain(404)
    try:
        if last:
            return _moved(request.head)
        index = folder.open([*segments, _INDEX], waits=waits)
        if index is not None and not index.is_folder:
            return _Found(index, _INDEX)
        if index is not None:
            index.close()
        if listing is None:
            return plain(404)
        if not waits:
            raise BlockingIOError
        return listing(opened, request, lambda name: _leads_out(folder, [*segments, name]))
    finally:
        opened.close()


def _leads_out(folder: Folder, segments: list[bytes]) -> bool:
    opened = folder.open(segments)
    if opened is not None:
        opened.close()
    return opened is None


def _moved(head: Head) -> Answer:
    query = b"?" + head.query if b"?" in head.target else b""
    place = b"/" + head.raw_path.lstrip(b"/") + b"/" + query  # two slashes at its beginning would name another host
    return plain(301, fields=with_fields(("Location", place.decode("ascii"))))


def _of_file(file: Opened, kind: str, head: Head, *, waits: bool) -> Answer:
    """Return the answer for a file, which is closed, or in the answer."""
    kept = False
    try:
        content = settled(file, waits=waits)
        identity, fields = _described(file.status, kind)
        size = file.status.st_size
        status = status_of(head.fields, identity)
        if status == 412:
            return plain(412)
        if status == 304:
            return Answer(304, b"", with_fields(("ETag", identity.tag.decode("ascii"))))
        part = part_of(head.fields, identity, size) if head.method == "GET" else None
        if part == BEYOND:
            return plain(416, fields=with_fields(("Content-Range", f"bytes */{size}")))
        first, last = (part.first, part.last) if isinstance(part, Part) else (0, size - 1)
        if isinstance(part, Part):
            status, fields = 206, fields + with_fields(("Content-Range", f"bytes {first}-{last}/{size}"))
        if content is not None:
            return Answer(status, content[first : last + 1], fields)
        kept = True
        return Answer(status, FileStretch(file.descriptor, first, last + 1 - first), fields)
    finally:
        if not kept:
            file.close()


_descriptions: dict[tuple[str, int, int, int, int], tuple[Identity, bytes]] = {}


def _described(status: os.stat_result, kind: str) -> tuple[Identity, bytes]:
    """Return what a file's content is told by, and its fields, which are kept, since most files are asked for again."""
    key = (kind, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    known = _descriptions.get(key)
    if known is not None:
        return known
    identity = identity_of(status)
    fields = with_fields(
        ("Content-Type", kind),
        ("ETag", identity.tag.decode("ascii")),
        ("Last-Modified", date_of(identity.modified)),
        ("Accept-Ranges", "bytes"),
    )
    if identity.modified == status.st_mtime_ns // 1_000_000_000:  # else it is a date to come, which is told as now
        if len(_descriptions) >= _KNOWN:
            _descriptions.clear()
        _descriptions[key] = identity, fields
    return identity, fields
