"""The files of a folder: what is served, what is not, whether it is still the same, and parts of it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from http_server_clients import PATIENCE_S, HttpService, request

Start = Callable[..., HttpService]


def test_content_and_type(server: Start) -> None:
    """A file is what it is at that moment, with a type by its last extension."""
    service = server()
    kinds = {
        "a.html": "text/html", "a.css": "text/css", "a.js": "text/javascript", "a.json": "application/json", "a.txt": "text/plain",
        "a.svg": "image/svg+xml", "a.png": "image/png", "a.jpg": "image/jpeg", "a.tar.gz": "application/octet-stream", "html": "application/octet-stream",
        "a.html.txt": "text/plain", "ä b%+?.txt": "text/plain", "empty": "application/octet-stream",
    }  # fmt: skip
    for name in kinds:
        (service.root / name).write_bytes(name.encode() * (name != "empty"))
    names = {name: "".join(f"%{byte:02x}" for byte in name.encode()) for name in kinds}
    answers = {name: service.get(f"/files/{encoded}") for name, encoded in names.items()}

    assert {name: answer.fields["content-type"].partition(";")[0] for name, answer in answers.items()} == kinds
    assert {name: answer.body for name, answer in answers.items()} == {
        name: name.encode() * (name != "empty") for name in kinds
    }
    assert service.get("/files/a.txt", method="HEAD").fields["content-length"] == "5"


def test_folders(server: Start) -> None:
    """A folder answers its index, or sends to where it does."""
    service = server()
    (service.root / "a b" / "c").mkdir(parents=True)
    (service.root / "a b" / "index.html").write_text("<p>")

    assert service.get("/files/a%20b/").body == b"<p>"
    assert service.get("/files/a%20b?x=1").fields["location"] == "/files/a%20b/?x=1"
    assert service.get("/files/a%20b").status == 301
    assert service.get("/files").fields["location"] == "/files/"
    assert [service.get(f"/files/{path}").status for path in ("", "a%20b/c/", "a%20b/c", "a%20b/index.html/")] == [
        404,
        404,
        301,
        404,
    ]


def test_nothing_outside_is_served(server: Start, tmp_path: Path) -> None:
    """No dots, no encoded slash, and no link leads out; a link that stays inside is followed."""
    service = server()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root-beside").mkdir()
    (tmp_path / "root-beside" / "secret").write_text("secret")
    (service.root / "inside").mkdir()
    (service.root / "inside" / "file").write_text("inside")
    for name, target in {
        "out": "../secret", "far": str(tmp_path / "secret"), "beside": "../root-beside", "etc": "/etc", "in": "inside/file",
        "whole": str(service.root / "inside"), "around": "../root/inside/file", "self": "self",
    }.items():  # fmt: skip
        (service.root / name).symlink_to(target)
    outside = [
        "../secret", "%2e%2e/secret", "inside/../../secret", "..%2fsecret", "inside%2ffile", "%2fetc%2fpasswd", "/etc/passwd", "out", "far",
        "beside/secret", "etc/passwd", "self", "./inside/file", "inside/./file", "inside//file", "inside/%2e%2e/inside/file", "a%00b",
    ]  # fmt: skip

    assert {path: service.get(f"/files/{path}").status in (404, 400) for path in outside} == dict.fromkeys(
        outside, True
    )
    assert [service.get(f"/files/{path}").body for path in ("in", "whole/file", "around")] == [b"inside"] * 3


def test_what_is_no_file(server: Start) -> None:
    """A pipe without a writer and a socket are not there, and nobody waits for them."""
    service = server()
    os.mkfifo(service.root / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(service.root / "socket"))

        assert service.get("/files/pipe").status == 404
        assert service.get("/files/socket").status == 404


def test_a_large_file_costs_no_memory(server: Start) -> None:
    """A file of 200 MiB is sent whole, and the server does not grow by a tenth of it, though the client is slow to begin."""
    service = server()
    with (service.root / "large").open("wb") as file:
        file.truncate(200 << 20)
        file.seek((200 << 20) - 4)
        file.write(b"last")
    before = service.memory_bytes()
    with service.connect() as client:
        client.send(request("GET", "/files/large"))
        client.head()
        left, peak = (200 << 20) - len(client.buffer), 0
        room, end = bytearray(1 << 20), b""
        while left:
            count = client.socket.recv_into(room)
            assert count
            left -= count
            end = (end + bytes(room[max(count - 4, 0) : count]))[-4:]
            peak = max(peak, service.memory_bytes()) if left % 7 == 0 else peak

    assert end == b"last"
    assert peak - before < 20 << 20


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_file_that_shrinks_ends_the_connection(server: Start, in_memory: bool) -> None:
    """The length was promised; if it can't be kept, the client gets to know by a reset."""
    service = server()
    large = service.root / "large"
    large.write_bytes(b"x" * (32 << 20))
    if not in_memory:
        forget(large)
    with service.connect(receive_buffer=8192) as client:
        client.send(request("GET", "/files/large"))
        client.head()
        os.truncate(large, 1000)

        assert client.is_reset()
    assert service.get("/healthz").status == 200


