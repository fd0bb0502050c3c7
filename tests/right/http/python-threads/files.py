"""Files below ROOT: finding them, their types and tags, and what a request gets of them."""

import errno
import os
import stat
import time

from answer import Answer, text
from conditions import verdict
from connection import Gone
from dates import http_date
from ranges import Unsatisfiable, wanted_range

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "txt": "text/plain",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
}
PIECE_BYTES = 65_536
CLOCK_TICK_S = 0.02  # two changes closer together than the kernel's clock ticks may have the same time
NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)
WAIT_FOR_DESCRIPTOR_S = 2.0


class NotFound(Exception):
    """There is no such file, or none that is served."""


class IsFolder(Exception):
    """The name is a folder's, and / is missing behind it."""


class File:
    """An open file, and what is known of it."""

    def __init__(self, path, name):
        self.content = open_regular(path)
        self.about = settled(self.content)
        self.size = self.about.st_size
        self.type = type_of(name)

    @property
    def tag(self) -> str:
        """Nobody can set the time of the last change (ctime), so other content has another tag."""
        about = self.about
        return f'"{about.st_ino}-{about.st_size}-{about.st_mtime_ns}-{about.st_ctime_ns}"'

    @property
    def modified_s(self) -> int:
        """Not in the future (RFC 9110, 8.8.2.1)."""
        return min(self.about.st_mtime_ns // 1_000_000_000, int(time.time()))

    def pieces(self, first, length):
        self.content.seek(first)
        while length > 0:
            piece = self.content.read(min(PIECE_BYTES, length))
            if not piece:
                raise Gone  # the file has become shorter, so the answer can't be what was announced
            length -= len(piece)
            yield piece


def file_answer(request, settings) -> Answer:
    try:
        path, name = find(request.target, settings.root)
        file = File(path, name)
    except IsFolder:
        return text(301, "this is a folder\n", [("Location", location_of(request.target))])
    except NotFound:
        return text(404, "there is no such file\n")
    except OSError as error:
        if error.errno in NO_DESCRIPTOR:
            return text(503, "no further file can be opened now\n")
        return text(404, "there is no such file\n")
    return answer_with(file, request)


def answer_with(file, request) -> Answer:
    about = [("ETag", file.tag), ("Last-Modified", http_date(file.modified_s))]
    status = verdict(request.fields, file.tag, file.modified_s)
    if status == 304:
        return Answer(304, about, file=file.content)
    if status == 412:
        file.content.close()
        return text(412, "a precondition does not hold\n")
    about += [("Content-Type", file.type), ("Accept-Ranges", "bytes")]
    try:
        part = wanted_range(request, file)
    except Unsatisfiable:
        file.content.close()
        return text(416, "no such part\n", [("Content-Range", f"bytes */{file.size}")])
    if part is None:
        return Answer(200, about, pieces=file.pieces(0, file.size), length=file.size, file=file.content)
    first, last = part
    about.append(("Content-Range", f"bytes {first}-{last}/{file.size}"))
    length = last - first + 1
    return Answer(206, about, pieces=file.pieces(first, length), length=length, file=file.content)


def find(target, root):
    """The real path of what is asked for, and the name that tells its type."""
    names = target.segments[2:]
    is_folder = names[-1] == ""
    if is_folder:
        names.pop()
    for name in names:
        if name in ("", ".", "..") or "/" in name:
            raise NotFound
    path = inside(os.path.join(root, *names), root)
    if is_folder:
        return inside(os.path.join(path, "index.html"), root), "index.html"
    if os.path.isdir(path):
        raise IsFolder
    return path, names[-1]


def inside(path, root) -> str:
    """The path with all symbolic links followed."""
    path = os.path.realpath(path, strict=True)
    if path != root and not path.startswith(root.rstrip("/") + "/"):
        raise NotFound
    return path


def open_regular(path):
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a named pipe would wait for somebody to write
        raise NotFound
    until = time.monotonic() + WAIT_FOR_DESCRIPTOR_S
    while True:
        try:
            return open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)
        except OSError as error:
            if error.errno not in NO_DESCRIPTOR or time.monotonic() > until:
                raise
            time.sleep(0.02)


def settled(content):
    """What is known of the file. If it was changed within this tick of the clock, the next change could look the same; wait for the tick to end."""
    for _ in range(5):
        about = os.fstat(content.fileno())
        left = about.st_ctime_ns / 1e9 + CLOCK_TICK_S - time.time()
        if not 0 < left <= CLOCK_TICK_S:
            break
        time.sleep(left)
    return about


def type_of(name) -> str:
    _, dot, extension = name.rpartition(".")
    return TYPES.get(extension, "application/octet-stream") if dot else "application/octet-stream"


def location_of(target) -> str:
    return target.raw_path + "/" + (f"?{target.query}" if target.query else "")