def forget(path: Path) -> None:
    """Take a file out of the kernel's memory, as far as it lets us."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.parametrize("missing", [(), ((0, 0),), ((0, 4096),), ((1 << 20, 1 << 20),), ((1_200_000, 0),)])
def test_what_is_not_in_memory_is_sent_too(server: Start, missing: tuple[tuple[int, int], ...]) -> None:
    """A file is sent whole and right, whichever parts of it have to be read from the disk, also to a client that reads slowly."""
    service = server()
    content = os.urandom(1 << 16) * 24
    path = service.root / "large"
    path.write_bytes(content)
    part = slice(12_345, 1_456_789)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        for first, count in missing:
            os.posix_fadvise(file.fileno(), first, count, os.POSIX_FADV_DONTNEED)
    with service.connect(receive_buffer=4096) as client:
        client.send(request("GET", "/files/large", f"Range: bytes={part.start}-{part.stop - 1}"))
        client.send(request("GET", "/files/large") + request("GET", "/healthz"))
        answers = [client.answer() for _ in range(3)]

    assert [answer.status for answer in answers] == [206, 200, 200]
    assert answers[0].body == content[part]
    assert answers[1].body == content


def test_a_folder_that_moved_out_is_gone(server: Start, tmp_path: Path) -> None:
    """A link in its place leads to the very same file, which was served a moment ago, and outside all the same."""
    service = server()
    folder = service.root / "folder"
    folder.mkdir()
    (folder / "file").write_text("content")
    before = [service.get("/files/folder/file").status for _ in range(2)]
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")

    assert before == [200, 200]
    assert service.get("/files/folder/file").status == 404
    assert service.get("/files/folder/").status == 404


def test_tags_change_with_content(server: Start) -> None:
    """Another content of the same length, written in the same moment or dated back, has another tag; the same content keeps its own."""
    service = server()
    path = service.root / "file"
    seen: dict[str, bytes] = {}
    for number in range(20):
        path.write_bytes(b"%04d" % number)
        os.utime(path, (1_000_000_000, 1_000_000_000))
        answer = service.get("/files/file")
        seen[answer.fields["etag"]] = answer.body

    assert list(seen.values()) == [b"%04d" % number for number in range(20)]
    assert service.get("/files/file").fields["etag"] == service.get("/files/file").fields["etag"]
    assert service.get("/files/file").fields["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"


def test_conditions(server: Start) -> None:
    """A tag or a date that is still right saves the body, or lets a request pass; what is not there is 404 all the same."""
    service = server()
    path = service.root / "file"
    path.write_text("content")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    tag = service.get("/files/file").fields["etag"]
    date, later, before = (f"Sun, 09 Sep 2001 01:46:{second} GMT" for second in (40, 41, 39))
    expected = {
        (f"If-None-Match: {tag}",): 304, (f'If-None-Match: "x", W/{tag}',): 304, ("If-None-Match: *",): 304, ('If-None-Match: "x"',): 200,
        ('If-None-Match: "x"', f"If-None-Match: {tag}"): 304, (f"If-None-Match: {tag[1:-1]}",): 200, (f"If-Modified-Since: {date}",): 304,
        (f"If-Modified-Since: {later}",): 304, (f"If-Modified-Since: {before}",): 200, ("If-Modified-Since: yesterday",): 200,
        ("If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT",): 304, ("If-Modified-Since: Sun Sep  9 01:46:40 2001",): 304,
        ('If-None-Match: "x"', f"If-Modified-Since: {date}"): 200, (f"If-Match: {tag}",): 200, ("If-Match: *",): 200, (f"If-Match: W/{tag}",): 412,
        ('If-Match: "x"',): 412, (f'If-Match: "x", {tag}',): 200, (f"If-Unmodified-Since: {before}",): 412, (f"If-Unmodified-Since: {date}",): 200,
        (f"If-Match: {tag}", f"If-Unmodified-Since: {before}"): 200, ('If-Match: "x"', f"If-None-Match: {tag}"): 412,
        (f"If-Match: {tag}", f"If-None-Match: {tag}"): 304, ("Range: bytes=0-0", f"If-None-Match: {tag}"): 304,
    }  # fmt: skip
    with service.connect() as client:
        client.send(b"".join(request("GET", "/files/file", *fields) for fields in expected))
        answers = [client.answer() for _ in expected]

    assert dict(zip(expected, (answer.status for answer in answers), strict=True)) == expected
    assert {answer.fields["etag"] for answer in answers if answer.status in (200, 304)} == {tag}
    assert (
        service.get("/files/other", "If-None-Match: *").status
        == service.get("/files/other", 'If-Match: "x"').status
        == 404
    )


@pytest.mark.parametrize("size", [10, 300_000])
def test_parts(server: Start, size: int) -> None:
    """A part is these bytes and no others; what lies beyond is 416; what is no range is ignored."""
    service = server()
    content = bytes(number % 251 for number in range(size))
    (service.root / "file").write_bytes(content)
    whole = service.get("/files/file")
    tag, date = whole.fields["etag"], whole.fields["last-modified"]
    parts = {
        "0-0": (0, 1), "0-": (0, size), "3-5": (3, 6), f"{size - 1}-": (size - 1, size), "-1": (size - 1, size), "-4": (size - 4, size),
        f"-{size + 5}": (0, size), f"5-{'9' * 30}": (5, size), f"-{'9' * 5000}": (0, size),
    }  # fmt: skip
    for asked, (first, end) in parts.items():
        answer = service.get("/files/file", f"Range: bytes={asked}")
        assert (answer.status, answer.body) == (206, content[first:end]), asked
        assert answer.fields["content-range"] == f"bytes {first}-{end - 1}/{size}"
        assert answer.fields["etag"] == tag
    for asked in (f"{size}-", f"{size}-{size + 1}", "-0", f"{'9' * 30}-"):
        answer = service.get("/files/file", f"Range: bytes={asked}")
        assert (answer.status, answer.fields["content-range"]) == (416, f"bytes */{size}"), asked
    for ignored in (
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=",
        "bytes=5-4",
        "bytes=a-b",
        "bytes 0-1",
        "bytes=-",
        "bytes=0 - 1",
    ):
        answer = service.get("/files/file", f"Range: {ignored}")
        assert (answer.status, answer.body) == (200, content), ignored
    by_tag = {tag: 206, date: 206, '"x"': 200, f"W/{tag}": 200, "Sun, 09 Sep 2001 01:46:40 GMT": 200, "x": 200}
    told = {each: service.get("/files/file", "Range: bytes=0-1", f"If-Range: {each}").status for each in by_tag}

    assert told == by_tag
    assert service.get("/files/file", "Range: bytes=0-1", method="HEAD").fields["content-length"] == str(size)
    assert service.get("/files/file").fields["accept-ranges"] == "bytes"


def test_files_are_closed(server: Start) -> None:
    """Whatever becomes of an answer, no descriptor is left behind."""
    service = server()
    (service.root / "small").write_text("small")
    (service.root / "large").write_bytes(b"x" * 3_000_000)
    tag = service.get("/files/large").fields["etag"]
    descriptors = Path(f"/proc/{service.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        service.get("/files/small")
        service.get("/files/large", method="HEAD")
        service.get("/files/large", f"If-None-Match: {tag}")
        service.get("/files/large", "If-Match: x")
        service.get("/files/large", "Range: bytes=9999999-")
        with service.connect(receive_buffer=4096) as gone:
            gone.send(request("GET", "/files/large"))
            gone.head()
    service.get("/files/")
    deadline = time.monotonic() + PATIENCE_S
    while len(list(descriptors.iterdir())) > before and time.monotonic() < deadline:
        time.sleep(0.02)

    assert len(list(descriptors.iterdir())) <= before
